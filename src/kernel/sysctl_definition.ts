import { isSince } from "./eras.ts";
import type { KernelEra } from "./kernel_era.ts";

/** What a default may depend on beside the build. */
export interface SysctlHost {
  readonly era: KernelEra;
  /** Memory of the machine: some tables, and so their limits, grow with it. */
  readonly memoryBytes: number;
}

/** Whether each network namespace has its own value, or the machine has one. */
export type SysctlScope = "netns" | "global";

interface SysctlCommon {
  /** With dots; `*` stands for a device, `all` or `default`. */
  readonly name: string;
  /** What one of it is: `s`, `ms`, `ports`, `entries`; empty for a switch or a plain number. */
  readonly unit: string;
  readonly scope: SysctlScope | ((era: KernelEra) => SysctlScope);
  /** The first mainline release that has it, then the first of each stable line; all of them if absent. */
  readonly since?: readonly string[];
  /** The first mainline release without it. */
  readonly removedIn?: string;
  /** Vendors whose older number has it nevertheless. */
  readonly vendors?: readonly KernelEra["vendor"][];
  readonly isReadOnly?: boolean;
  /** The sysctl whose value it shows and sets. */
  readonly aliasOf?: string;
  /** Where the kernel has it: path, function and version. */
  readonly source: string;
}

/** A number: the `proc_dointvec` family. `boolean` is one of which only 0 and not 0 count; the kernel takes any. */
export interface IntegerSysctl extends SysctlCommon {
  readonly kind: "integer" | "boolean";
  readonly default: number | ((host: SysctlHost) => number);
  /** The least valid value, that of an `int` if absent. */
  readonly min?: number | ((era: KernelEra) => number);
  /** The greatest valid value, that of an `int` if absent. */
  readonly max?: number | ((era: KernelEra) => number);
  /** What the kernel keeps of a valid value, the value itself if absent. */
  readonly keeps?: (value: number) => number;
  /** What a kernel without this sysctl does, as a value of it; the default if absent. */
  readonly valueWhereAbsent?: number;
}

/** `ip_local_port_range`. */
export interface PortRangeSysctl extends SysctlCommon {
  readonly kind: "port-range";
  readonly default: (era: KernelEra) => readonly [low: number, high: number];
}

/** `ip_local_reserved_ports`, empty by default. */
export interface PortListSysctl extends SysctlCommon {
  readonly kind: "port-list";
}

/** A row of the sysctl table. */
export type SysctlDefinition = IntegerSysctl | PortRangeSysctl | PortListSysctl;

/**
 * Whether a kernel has a sysctl.
 *
 * @returns `undefined` if it has, else the reason as the end of a sentence: `it was removed in 4.12`, `it exists from 6.5`.
 */
export function sysctlProblem(definition: SysctlDefinition, era: KernelEra): string | undefined {
  const { since, removedIn, vendors } = definition;
  if (vendors?.includes(era.vendor) === true) return undefined;
  if (removedIn !== undefined && isSince(era.release, [removedIn])) return `it was removed in ${removedIn}`;
  if (since !== undefined && !isSince(era.release, since)) return `it exists from ${since[0] ?? ""}`;
  return undefined;
}

/** The scope of a sysctl on a kernel. */
export function sysctlScope(definition: SysctlDefinition, era: KernelEra): SysctlScope {
  return typeof definition.scope === "string" ? definition.scope : definition.scope(era);
}

/** The valid values of a number on a kernel, both ends included. */
export function sysctlBounds(definition: IntegerSysctl, era: KernelEra): readonly [min: number, max: number] {
  const { min = -2147483648, max = 2147483647 } = definition;
  return [typeof min === "number" ? min : min(era), typeof max === "number" ? max : max(era)];
}
