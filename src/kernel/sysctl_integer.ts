import type { KernelEra } from "./kernel_era.ts";
import { sysctlBounds, type IntegerSysctl } from "./sysctl_definition.ts";
import { scanLine } from "./sysctl_numbers.ts";
import { invalid, numberProblem, type SysctlProblem } from "./sysctl_problem.ts";

/** A valid value as the kernel keeps it, or the problem. */
export type ParsedInteger =
  { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: SysctlProblem };

/**
 * Reads a number as its sysctl does: white space before and after, decimal, `0x` or octal, EINVAL for what is no number
 * and for what lies outside its bounds.
 *
 * Not modelled: kernels before 4.1 cut a number that does not fit an `int` instead of refusing it.
 * Source: kernel/sysctl.c proc_dointvec_minmax, v6.12.
 */
export function parseInteger(definition: IntegerSysctl, era: KernelEra, text: string): ParsedInteger {
  const [min, max] = sysctlBounds(definition, era);
  const isInt = min === -2147483648 && max === 2147483647;
  const range = isInt ? "a whole number" : `a whole number from ${min} to ${max}`;
  const mend = definition.kind === "boolean" ? "write 0 or 1" : `write ${range}`;
  const scanned = scanLine(text, 1);
  if (!scanned.ok) return { ok: false, problem: invalid(numberProblem(text, scanned.fault, scanned.at), mend) };
  const value = scanned.values[0] ?? 0;
  if (value < min || value > max) {
    return { ok: false, problem: invalid(`${value} is outside ${min} to ${max}`, mend) };
  }
  return { ok: true, value: definition.keeps === undefined ? value : definition.keeps(value) };
}
