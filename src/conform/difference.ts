import type { KernelCase } from "./case_file.ts";
import { Renaming } from "./renaming.ts";

/** One thing in which a simulation does not do what was recorded, told for a person. */
export interface Difference {
  /** What is compared: `packets node/cni0 out #7`, `result of action 0`, `snapshot at 401 ms: conntrack`. */
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
  /** The few packets of the same interface and direction before it, as recorded. */
  readonly before: readonly string[];
}

/** What comparisons of one case share. */
export interface Comparison {
  /** Recorded moments at and after this many milliseconds are not compared. */
  readonly untilMs: number;
  /** Ports that the kernel chose: recorded endpoints to simulated ones. */
  readonly endpoints: Renaming;
  /** Names of initial sequence numbers; they may differ only where the case has races. */
  readonly sequences: Renaming;
}

/** A comparison with nothing settled yet. */
export function startComparison({ observed, races }: KernelCase, untilMs: number): Comparison {
  const chosen = new Set(observed.chosen_ports.map(({ address, port }) => `${address}:${port}`));
  return {
    untilMs,
    endpoints: new Renaming((recorded, actual) => chosen.has(recorded) && addressOf(recorded) === addressOf(actual)),
    sequences: new Renaming((recorded, actual) => races.length > 0 && recorded.charAt(0) === actual.charAt(0)),
  };
}

/** How far a simulated moment may lie from a recorded one, in ms: max(`ms`, `ratio` × t). */
export function toleranceMs({ observed }: KernelCase, atMs: number): number {
  const { ms, ratio } = observed.time_tolerance ?? { ms: 0, ratio: 0 };
  return Math.max(ms, ratio * Math.abs(atMs));
}

/** Whether two moments, in ms, agree. */
export function isAboutTheSameTime(kernelCase: KernelCase, recordedMs: number, actualMs: number): boolean {
  return Math.abs(actualMs - recordedMs) <= toleranceMs(kernelCase, recordedMs);
}

function addressOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}
