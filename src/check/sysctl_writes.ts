import type { KernelEra } from "../kernel/kernel_era.ts";
import { findSysctl, sysctlNames, SysctlValues, type SysctlProblem } from "../kernel/sysctl.ts";
import type { Place } from "./finding.ts";
import { isGlob, isMatch, readSysctlFile, type SysctlFile, type SysctlLine } from "./sysctl_file.ts";

/** One write to `/proc/sys`, and what the kernel says. */
export interface SysctlWrite {
  readonly line: SysctlLine;
  /** The name that is written: that of the line, or one that its glob takes. */
  readonly name: string;
  readonly value: string;
  /** `unknown`: a name outside the table of the model, so nobody judges the value. */
  readonly outcome: "done" | "refused" | "unknown";
  readonly problem?: SysctlProblem;
}

/** The value of a sysctl after all files, and the line it comes from. */
export interface EffectiveSetting {
  readonly name: string;
  /** As `/proc` prints it. */
  readonly value: string;
  readonly place: Place;
  readonly valuePlace: Place;
}

/** What a list of files does to the sysctls of a node. */
export interface SysctlResult {
  readonly files: readonly SysctlFile[];
  readonly lines: readonly SysctlLine[];
  readonly writes: readonly SysctlWrite[];
  /** The kernel's values after all writes. */
  readonly values: SysctlValues;
  /** By name, aliases by the name they stand for; only what a file has set. */
  readonly settings: ReadonlyMap<string, EffectiveSetting>;
}

/** Devices that every node has; others are not known from files. */
const DEVICES = ["all", "default", "lo"] as const;

/**
 * Applies files as `sysctl --system` and the kernel do, in their order. A glob passes over each name that a line spells
 * out, before it or after it, or excludes with `-name`.
 *
 * Source: src/sysctl.c write_setting_list, Procps-ng v4.0.4.
 */
export function applySysctlFiles(files: readonly SysctlFile[], era: KernelEra, memoryBytes?: number): SysctlResult {
  const lines = files.flatMap(readSysctlFile);
  return { files, lines, ...applyLines(lines, era, memoryBytes) };
}

/** Writes lines in their order; see `applySysctlFiles`. */
export function applyLines(
  lines: readonly SysctlLine[],
  era: KernelEra,
  memoryBytes?: number,
): Pick<SysctlResult, "writes" | "values" | "settings"> {
  const values = new SysctlValues(era, memoryBytes === undefined ? {} : { memoryBytes });
  const explicit = new Set(lines.filter(({ kind, name }) => kind !== "wrong" && !isGlob(name)).map(({ name }) => name));
  const excluding = lines.filter(({ kind, name }) => kind === "exclude" && isGlob(name)).map(({ name }) => name);
  const excluded = new Set([...new Set(excluding)].flatMap(namesOf));
  const writes: SysctlWrite[] = [];
  const settings = new Map<string, EffectiveSetting>();
  for (const line of lines) {
    if (line.kind !== "set") continue;
    const isFree = (name: string): boolean => !explicit.has(name) && !excluded.has(name);
    const names = isGlob(line.name) ? namesOf(line.name).filter(isFree) : [line.name];
    for (const name of names) {
      const write = writeOne(name, line, values);
      writes.push(write);
      if (write.outcome === "refused") continue;
      const definition = findSysctl(name);
      const key = definition?.aliasOf ?? name;
      const value = definition === undefined ? line.value : values.text(name);
      settings.set(key, { name: key, value, place: line.place, valuePlace: line.valuePlace });
    }
  }
  return { writes, values, settings };
}

function writeOne(name: string, line: SysctlLine, values: SysctlValues): SysctlWrite {
  const common = { line, name, value: line.value };
  if (findSysctl(name) === undefined) return { ...common, outcome: "unknown" };
  const problem = values.set(name, line.value);
  return problem === undefined ? { ...common, outcome: "done" } : { ...common, outcome: "refused", problem };
}

/** The names that a glob takes, of those that the model knows. */
function namesOf(glob: string): readonly string[] {
  const names = sysctlNames().flatMap((name) =>
    name.includes("*") ? DEVICES.map((device) => name.replace("*", device)) : [name],
  );
  return names.filter((name) => isMatch(glob, name));
}
