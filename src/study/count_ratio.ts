import { clopperPearson, normalQuantile, studentQuantile } from "./binomial.ts";
import { dispersion } from "./intervals.ts";
import { assert } from "../sim/assert.ts";
import { sum } from "./sum.ts";

/** What one replication counted under two settings, on the same chance. */
export interface PairedCount {
  readonly standing: number;
  readonly varied: number;
}

/** How many times the standing count the varied one is. `high` is Infinity where nothing bounds it. */
export interface CountRatio {
  /** NaN if neither counted anything. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly method: string;
}

/**
 * The ratio of two counts from replications that are paired by their chance, with a two-sided confidence interval.
 *
 * Of the events of one replication a share belongs to the varied setting: ratio / (1 + ratio). What makes whole boots
 * differ, such as the NodePorts drawn, moves both counts alike and drops out. The interval of the share is the exact one
 * of Clopper and Pearson on an effective sample (Korn and Graubard, 1998): divided by the spread of the shares between
 * boots, and shrunk by (z / t)² for there being few. Where one side counted nothing no share varies; then the spread of
 * the totals over that of independent events stands in for it. It never makes use of the pairing's narrower spread,
 * so it is too wide rather than too narrow.
 *
 * @param counts one entry for each replication, at least one.
 * @param level between 0 and 1, both excluded.
 */
export function countRatio(counts: readonly PairedCount[], level = 0.95): CountRatio {
  assert(counts.length >= 1, "a ratio needs at least one replication");
  const totals = counts.map(({ standing, varied }) => ({ n: standing + varied, x: varied }));
  const n = sum(totals.map((total) => total.n));
  const x = sum(totals.map((total) => total.x));
  if (n === 0) return { ratio: Number.NaN, low: 0, high: Infinity, level, method: "neither counted anything" };
  const isOneSided = x === 0 || x === n;
  const spread = Math.max(1, isOneSided ? countDispersion(totals.map((total) => total.n)) : dispersion(totals));
  const isSingle = counts.length === 1;
  const degrees = counts.length - 1;
  const shrink = isSingle ? 1 : normalQuantile((1 + level) / 2) / studentQuantile((1 + level) / 2, degrees);
  const effective = (n / spread) * shrink * shrink;
  const share = clopperPearson((x / n) * effective, effective, level);
  const boots = isSingle
    ? "one boot cannot show the variance between boots, which this interval leaves out"
    : `${counts.length} paired boots, spread ${spread.toFixed(2)}, t with ${degrees} degrees of freedom`;
  const method = `Clopper-Pearson on the share of the events that are the variant's; ${boots}`;
  return { ratio: odds(x / n), low: odds(share.low), high: odds(share.high), level, method };
}

/** The variance of counts over that of independent events; 1 where there is nothing to tell. */
export function countDispersion(counts: readonly number[]): number {
  const mean = sum(counts) / counts.length;
  if (counts.length < 2 || mean === 0) return 1;
  return sum(counts.map((count) => (count - mean) * (count - mean))) / (counts.length - 1) / mean;
}

function odds(share: number): number {
  return share >= 1 ? Infinity : share / (1 - share);
}
