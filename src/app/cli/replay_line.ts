import { overrideWords, shellWord } from "../../report/shell_command.ts";
import { SECOND } from "../../units.ts";
import type { Micros } from "../../units.ts";

/** What a run was, as far as it is known when it breaks. */
export interface ReplayOptions {
  readonly file: string;
  readonly seed: string;
  readonly overrides: Readonly<Record<string, string>>;
  /** The replication that broke, from 0. */
  readonly replication: number | undefined;
  /** When it broke, in simulated time. */
  readonly at: Micros | undefined;
}

/** The line that shows a developer the same failure: `replay: npx --no sim run FILE --seed S --replication R --until T`. */
export function replayLine({ file, seed, overrides, replication, at }: ReplayOptions): string {
  const words = ["npx", "--no", "sim", "run", shellWord(file), "--seed", shellWord(seed), ...overrideWords(overrides)];
  if (replication !== undefined) words.push("--replication", String(replication));
  if (replication !== undefined && at !== undefined) words.push("--until", formatMoment(at));
  return `replay: ${words.join(" ")}`;
}

/** A moment in seconds with all its microseconds, as `--until` reads it: `12.345678s`. */
export function formatMoment(at: Micros): string {
  return `${Math.floor(at / SECOND)}.${String(at % SECOND).padStart(6, "0")}s`;
}
