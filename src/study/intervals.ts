import { assert } from "../sim/assert.ts";
import { exp, ln } from "../sim/distributions.ts";
import { greatestCommonDivisor } from "../kernel/greatest_common_divisor.ts";
import { clopperPearson, garwood, normalQuantile, studentQuantile } from "./binomial.ts";
import type { Bounds } from "./binomial.ts";
import type { IntervalDocument } from "./run_document.ts";
import { sum } from "./sum.ts";

/** What one replication counted: `x` events among `n` trials, or in an exposure of `n`. */
export interface ReplicationCount {
  readonly n: number;
  readonly x: number;
}

/** What is known of the replications beside their counts. */
export interface IntervalOptions {
  /** Whether a boot may fail for good because its walks lock together, so that boots without a failure say little. */
  readonly mayLock?: boolean;
  /** How many events come together, as probes of one series that fail in a row do; 1 if left out. */
  readonly clump?: number;
}

/** An interval of a proportion, and how much the replications differ. */
export interface ProportionInterval extends IntervalDocument {
  /** Between-replication variance over the binomial one; below 1 where boots agree more than chance would have it. */
  readonly designEffect: number;
}

/** With fewer effective events than this an exact interval of a count is taken: a logarithm of so few is no normal variate. */
const FEW_EVENTS = 12;

/** How much further the side away from 0 (or 1) reaches than the logarithm says, since counts of boots are skewed beyond that. */
const SKEW_ALLOWANCE = 0.15;

/**
 * A two-sided confidence interval of a failure probability from independent replications (fresh boots).
 *
 * Trials of one boot share a hash secret, a cursor and the NodePorts drawn, so the replication is the unit. The standard
 * error is that of the ratio of all failures to all trials between replications, whether they differ more than
 * independent trials would or less; the interval is Student's t with one degree of freedom less than replications, on
 * the scale of the log odds, because the plain one misses on the right where counts are skewed. Failures come whole, one
 * by one or in clumps, so no standard error is taken to be less than one of them, however well boots happen to agree.
 *
 * With fewer than 12 effective failures, or with so few clumps that none at all would be within chance (z² of them, 4 at
 * 95 %), the spread between boots says little. Boots are then taken to vary by their mean: failures of boots whose risk
 * is an exponential variate follow a negative binomial distribution, and the interval is the exact one, that of Clopper
 * and Pearson for the share of boots among failures and boots. Boots that differ by more than that have the interval of
 * Clopper and Pearson on the effective count, shrunk by (z / t)² because few boots show their spread badly (Korn and
 * Graubard, 1998).
 *
 * Without a failure only an upper bound is stated, one-sided: that of the same boots whose risk varies by its mean, which
 * comes to the rule of three for many boots; one boot has that rule itself. Where boots may lock, it is the rule of three
 * for boots and not for trials. Where every trial failed it is the same the other way round. Where no boot has more than
 * one trial, trials are independent because boots are: the interval is that of Clopper and Pearson.
 *
 * @param counts one entry for each replication, at least one.
 * @param level between 0 and 1, both excluded.
 */
export function proportionInterval(
  counts: readonly ReplicationCount[],
  level = 0.95,
  options: IntervalOptions = {},
): ProportionInterval {
  assert(counts.length >= 1, "an interval needs at least one replication");
  const mayLock = options.mayLock === true;
  const n = sum(counts.map((count) => count.n));
  const x = sum(counts.map((count) => count.x));
  assert(x >= 0 && x <= n, "failures are among the trials");
  if (n === 0) return { low: 0, high: 1, level, method: "no trial was made", designEffect: 1 };
  if (counts.every((count) => count.n <= 1)) return { ...ofSingleTrials(n, x, level), level, designEffect: 1 };
  const boots = bootsTried(counts);
  const wordsOf = mayLock ? lockedWords : unseenWords;
  if (x > n - x) {
    const { low, high, ...rest } = proportionInterval(
      counts.map((count) => ({ n: count.n, x: count.n - count.x })),
      level,
      options,
    );
    return { ...rest, low: 1 - high, high: 1 - low, ...(x === n ? { method: wordsOf(boots, "all failed") } : {}) };
  }
  if (x === 0) {
    const high = mayLock ? shareOf(ruleOfThree(level), boots) : shareOf(mostUnseen(boots, level), n);
    return { low: 0, high, level, method: wordsOf(boots, "no failure seen"), designEffect: 1 };
  }
  if (counts.length === 1) {
    const method = "Wilson score; one boot cannot show the variance between boots, which this interval leaves out";
    return { ...wilson(x / n, n, normalQuantile((1 + level) / 2)), level, method, designEffect: 1 };
  }
  const designEffect = dispersion(counts);
  const p = x / n;
  // Locked walks fail once a round, so that boots which agree show how many failures are one.
  const common = counts.reduce((divisor, count) => greatestCommonDivisor(divisor, count.x), 0);
  const clump = Math.max(options.clump ?? 1, mayLock ? common : 1);
  const reach = logReach({ counts, level, clump, designEffect });
  if (reach === undefined) {
    const share = effectiveShare(counts.length, { level, effect: Math.max(designEffect, clump) });
    const method = exactWords("Clopper-Pearson", counts.length, designEffect);
    return { ...clopperPearson(x * share, n * share, level), level, method, designEffect };
  }
  const { below, above, method } = reach;
  if (reach.isOfEvents) {
    return { low: shareOf(x * exp(-below), n), high: shareOf(x * exp(above), n), level, method, designEffect };
  }
  const oddsOf = (logRatio: number): number => 1 / (1 + ((1 - p) / p) * exp(-logRatio));
  return { low: oddsOf(-below / (1 - p)), high: oddsOf(above / (1 - p)), level, method, designEffect };
}

/**
 * A two-sided confidence interval of a rate, for events counted in independent replications: as `proportionInterval`,
 * with Garwood's exact interval in place of that on the effective count, and without limit above.
 *
 * @param counts one entry for each replication, at least one; `n` is the exposure and the rate is per unit of it. All
 * exposures together are above 0.
 * @param level between 0 and 1, both excluded.
 */
export function rateInterval(
  counts: readonly ReplicationCount[],
  level = 0.95,
  options: Pick<IntervalOptions, "clump"> = {},
): IntervalDocument {
  const clump = options.clump ?? 1;
  const exposure = sum(counts.map((count) => count.n));
  const x = sum(counts.map((count) => count.x));
  assert(exposure > 0, "a rate needs an exposure above 0");
  if (x === 0) {
    const boots = bootsTried(counts);
    return { low: 0, high: mostUnseen(boots, level) / exposure, level, method: unseenWords(boots, "no event seen") };
  }
  if (counts.length === 1) {
    const { low, high } = garwood(x, level);
    const method = "Garwood (exact Poisson), two-sided; one boot cannot show the variance between boots";
    return { low: low / exposure, high: high / exposure, level, method };
  }
  const designEffect = rateDispersion(counts);
  const reach = logReach({ counts, level, clump, designEffect });
  if (reach === undefined) {
    const share = effectiveShare(counts.length, { level, effect: Math.max(designEffect, clump) });
    const { low, high } = garwood(x * share, level);
    const method = exactWords("Garwood (exact Poisson)", counts.length, designEffect);
    return { low: low / share / exposure, high: high / share / exposure, level, method };
  }
  const { below, above, method } = reach;
  return { low: (x * exp(-below)) / exposure, high: (x * exp(above)) / exposure, level, method };
}

/** The share of the events to reckon with where `effect` of them count as one and few boots show the spread. */
function effectiveShare(boots: number, { level, effect }: { readonly level: number; readonly effect: number }): number {
  const narrowing = normalQuantile((1 + level) / 2) / studentQuantile((1 + level) / 2, boots - 1);
  return (narrowing * narrowing) / Math.max(1, effect);
}

/**
 * The variance between replications over the variance of independent trials, below 1 too; 1 where it is
 * undefined (one replication, or all trials alike). Replications may differ in size (ratio estimator).
 */
export function dispersion(counts: readonly ReplicationCount[]): number {
  const n = sum(counts.map((count) => count.n));
  const p = sum(counts.map((count) => count.x)) / n;
  if (counts.length < 2 || !(p > 0 && p < 1)) return 1;
  return varianceOfTotal(counts) / (n * p * (1 - p));
}

/** The variance of counted events between replications over that of independent events; 1 where it is undefined. */
function rateDispersion(counts: readonly ReplicationCount[]): number {
  const x = sum(counts.map((count) => count.x));
  return counts.length < 2 || x === 0 ? 1 : varianceOfTotal(counts) / x;
}

/** Replications with some events, and how these are spread. */
interface SpreadEvents {
  readonly counts: readonly ReplicationCount[];
  readonly level: number;
  /** Events that come together and count as one where boots agree. */
  readonly clump: number;
  readonly designEffect: number;
}

/** How far the logarithm of the estimate reaches to either side. */
interface LogReach {
  readonly below: number;
  readonly above: number;
}

interface MethodReach extends LogReach {
  /** Whether it is that of how many events are expected, as the bound without an event is, and not of the log odds. */
  readonly isOfEvents: boolean;
  readonly method: string;
}

/** The reach by the method that the events allow; undefined where they are few and boots vary by more than their mean. */
function logReach(given: SpreadEvents): MethodReach | undefined {
  const { counts, level, clump, designEffect } = given;
  const x = sum(counts.map((count) => count.x));
  const z = normalQuantile((1 + level) / 2);
  const areMany = x >= FEW_EVENTS * Math.max(1, designEffect) && x >= z * z * clump;
  if (areMany) return { ...studentReach(given), isOfEvents: false, method: studentWords(counts.length, designEffect) };
  const boots = bootsTried(counts);
  // Of boots whose risk varies by its mean, so much is the variance of a count over that of independent events.
  if (designEffect > clump + x / boots) return undefined;
  const reach = variedReach(Math.max(1, x / clump), boots, level);
  return { ...reach, isOfEvents: true, method: variedWords(boots, designEffect) };
}

/** Student's t on the logarithm of the total, whose standard error comes from the spread between replications. */
function studentReach({ counts, level, clump }: SpreadEvents): LogReach {
  const x = sum(counts.map((count) => count.x));
  const spread = studentQuantile((1 + level) / 2, counts.length - 1) * Math.sqrt(varianceOfTotal(counts));
  const half = Math.min(REACH_MAX, Math.max(spread, normalQuantile((1 + level) / 2) * clump) / x);
  return { below: half, above: Math.min(REACH_MAX, half * (1 + SKEW_ALLOWANCE * half)) };
}

/**
 * The exact reach of the events of boots, of about one size, whose risks are exponential variates. Each boot ends after
 * whatever events it has had with the same probability q = 1 / (1 + m), where m is the mean of a boot: among events and
 * ends of boots these are a share q, and Clopper and Pearson's bounds of it are the exact ones.
 */
function variedReach(events: number, boots: number, level: number): LogReach {
  const { high: mostEnds } = clopperPearson(boots - 1, boots - 1 + events, level);
  const { low: fewestEnds } = clopperPearson(boots, boots + events, level);
  const eventsAt = (ends: number): number => (boots * (1 - ends)) / ends;
  return { below: ln(events / eventsAt(mostEnds)), above: ln(eventsAt(fewestEnds) / events) };
}

/** A logarithm beyond which a bound is 0, or without any use: exp() of it and of its negative are still numbers. */
const REACH_MAX = 300;

/** The estimated variance of all events together, given all trials (ratio estimator between replications). */
function varianceOfTotal(counts: readonly ReplicationCount[]): number {
  const mean = sum(counts.map((count) => count.x)) / sum(counts.map((count) => count.n));
  const squares = sum(counts.map((count) => (count.x - mean * count.n) * (count.x - mean * count.n)));
  return (counts.length / (counts.length - 1)) * squares;
}

/** The rule of three: where none is seen, independent events are fewer than this, 3.0 at 95 %. */
function ruleOfThree(level: number): number {
  return -ln(1 - level);
}

/**
 * How many events all boots together may expect though none is seen. Boots of about one size whose risks are exponential
 * variates, of a mean at which one of them expects m, see none with probability (1 + m)^-boots: at 95 % 6.9 events for 2
 * boots, 3.6 for 8 and the 3.0 of the rule of three for many. One boot, which shows nothing of others, keeps that rule.
 */
function mostUnseen(boots: number, level: number): number {
  return boots === 1 ? ruleOfThree(level) : boots * (exp(ruleOfThree(level) / boots) - 1);
}

/** Boots of which anything was seen. */
function bootsTried(counts: readonly ReplicationCount[]): number {
  return counts.filter(({ n }) => n > 0).length;
}

function unseenWords(boots: number, seen: string): string {
  return boots === 1
    ? `rule of three, one-sided; ${seen}, and one boot cannot show the variance between boots, which this bound leaves out`
    : `one-sided bound for ${boots} boots whose risk varies by up to its mean, which for many boots is the rule of three; ` +
        `${seen}, so no spread between boots can show`;
}

function lockedWords(boots: number, seen: "no failure seen" | "all failed"): string {
  const boot = seen === "all failed" ? "a boot in which all fail" : "a boot without a failure";
  return (
    `Clopper-Pearson, one-sided, on ${boots} ${boots === 1 ? "boot" : "boots"}: destinations may lock together on this walk, ` +
    `so ${boot} says nothing of others`
  );
}

/** `x` of `n` boots of one trial each; one-sided, with all of the error below or above, where there were none or all. */
function ofSingleTrials(n: number, x: number, level: number): Bounds & { readonly method: string } {
  const words = "each boot is one trial";
  if (x > 0 && x < n) {
    return { ...clopperPearson(x, n, level), method: `Clopper-Pearson, two-sided; ${words}` };
  }
  const reach = shareOf(ruleOfThree(level), n);
  const method = `Clopper-Pearson, one-sided (rule of three); ${words}`;
  return x === 0 ? { low: 0, high: reach, method } : { low: 1 - reach, high: 1, method };
}

/** The risk of a trial at which `trials` of them all succeed with probability exp(-`events`). */
function shareOf(events: number, trials: number): number {
  const small = events / trials;
  // 1 - exp(-small), whose difference would cancel.
  return small < 1e-4 ? small * (1 - (small / 2) * (1 - small / 3)) : 1 - exp(-small);
}

function studentWords(boots: number, designEffect: number): string {
  const plural = boots === 2 ? "1 degree" : `${boots - 1} degrees`;
  return `Student's t on the log scale, ${boots} boots, ${plural} of freedom, design effect ${designEffect.toFixed(2)}`;
}

function variedWords(boots: number, designEffect: number): string {
  return `Clopper-Pearson for ${boots} boots whose risk varies by up to its mean, design effect ${designEffect.toFixed(2)}`;
}

function exactWords(exact: string, boots: number, designEffect: number): string {
  return `${exact} on the effective count, shrunk for ${boots} boots (Korn and Graubard), design effect ${designEffect.toFixed(2)}`;
}

/** Wilson's score interval of the proportion `p` among `n` trials, `z` standard deviations wide on either side. */
function wilson(p: number, n: number, z: number): Bounds {
  const weight = (z * z) / n;
  const centre = p + weight / 2;
  const half = z * Math.sqrt((p * (1 - p)) / n + weight / (4 * n));
  return { low: Math.max(0, (centre - half) / (1 + weight)), high: Math.min(1, (centre + half) / (1 + weight)) };
}
