import type { ReplayPlace } from "../../cluster/replication.ts";
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
  /** The start that was left out of the figures. */
  readonly warmUp?: Micros;
  readonly isParanoid?: boolean;
}

/** What a broken run says of itself. */
export interface BrokenRun {
  readonly file: string;
  readonly seed: string;
  readonly place: { readonly [Name in keyof ReplayPlace]?: ReplayPlace[Name] | undefined };
}

/**
 * The line that says where a run broke: `where: FILE, seed "S", replication R, T, in event N "HANDLER" (ARGUMENT)`.
 *
 * @returns the line with its end; nothing for an error that does not come from a replication.
 */
export function placeLine({ file, seed, place }: BrokenRun): string {
  const { replication, at, event, handler } = place;
  if (replication === undefined || at === undefined || event === undefined) return "";
  const what = handler === undefined ? "after" : "in";
  const name = handler === undefined ? "" : ` ${JSON.stringify(handler.handler)} (${handler.argument})`;
  return `where: ${shellWord(file)}, seed ${JSON.stringify(seed)}, replication ${replication}, ${formatMoment(at)}, ${what} event ${event}${name}\n`;
}

/** The line that shows a developer the same failure: `replay: npx --no sim run FILE --seed S --replication R --until T`. */
export function replayLine({
  file,
  seed,
  overrides,
  replication,
  at,
  warmUp,
  isParanoid = false,
}: ReplayOptions): string {
  const words = ["npx", "--no", "sim", "run", shellWord(file), "--seed", shellWord(seed), ...overrideWords(overrides)];
  if (replication !== undefined) words.push("--replication", String(replication));
  if (replication !== undefined && at !== undefined) words.push("--until", formatMoment(at));
  // A warm-up that was not over has left nothing out yet, and `--until` must lie behind it.
  if (warmUp !== undefined && (at === undefined || at > warmUp)) words.push("--warm-up", formatMoment(warmUp));
  if (isParanoid) words.push("--paranoid");
  return `replay: ${words.join(" ")}`;
}

/** A moment in seconds with all its microseconds, as `--until` reads it: `12.345678s`. */
export function formatMoment(at: Micros): string {
  return `${Math.floor(at / SECOND)}.${String(at % SECOND).padStart(6, "0")}s`;
}
