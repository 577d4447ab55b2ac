import { isMap } from "yaml";
import { kernelBuilds, newestEra, resolveKernel } from "../kernel/eras.ts";
import { HZ_VALUES, PORT_WALKS, type KernelEra } from "../kernel/kernel_era.ts";
import { findSysctl, sysctlNames, SysctlValues } from "../kernel/sysctl.ts";
import { sysctlProblem, type SysctlDefinition } from "../kernel/sysctl_definition.ts";
import { sysctlBounds } from "../kernel/sysctl_definition.ts";
import { whereIs, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import { anyOf } from "./wording.ts";
import { sourceTextOf, valueOf } from "./schema_shape.ts";
import type { Scenario } from "./model.ts";
import type { Place } from "./place.ts";
import type { ProblemList } from "./problem_list.ts";
import type { Span } from "./source_text.ts";
import { closestWord } from "./spelling.ts";

const EXPECTED_OF_KERNEL = {
  hz: () => `hz: ${anyOf(HZ_VALUES.map(String))}`,
  portWalk: () => `portWalk: ${anyOf(PORT_WALKS)}`,
  build: (candidates: readonly string[]) =>
    candidates.length === 0
      ? "a kernel build such as 5.4.188 or 3.10.0-1160.el7"
      : `kernel: { build, portWalk, hz } with portWalk ${anyOf(candidates)}`,
};

/** The era that a scenario's unread `kernel:` names, or `undefined` if it names none. */
export function kernelEraOf(node: unknown): KernelEra | undefined {
  const build = isMap(node) ? sourceTextOf(valueOf(node, "build")) : sourceTextOf(node);
  if (build === undefined) return undefined;
  const portWalk = isMap(node) ? sourceTextOf(valueOf(node, "portWalk")) : undefined;
  const hz = Number((isMap(node) ? sourceTextOf(valueOf(node, "hz")) : undefined) ?? NaN);
  const resolution = resolveKernel({ build, portWalk, hz: Number.isNaN(hz) ? undefined : hz });
  return resolution.ok ? resolution.era : undefined;
}

/** Finds the era of the scenario's kernel; where there is none, the candidates and the key that decides are named. */
export function resolveKernelSection({ sections, place, problems }: CheckContext): KernelEra | undefined {
  const section = sections.kernel;
  if (section === undefined) return undefined;
  const request = typeof section === "string" ? { build: section } : section;
  const resolution = resolveKernel(request);
  if (resolution.ok) return resolution.era;
  const { problem, candidates, toMend } = resolution;
  const decides = isUnknownHz(request.hz) ? "hz" : isUnknownWalk(request.portWalk) ? "portWalk" : "build";
  problems.add(place.at("kernel", decides).value, {
    message: `Cannot simulate this kernel: ${problem}`,
    expected: EXPECTED_OF_KERNEL[decides](candidates),
    toMend,
  });
  return undefined;
}

/**
 * Checks each sysctl as the scenario's kernel would: its name, and its value by the kernel's own parser.
 *
 * @param era `undefined` if the kernel is wrong: then names and values are checked as far as they are alike in all
 * kernels, so that all problems show at once.
 */
export function checkSysctls(context: CheckContext, era: KernelEra | undefined): Scenario["sysctls"] {
  const { sections, place } = context;
  const memoryBytes = sections.node?.memoryBytes ?? sections.nodes?.[0]?.memoryBytes;
  const table = { entries: Object.entries(sections.sysctls ?? {}), place: place.at("sysctls"), memoryBytes };
  return checkSysctlTable(table, era, context);
}

/** Sysctls of all nodes or of one, where they stand, and the memory of that node. */
export interface SysctlTable {
  readonly entries: Scenario["sysctls"];
  readonly place: Place;
  readonly memoryBytes: number | undefined;
}

/** Checks the sysctls of one table by themselves. @returns them. */
export function checkSysctlTable(
  { entries: sysctls, place, memoryBytes }: SysctlTable,
  era: KernelEra | undefined,
  context: CheckContext,
): Scenario["sysctls"] {
  const reference = era ?? newestEra();
  const values = new SysctlValues(reference, memoryBytes === undefined ? {} : { memoryBytes });
  for (const [name, text] of sysctls) {
    checkSetting({ name, text, place: place.at(name) }, context, { era, reference, values });
  }
  return sysctls;
}

/** A sysctl's name and value, and where they stand. */
export interface SysctlSetting {
  readonly name: string;
  readonly text: string;
  readonly place: Place;
}

/** Checks one sysctl that is written while the clock runs, against the kernel's defaults. */
export function checkSysctlSetting(setting: SysctlSetting, context: CheckContext, era: KernelEra | undefined): void {
  const reference = era ?? newestEra();
  checkSetting(setting, context, { era, reference, values: new SysctlValues(reference, {}) });
}

function checkSetting(
  { name, text, place }: SysctlSetting,
  context: CheckContext,
  kernel: { readonly era: KernelEra | undefined; readonly reference: KernelEra; readonly values: SysctlValues },
): void {
  const { problems } = context;
  const { era, reference, values } = kernel;
  const definition = findSysctl(name);
  if (definition === undefined) {
    const label = era === undefined ? "the kernel" : `kernel ${era.build}`;
    reportUnknownName({ name, span: place.key, kernel: label }, reference, problems);
    return;
  }
  const why = sysctlProblem(definition, reference);
  if (why !== undefined) {
    if (era !== undefined) reportForeignName({ name, why, definition, span: place.key }, era, context);
    return;
  }
  const refusal = values.set(name, text);
  if (refusal === undefined) return;
  problems.add(text === "" ? place.key : place.value, {
    message: `Cannot set ${quote(name)} to ${quote(text)}: ${refusal.message} (${refusal.errno})`,
    expected: expectedOf(definition, reference),
    toMend: refusal.mend,
  });
}

function expectedOf(definition: SysctlDefinition, era: KernelEra): string {
  if (definition.isReadOnly === true) return "a sysctl that can be written";
  if (definition.kind === "port-range") return "the lowest and the highest port, such as 32768 60999";
  if (definition.kind === "port-list") return "ports and ranges with commas between them, such as 8080,30000-32767";
  return `a whole number from ${sysctlBounds(definition, era).join(" to ")}`;
}

function reportUnknownName(
  { name, span, kernel }: { readonly name: string; readonly span: Span; readonly kernel: string },
  reference: KernelEra,
  problems: ProblemList,
): void {
  const closest = closestSysctl(name, reference);
  problems.add(span, {
    message: `Cannot set ${quote(name)} on ${kernel}: the model has no such sysctl`,
    expected: `a sysctl of ${kernel}${closest === undefined ? "" : ` (closest: ${closest})`}`,
    toMend: closest === undefined ? "delete the line" : `write ${closest}, or delete the line`,
  });
}

function reportForeignName(
  { name, why, definition, span }: { name: string; why: string; definition: SysctlDefinition; span: Span },
  era: KernelEra,
  { place, problems }: CheckContext,
): void {
  const closest = closestSysctl(name, era);
  const build = nearestBuildWith(definition, era);
  problems.add(span, {
    message: `Cannot set ${quote(name)} on kernel ${era.build}: ${why}`,
    expected: `a sysctl of kernel ${era.build}${closest === undefined ? "" : ` (closest: ${closest})`}`,
    toMend:
      build === undefined
        ? "delete the line"
        : `delete the line, or set \`kernel: "${build}"\` on ${whereIs(place.at("kernel").value)}`,
  });
}

function closestSysctl(name: string, era: KernelEra): string | undefined {
  const known = sysctlNames().filter((candidate) => {
    const definition = findSysctl(candidate);
    return definition !== undefined && sysctlProblem(definition, era) === undefined;
  });
  return closestWord(name, known);
}

/** Of the builds offered as examples, the one nearest in release that has the sysctl. */
function nearestBuildWith(definition: SysctlDefinition, era: KernelEra): string | undefined {
  let best: { readonly build: string; readonly distance: number } | undefined;
  for (const build of kernelBuilds()) {
    const resolution = resolveKernel({ build });
    if (!resolution.ok || resolution.era.vendor !== "upstream") continue;
    if (sysctlProblem(definition, resolution.era) !== undefined) continue;
    const distance = Math.abs(rank(resolution.era) - rank(era));
    if (distance < (best?.distance ?? Infinity)) best = { build, distance };
  }
  return best?.build;
}

function rank({ release: [major, minor, patch] }: KernelEra): number {
  return (major * 1000 + minor) * 10_000 + patch;
}

function isUnknownHz(hz: number | undefined): boolean {
  return hz !== undefined && !HZ_VALUES.includes(hz);
}

function isUnknownWalk(portWalk: string | undefined): boolean {
  return portWalk !== undefined && !PORT_WALKS.some((walk) => walk === portWalk);
}
