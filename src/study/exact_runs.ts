import type { CursorSharer, OtherDestination } from "./connect_counts.ts";
import { gapCases } from "./connect_counts.ts";
import { cursorRuns } from "./cursor_runs.ts";
import { EPOCH_SECONDS, epochRuns } from "./epoch_runs.ts";
import { isFewSkips, LEAPS, probabilityFrom } from "./exact_probability.ts";
import { enumerateStarts, isEvenlyPaced, type Starts, type StartsInput } from "./port_starts.ts";

/** A series of probes, and all that moves the cursor it reads. */
export interface ExactRunsInput extends StartsInput {
  /** Seconds between two probes of the series. */
  readonly periodSeconds: number;
  /** What else connects to the destination that is probed: another probe of the container, a self-check, clients. */
  readonly sameDestination: OtherDestination;
  /** What connects to other destinations, from whatever namespace of the machine. */
  readonly otherDestinations: readonly OtherDestination[];
  /** `ip_local_port_step_width`, from 7.1 on; 0 if left out. */
  readonly stepWidth?: number;
}

/** How likely it is that probes fail in a row, or why that is not known. */
export type ExactRuns =
  | {
      /** `[k]` = a probe and the k that follow it in its series all fail. Ends with 0, or where only 1e-20 of the first is left. */
      readonly consecutive: readonly number[];
      readonly assumptions: readonly string[];
    }
  | { readonly declined: string };

/** Lengths that are tried until runs are not longer. */
const LENGTHS = [12, 48, 192] as const;

/** A share of the first probability that counts as none. */
const NEGLIGIBLE = 1e-20;

/**
 * The probabilities that consecutive probes of a series fail, by enumeration: from a failing start the cursor is followed
 * to where the next probe finds it. A mean over boots, which draw the secret and the probes' phases.
 *
 * Not modelled: the jump where a cursor wraps at 2^32, and what exactProbability leaves
 * out as well.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10 v4.4 v5.4 v5.15 v6.12.
 *
 * @example
 * ```ts
 * const runs = exactRuns({
 *   walk: "5.12-5.17",
 *   range: [1024, 65000],
 *   isReserved: () => false,
 *   isHeld: () => false,
 *   nodePorts: [30080, 30082, 30084],
 *   periodSeconds: 5,
 *   sameDestination: { periods: [], randomPerSecond: 0 },
 *   otherDestinations: [],
 * });
 * if ("consecutive" in runs) console.log(runs.consecutive.map((one) => one.toExponential(2)).slice(0, 3));
 * // [ '9.38e-5', '6.06e-5', '2.75e-5' ]
 * ```
 */
export function exactRuns(input: ExactRunsInput): ExactRuns {
  return runsFrom(enumerateStarts(input), input);
}

/** The same from starts that have been enumerated. */
export function runsFrom(starts: Starts, input: ExactRunsInput): ExactRuns {
  const refused = refusalOf(input, starts);
  if (refused !== undefined) return { declined: refused };
  for (const lengths of LENGTHS) {
    const consecutive = input.walk === "5.18+" ? epochs(input, starts, lengths) : cursors(input, starts, lengths);
    if (typeof consecutive === "string") return { declined: consecutive };
    const end = consecutive.findIndex((share) => share <= NEGLIGIBLE * consecutive[0]!);
    if (end >= 0) return { consecutive: [...consecutive.slice(0, end), 0], assumptions: assumptionsOf(input) };
  }
  return { declined: `more than ${LENGTHS.at(-1)} probes of a series may fail in a row` };
}

/** Why the runs of this walk cannot be enumerated. */
function refusalOf(input: ExactRunsInput, starts: Starts): string | undefined {
  if (isEvenlyPaced(starts)) return undefined;
  if ((input.stepWidth ?? 0) > 1) return LEAPS;
  if (input.walk === "5.18+") return undefined;
  const single = probabilityFrom(starts, {
    ...input,
    probesPerEpochAtMostOne: true,
    randomConnectsPerPeriod: randomPerSecond(input) * input.periodSeconds,
  });
  if ("declined" in single) return single.declined;
  if (isFewSkips(starts)) return undefined;
  return "reserved or held ports bend the walk, and how probes follow each other on it is not enumerated";
}

function randomPerSecond({ sameDestination, otherDestinations }: ExactRunsInput): number {
  return otherDestinations.reduce((sum, other) => sum + other.randomPerSecond, sameDestination.randomPerSecond);
}

function epochs(input: ExactRunsInput, starts: Starts, lengths: number): readonly number[] | string {
  const { periodSeconds, sameDestination } = input;
  const periods = [periodSeconds, ...sameDestination.periods];
  if (sameDestination.randomPerSecond > 0)
    return "something connects to a probed destination at random times, and moves its cursor by a random number of connects";
  if (!periods.every((period) => Number.isInteger(period)))
    return "something connects to a probed destination at times that are no whole seconds apart";
  return (
    epochRuns(starts, { periods }, lengths) ??
    "the connects to one destination can come in too many orders within the epochs of 10 s"
  );
}

/** Entries of the cursor table of 5.12-5.17. */
const TABLE_SIZE = 256;

function cursors(input: ExactRunsInput, starts: Starts, lengths: number): readonly number[] | string {
  const probability = input.walk === "5.12-5.17" ? 1 / TABLE_SIZE : 1;
  const sharers: CursorSharer[] = [{ ...input.sameDestination, probability: 1 }];
  for (const other of input.otherDestinations) sharers.push({ ...other, probability });
  const cases = gapCases(input.periodSeconds, sharers, lengths - 1);
  if (cases === undefined) return "the connects of others can fall between two probes in too many ways";
  return cursorRuns(input.walk, starts, cases);
}

function assumptionsOf({ walk }: ExactRunsInput): readonly string[] {
  const phases = "Probes begin at random phases, and each ends before the next of its series is due.";
  if (walk === "5.18+")
    return [
      `Each epoch of ${EPOCH_SECONDS} s draws a new start for each destination; within one a connect moves 2 to 16 ports.`,
      phases,
    ];
  if (walk === "5.12-5.17")
    return [
      "A destination's cursor moves 2 ports a connect, 4 in one of 16, and each other destination moves it with probability 1/256.",
      phases,
    ];
  return ["All connects of the machine move the cursor between two probes of a series.", phases];
}
