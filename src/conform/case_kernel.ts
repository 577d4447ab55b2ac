import { resolveKernel } from "../kernel/eras.ts";
import type { KernelEra } from "../kernel/kernel_era.ts";
import type { KernelCase } from "./case_file.ts";

/**
 * The kernel that a case was recorded on: its release, its tick rate, and the walk that was built into it.
 *
 * @returns the era, or why the model has no such kernel.
 */
export function resolveCaseKernel({ kernel }: KernelCase): KernelEra | string {
  const resolution = resolveKernel({ build: kernel.release, portWalk: kernel.port_walk, hz: kernel.hz });
  return resolution.ok ? resolution.era : resolution.problem;
}
