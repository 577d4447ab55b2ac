import { assert } from "../sim/assert.ts";
import { clopperPearson, garwood, normalQuantile, studentQuantile } from "./binomial.ts";
import type { Bounds } from "./binomial.ts";
import type { IntervalDocument } from "./run_document.ts";

/** What one replication counted: `x` failures among `n` trials. */
export interface ReplicationCount {
  readonly n: number;
  readonly x: number;
}

/** An interval of a proportion, and how much the replications differ. */
export interface ProportionInterval extends IntervalDocument {
  /** Between-replication variance over the binomial one, at least 1; 1 too where it cannot be estimated. */
  readonly designEffect: number;
}

/**
 * A two-sided confidence interval of a failure probability from independent replications (fresh boots).
 *
 * Trials of one boot share a hash secret, a cursor and the NodePorts drawn, so the replication is the unit: the spread
 * of the replications' counts gives a design effect, and the interval is the exact one of Clopper and Pearson on the
 * effective sample n / designEffect, shrunk once more by (z / t)² with t of one degree of freedom less than
 * replications (Korn and Graubard, 1998). The Wilson score with t in place of z was tried first: with 8 replications
 * whose probabilities vary by their own mean it covers 92.8 % at a nominal 95 %, because it misses on the right, where
 * the counts are skewed; this one covers 93.7 %, and 95 to 99 % in milder cases. With no failure at all, or nothing
 * else, no spread can be seen and the exact interval of independent trials stands, as its method says.
 *
 * @param counts one entry for each replication, at least one.
 * @param level between 0 and 1, both excluded.
 */
export function proportionInterval(counts: readonly ReplicationCount[], level = 0.95): ProportionInterval {
  assert(counts.length >= 1, "an interval needs at least one replication");
  const n = sum(counts.map((count) => count.n));
  const x = sum(counts.map((count) => count.x));
  assert(x >= 0 && x <= n, "failures are among the trials");
  if (n === 0) return { low: 0, high: 1, level, method: "no trial was made", designEffect: 1 };
  if (x === 0 || x === n) {
    const seen = x === 0 ? "no failure seen" : "nothing but failures seen";
    const method = `Clopper-Pearson, two-sided; ${seen}, so it takes trials as independent: a spread between boots cannot show`;
    return { ...clopperPearson(x, n, level), level, method, designEffect: 1 };
  }
  if (counts.length === 1) {
    const method = "Wilson score; one boot cannot show the variance between boots, which this interval leaves out";
    return { ...wilson(x / n, n, normalQuantile((1 + level) / 2)), level, method, designEffect: 1 };
  }
  const designEffect = Math.max(1, dispersion(counts));
  const shrink = normalQuantile((1 + level) / 2) / studentQuantile((1 + level) / 2, counts.length - 1);
  const effective = (n / designEffect) * shrink * shrink;
  const method =
    `Korn-Graubard: Clopper-Pearson on ${counts.length} boots' effective sample, design effect ${designEffect.toFixed(2)}, ` +
    `t with ${counts.length - 1} degrees of freedom`;
  return { ...clopperPearson((x / n) * effective, effective, level), level, method, designEffect };
}

/**
 * The variance between replications over the variance of independent trials, not cut off at 1; 1 where it is
 * undefined (one replication, or all trials alike). Replications may differ in size (ratio estimator).
 */
export function dispersion(counts: readonly ReplicationCount[]): number {
  const n = sum(counts.map((count) => count.n));
  const p = sum(counts.map((count) => count.x)) / n;
  if (counts.length < 2 || !(p > 0 && p < 1)) return 1;
  const squares = sum(counts.map((count) => (count.x - p * count.n) * (count.x - p * count.n)));
  return ((counts.length / (counts.length - 1)) * squares) / (n * p * (1 - p));
}

/**
 * The exact two-sided interval of a rate (Garwood), for events that come singly and independently.
 *
 * @param count events seen, 0 or more.
 * @param exposure how long was watched, above 0; the rate is per unit of it.
 * @param level between 0 and 1, both excluded.
 */
export function poissonInterval(count: number, exposure: number, level = 0.95): IntervalDocument {
  assert(exposure > 0, "a rate needs an exposure above 0");
  const { low, high } = garwood(count, level);
  const method = "Garwood (exact Poisson), two-sided; takes events as independent";
  return { low: low / exposure, high: high / exposure, level, method };
}

/** Wilson's score interval of the proportion `p` among `n` trials, `z` standard deviations wide on either side. */
function wilson(p: number, n: number, z: number): Bounds {
  const weight = (z * z) / n;
  const centre = p + weight / 2;
  const half = z * Math.sqrt((p * (1 - p)) / n + weight / (4 * n));
  return { low: Math.max(0, (centre - half) / (1 + weight)), high: Math.min(1, (centre + half) / (1 + weight)) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
