import { readDuration } from "../../scenario/values.ts";
import type { Micros } from "../../units.ts";
import { singleValuesProblem, textOf } from "./option_values.ts";

/** What the user asks of `sim ports`; texts that only the kernel can judge are left as they are. */
export interface PortsOptions {
  readonly kernel: string;
  readonly portWalk: string | undefined;
  readonly hz: number | undefined;
  /** `ip_local_port_range`; `undefined` is the kernel's default. */
  readonly range: string | undefined;
  /** `ip_local_reserved_ports`; `undefined` is the kernel's default, which is empty. */
  readonly reserved: string | undefined;
  /** Ports that the client's namespace listens on, written as reserved ports are. */
  readonly listen: string;
  readonly connects: number;
  readonly destinations: number;
  readonly gap: Micros;
  readonly close: "rst" | "fin" | "keep";
  readonly seed: string;
  readonly cursor: number | undefined;
  /** Below 2^64. */
  readonly hash: bigint | undefined;
  /** What the walk draws, in turn; only the walk can say how large a draw may be. */
  readonly noise: string | undefined;
  /** `ip_local_port_step_width`; `undefined` is the kernel's default, which is off. */
  readonly stepWidth: string | undefined;
  /** IP_LOCAL_PORT_RANGE of each socket; `undefined` where it is not set. */
  readonly socketRange: string | undefined;
  readonly format: "text" | "json";
}

/** What holds unless the user says otherwise. */
const DEFAULTS = { kernel: "6.1", connects: 10, destinations: 1, gap: "250ms", close: "fin", seed: "ports" } as const;

/** The options of `sim ports` as yargs takes them. All values are text here, so that `5.10` stays 5.10. */
export const PORTS_OPTIONS = {
  kernel: {
    type: "string",
    requiresArg: true,
    group: "Kernel:",
    describe: `Kernel build, such as 5.4.188 or 6.1 [default: ${DEFAULTS.kernel}]`,
  },
  "port-walk": {
    type: "string",
    requiresArg: true,
    group: "Kernel:",
    describe: "The walk of a build without a row, such as 5.18+",
  },
  hz: { type: "string", requiresArg: true, group: "Kernel:", describe: "Its timer ticks per second" },
  range: {
    type: "string",
    requiresArg: true,
    group: "Kernel:",
    describe: 'ip_local_port_range, such as "32768 60999"',
  },
  reserved: {
    type: "string",
    requiresArg: true,
    group: "Kernel:",
    describe: "ip_local_reserved_ports, such as 8080,30000-32767",
  },
  "step-width": {
    type: "string",
    requiresArg: true,
    group: "Kernel:",
    describe: "ip_local_port_step_width, from 7.1 on",
  },
  "socket-range": {
    type: "string",
    requiresArg: true,
    group: "Kernel:",
    describe: 'IP_LOCAL_PORT_RANGE of each socket, such as "40000 40999"',
  },
  listen: {
    type: "string",
    requiresArg: true,
    group: "Kernel:",
    describe: "Ports that servers beside the client hold",
  },
  connects: {
    type: "string",
    requiresArg: true,
    group: "Connects:",
    describe: `Calls of connect() in all [default: ${DEFAULTS.connects}]`,
  },
  destinations: {
    type: "string",
    requiresArg: true,
    group: "Connects:",
    describe: `Servers, connected to in turn [default: ${DEFAULTS.destinations}]`,
  },
  gap: {
    type: "string",
    requiresArg: true,
    group: "Connects:",
    describe: `From one connect() to the next, 0 for all at once [default: ${DEFAULTS.gap}]`,
  },
  close: {
    type: "string",
    requiresArg: true,
    choices: ["rst", "fin", "keep"],
    group: "Connects:",
    describe: `How the client ends a connection; fin leaves TIME_WAIT [default: ${DEFAULTS.close}]`,
  },
  seed: { type: "string", requiresArg: true, group: "Boot:", describe: "Any text: boot secret, uptime, cursor, noise" },
  cursor: { type: "string", requiresArg: true, group: "Boot:", describe: "The walk's cursor, in place of the seed's" },
  hash: {
    type: "string",
    requiresArg: true,
    group: "Boot:",
    describe: "The port hash, in place of the boot secret's; 64 bits on walk 5.18+: offset x 2^32 + table row",
  },
  noise: {
    type: "string",
    requiresArg: true,
    group: "Boot:",
    describe: "What the walk draws for its increments, in place of the seed's, such as 3,0,7; starts over at the end",
  },
  format: { type: "string", requiresArg: true, choices: ["text", "json"], group: "Output:", describe: "What to print" },
} as const;

const MOST_CONNECTS = 1_000_000n;
const MOST_DESTINATIONS = 100_000n;
const LONGEST_GAP: Micros = 86_400_000_000;
const LARGEST_32_BITS = 2n ** 32n - 1n;
const LARGEST_64_BITS = 2n ** 64n - 1n;

/**
 * Reads the values that yargs collected for `sim ports`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readPortsOptions(values: Readonly<Record<string, unknown>>): PortsOptions | string {
  const problem = singleValuesProblem(values, Object.keys(PORTS_OPTIONS), ["reserved", "listen"]);
  if (problem !== undefined) return problem;
  const text = (name: keyof typeof PORTS_OPTIONS): string | undefined => textOf(values[name]);
  const problems: string[] = [];
  const whole = (name: keyof typeof PORTS_OPTIONS, least: bigint, most: bigint): bigint | undefined => {
    const given = text(name);
    const number = given === undefined ? undefined : wholeNumber(given);
    if (given === undefined || (number !== undefined && number >= least && number <= most)) return number;
    problems.push(`Cannot use --${name} ${JSON.stringify(given)}: it must be a whole number from ${least} to ${most}`);
    return undefined;
  };
  const gap = readGap(text("gap") ?? DEFAULTS.gap);
  if (typeof gap === "string") problems.push(gap);
  const close = text("close");
  const options: PortsOptions = {
    kernel: text("kernel") ?? DEFAULTS.kernel,
    portWalk: text("port-walk"),
    hz: optionalNumber(whole("hz", 1n, LARGEST_32_BITS)),
    range: text("range"),
    reserved: text("reserved"),
    listen: text("listen") ?? "",
    connects: Number(whole("connects", 1n, MOST_CONNECTS) ?? DEFAULTS.connects),
    destinations: Number(whole("destinations", 1n, MOST_DESTINATIONS) ?? DEFAULTS.destinations),
    gap: typeof gap === "number" ? gap : 0,
    close: close === "rst" || close === "keep" ? close : DEFAULTS.close,
    seed: text("seed") ?? DEFAULTS.seed,
    cursor: optionalNumber(whole("cursor", 0n, LARGEST_32_BITS)),
    hash: whole("hash", 0n, LARGEST_64_BITS),
    noise: text("noise"),
    stepWidth: text("step-width"),
    socketRange: text("socket-range"),
    format: text("format") === "json" ? "json" : "text",
  };
  return problems[0] ?? options;
}

/** A whole number in decimal or, after 0x, in hexadecimal digits. */
function wholeNumber(text: string): bigint | undefined {
  return /^([0-9]{1,20}|0x[0-9a-f]{1,16})$/i.test(text) ? BigInt(text) : undefined;
}

function optionalNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** The value of `--gap`, which may be nothing at all; or a sentence about what is wrong. */
function readGap(text: string): Micros | string {
  if (/^0(us|ms|s|m|h|d)?$/.test(text)) return 0;
  const duration = readDuration(text);
  const why = !duration.ok ? duration.why : duration.value > LONGEST_GAP ? "it is longer than 24h" : undefined;
  if (why !== undefined)
    return `Cannot use --gap ${JSON.stringify(text)}: ${why}; write a time such as 250ms, 10s or 0`;
  return duration.ok ? duration.value : 0;
}
