import { isMap, type YAMLMap } from "yaml";
import { SysctlValues } from "../kernel/sysctl.ts";
import { quote } from "./diagnostic.ts";
import { kernelEraOf } from "./kernel_section.ts";
import type { ProblemList } from "./problem_list.ts";
import { unknownKey } from "./unknown_key.ts";
import { sourceTextOf, valueOf } from "./schema_shape.ts";
import type { Problem, SourceText } from "./source_text.ts";

/** The sysctl from which the paths `portRange.low` and `portRange.width` are derived. */
export const PORT_RANGE_SYSCTL = "net.ipv4.ip_local_port_range";

/** What the derived paths come to: the sysctl's new value, and the option that takes the blame for it. */
export interface DerivedPortRange {
  readonly source: SourceText;
  readonly text: string;
}

/** How a derived path begins. */
export const PORT_RANGE_PREFIX = "portRange.";

/**
 * The value of `net.ipv4.ip_local_port_range` under `portRange.low=…` and `portRange.width=…` in any order. They are the
 * two coordinates of the range: what is not given stays as the scenario, or else the kernel, has it, so that moving
 * `low` keeps the number of ports.
 *
 * @returns `undefined` if there is no such option, or if a problem was reported (a kernel or a range that is wrong
 * without them has its own).
 */
export function derivePortRange(
  root: YAMLMap,
  sources: readonly SourceText[],
  problems: ProblemList,
): DerivedPortRange | undefined {
  const parts = new Map<string, number>();
  let last: SourceText | undefined;
  for (const source of sources) {
    const path = source.text.slice(0, source.text.indexOf("="));
    if (!path.startsWith(PORT_RANGE_PREFIX)) continue;
    const problem = addPart(parts, path, source.text.slice(path.length + 1));
    if (problem === undefined) last = source;
    else problems.add({ source, ...problem.span }, problem.problem);
  }
  const range = last === undefined ? undefined : currentRange(root);
  if (last === undefined || range === undefined) return undefined;
  const low = parts.get("low") ?? range[0];
  const width = parts.get("width") ?? range[1] - range[0] + 1;
  const high = low + width - 1;
  if (high <= 65_535) return { source: last, text: `${low} ${high}` };
  const start = last.text.indexOf("=") + 1;
  problems.add(
    { source: last, start, end: last.text.length },
    {
      message: `Cannot use ${width} ports from ${low}: the range would end at ${high}`,
      expected: "a range that ends at 65535 or below",
      toMend: `set ${parts.has("width") ? "portRange.low" : "portRange.width"} as well, to ${parts.has("width") ? `${Math.max(1, 65_536 - width)}` : `${Math.max(1, 65_536 - low)}`} or less`,
    },
  );
  return undefined;
}

function addPart(
  parts: Map<string, number>,
  path: string,
  value: string,
): { readonly span: { readonly start: number; readonly end: number }; readonly problem: Problem } | undefined {
  const part = path.slice(PORT_RANGE_PREFIX.length);
  if (part !== "low" && part !== "width") {
    const problem = unknownKey(part, ["low", "width"], 'in "portRange"');
    const span = { start: PORT_RANGE_PREFIX.length, end: Math.max(path.length, PORT_RANGE_PREFIX.length + 1) };
    return { span, problem: { ...problem, toMend: "write portRange.low or portRange.width" } };
  }
  const number = Number(value);
  if (/^[0-9]{1,5}$/.test(value) && number >= 1 && number <= 65_535) {
    parts.set(part, number);
    return undefined;
  }
  const problem = {
    message: `Cannot use ${quote(value)} for ${quote(path)}: it is no whole number from 1 to 65535`,
    expected: part === "low" ? "the lowest port" : "a number of ports",
    toMend: `write ${path}=${part === "low" ? 32768 : 28232}`,
  };
  return { span: { start: path.length + 1, end: Math.max(path.length + 1 + value.length, path.length + 2) }, problem };
}

/** The range so far: the scenario's, or the kernel's default. */
function currentRange(root: YAMLMap): readonly [low: number, high: number] | undefined {
  const era = kernelEraOf(valueOf(root, "kernel"));
  if (era === undefined) return undefined;
  const values = new SysctlValues(era);
  const section = valueOf(root, "sysctls");
  const text = isMap(section) ? sourceTextOf(valueOf(section, PORT_RANGE_SYSCTL)) : undefined;
  return text !== undefined && values.set(PORT_RANGE_SYSCTL, text) !== undefined ? undefined : values.localPortRange;
}
