import type { PortExperimentOptions } from "../../conform/port_experiment.ts";
import { kernelBuilds, newestEra, resolveKernel } from "../../kernel/eras.ts";
import { HZ_VALUES, PORT_WALKS } from "../../kernel/kernel_era.ts";
import type { KernelEra } from "../../kernel/kernel_era.ts";
import type { PortHash } from "../../kernel/ports/port_allocator.ts";
import type { PortRange } from "../../kernel/sysctl_port_range.ts";
import { SysctlValues } from "../../kernel/sysctl.ts";
import { parsePortList } from "../../kernel/sysctl_port_list.ts";
import { quote } from "../../scenario/diagnostic.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import { closestWord } from "../../scenario/spelling.ts";
import { anyOf } from "../../scenario/wording.ts";
import type { Port } from "../../units.ts";
import type { PortsOptions } from "./ports_options.ts";

/** An experiment that can be run, or all that is wrong with what was asked. */
export type PortsSetup =
  | {
      readonly ok: true;
      readonly experiment: PortExperimentOptions;
      /** `ip_local_reserved_ports`, in order. */
      readonly reserved: readonly Port[];
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** What is wrong with the value of one option. */
interface OptionProblem {
  readonly message: string;
  readonly expected: string;
  readonly toMend: string;
}

const RANGE = "net.ipv4.ip_local_port_range";
const STEP_WIDTH = "net.ipv4.ip_local_port_step_width";
const RESERVED = "net.ipv4.ip_local_reserved_ports";

/** Finds the kernel of `sim ports` and has it judge the texts of `--range` and `--reserved` with its own parsers. */
export function setUpPorts(options: PortsOptions): PortsSetup {
  const diagnostics: Diagnostic[] = [];
  const tell = (option: string, text: string, problem: OptionProblem): void => {
    diagnostics.push({
      file: `--${option}`,
      line: 1,
      column: 1,
      length: Math.max(1, text.length),
      sourceLine: text,
      ...problem,
    });
  };
  const era = findKernel(options, tell);
  // A wrong kernel does not keep the other texts from being read: kernels differ little in what they refuse there.
  const values = new SysctlValues(era ?? newestEra());
  const sysctls: Record<string, string> = {};
  const write = (option: string, name: string, text: string | undefined, expected: string): void => {
    if (text === undefined) return;
    sysctls[name] = text;
    const problem = values.set(name, text);
    if (problem === undefined) return;
    const message = `Cannot set ${quote(name)} to ${quote(text)}: ${problem.message} (${problem.errno})`;
    tell(option, text, { message, expected, toMend: problem.mend });
  };
  write("range", RANGE, options.range, "the lowest and the highest port, such as 32768 60999");
  write("reserved", RESERVED, options.reserved, "ports and ranges with commas between them, such as 8080,30000-32767");
  write("step-width", STEP_WIDTH, options.stepWidth, "a number of ports, 0 for off, on a kernel from 7.1 on");
  const listen = readListen(options.listen, tell);
  const hash = era === undefined ? undefined : readHash(options.hash, era, tell);
  const noise = era === undefined ? undefined : readNoise(options, era, tell);
  const socketRange = era === undefined ? undefined : readSocketRange(options.socketRange, era, tell);
  if (era === undefined || diagnostics.length > 0) return { ok: false, diagnostics };
  const { seed, connects, destinations, gap, close, cursor } = options;
  const given = {
    ...(cursor === undefined ? {} : { cursor }),
    ...(hash === undefined ? {} : { hash }),
    ...(noise === undefined ? {} : { noise }),
    ...(socketRange === undefined ? {} : { socketRange }),
  };
  const experiment = { era, seed, sysctls, listen, connects, destinations, gap, close, ...given };
  return { ok: true, experiment, reserved: setPorts(values.reservedPorts) };
}

type Tell = (option: string, text: string, problem: OptionProblem) => void;

function findKernel({ kernel: build, portWalk, hz }: PortsOptions, tell: Tell): KernelEra | undefined {
  const resolution = resolveKernel({ build, portWalk, hz });
  if (resolution.ok) return resolution.era;
  const { problem, candidates } = resolution;
  const message = `Cannot pick ports as this kernel: ${problem}`;
  if (hz !== undefined && !HZ_VALUES.includes(hz)) {
    const rates = anyOf(HZ_VALUES.map(String));
    tell("hz", `${hz}`, { message, expected: rates, toMend: `write ${rates}` });
  } else if (portWalk !== undefined && !PORT_WALKS.some((walk) => walk === portWalk)) {
    const closest = closestWord(portWalk, PORT_WALKS);
    const toMend = `write ${closest ?? anyOf(PORT_WALKS)}`;
    tell("port-walk", portWalk, { message, expected: anyOf(PORT_WALKS), toMend });
  } else if (candidates.length > 0) {
    const expected = `a build with a row, or --port-walk ${anyOf(candidates)}`;
    const toMend = `add --port-walk ${candidates.at(-1) ?? ""} if the build walks that way`;
    tell("kernel", build, { message, expected, toMend });
  } else {
    const closest = closestWord(build, kernelBuilds());
    const expected = `a kernel build such as 5.4.188 or 3.10.0-1160.el7${closest === undefined ? "" : ` (closest: ${closest})`}`;
    tell("kernel", build, { message, expected, toMend: resolution.toMend });
  }
  return undefined;
}

/** Ports to listen on, by the kernel's parser of port lists; 0 is none of them. */
function readListen(text: string, tell: Tell): Port[] {
  const parsed = parsePortList(text);
  const expected = "ports and ranges with commas between them, such as 8080,30000-32767";
  if (!parsed.ok) {
    const { message, mend } = parsed.problem;
    tell("listen", text, { message: `Cannot listen on ${quote(text)}: ${message}`, expected, toMend: mend });
    return [];
  }
  if (parsed.flags[0] === 1) {
    const message = `Cannot listen on ${quote(text)}: port 0 stands for any port`;
    tell("listen", text, { message, expected, toMend: "write ports from 1 to 65535" });
  }
  return setPorts(parsed.flags);
}

/** The two halves of a given hash; the walks before 5.18+ have 32 bits of it. */
function readHash(hash: bigint | undefined, { portWalk }: KernelEra, tell: Tell): PortHash | undefined {
  if (hash === undefined) return undefined;
  const high = Number(hash >> 32n);
  if (portWalk !== "5.18+" && high > 0) {
    const message = `Cannot use ${hash} as the hash of port walk ${portWalk}: it has 32 bits`;
    tell("hash", `${hash}`, {
      message,
      expected: "0 to 4294967295",
      toMend: `write ${hash & 0xffffffffn}, its low 32 bits`,
    });
  }
  return { low: Number(hash & 0xffffffffn), high };
}

/** The draws of a walk in turn; each is less than what the kernel asks get_random_u32_below() for. */
function readNoise({ noise, stepWidth }: PortsOptions, { portWalk }: KernelEra, tell: Tell): number[] | undefined {
  if (noise === undefined) return undefined;
  const bound = portWalk === "5.18+" ? Math.max(8, Number(stepWidth ?? 0) || 0) : portWalk === "5.12-5.17" ? 16 : 0;
  if (bound === 0) {
    const message = `Cannot use ${quote(noise)} as the noise of port walk ${portWalk}: it draws nothing`;
    tell("noise", noise, { message, expected: "a kernel from 5.12 on", toMend: "leave out --noise" });
    return undefined;
  }
  const draws = noise.split(",").map((text) => (/^[0-9]{1,5}$/.test(text) ? Number(text) : -1));
  if (draws.every((draw) => draw >= 0 && draw < bound)) return draws;
  const message = `Cannot use ${quote(noise)} as the noise of port walk ${portWalk}: each draw is from 0 to ${bound - 1}`;
  const expected = "whole numbers with commas between them, such as 3,0,7";
  tell("noise", noise, { message, expected, toMend: `write numbers from 0 to ${bound - 1}` });
  return undefined;
}

/** IP_LOCAL_PORT_RANGE as setsockopt() takes it. Source: net/ipv4/ip_sockglue.c do_ip_setsockopt, v6.12. */
function readSocketRange(text: string | undefined, era: KernelEra, tell: Tell): PortRange | undefined {
  if (text === undefined) return undefined;
  const expected = "the lowest and the highest port, such as 40000 40999; 0 leaves that end to ip_local_port_range";
  const refuseRange = (why: string, toMend: string): undefined => {
    tell("socket-range", text, {
      message: `Cannot set IP_LOCAL_PORT_RANGE to ${quote(text)}: ${why}`,
      expected,
      toMend,
    });
  };
  if (era.localPortRangeOption === "absent")
    return refuseRange(`kernel ${era.build} does not have it (ENOPROTOOPT)`, "leave out --socket-range");
  const match = /^([0-9]{1,5})\s+([0-9]{1,5})$/.exec(text.trim());
  const [low, high] = [Number(match?.[1] ?? -1), Number(match?.[2] ?? -1)];
  if (match === null || low > 65535 || high > 65535)
    return refuseRange("it is not two ports with a space between them", "write two numbers from 0 to 65535");
  if (low !== 0 && high !== 0 && low > high) return refuseRange("it runs backwards (EINVAL)", `write ${high} ${low}`);
  return [low, high];
}

/** The ports whose flag is set, in order. */
function setPorts(flags: Uint8Array): Port[] {
  return [...flags.keys()].filter((port) => flags[port] === 1);
}
