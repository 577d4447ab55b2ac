import { assert } from "../sim/assert.ts";
import { exp, ln } from "../sim/distributions.ts";

/** A lower and an upper bound. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * The exact two-sided interval of a proportion (Clopper and Pearson, 1934): each tail holds at most (1 - level) / 2.
 * Counts may be fractions, as effective counts are; the bounds are then quantiles of the same beta distributions.
 *
 * @param failures from 0 to `trials`.
 * @param trials greater than 0.
 * @param level between 0 and 1, both excluded.
 */
export function clopperPearson(failures: number, trials: number, level: number): Bounds {
  assert(trials > 0 && failures >= 0 && failures <= trials, "failures lie between 0 and trials, and trials above 0");
  const tail = tailOf(level);
  return {
    low: failures === 0 ? 0 : betaQuantile(tail, failures, trials - failures + 1),
    high: failures === trials ? 1 : betaQuantile(1 - tail, failures + 1, trials - failures),
  };
}

/**
 * The exact two-sided interval of a Poisson mean (Garwood, 1936).
 *
 * @param count what was counted, 0 or more.
 * @param level between 0 and 1, both excluded.
 */
export function garwood(count: number, level: number): Bounds {
  assert(count >= 0, "a count is 0 or more");
  const tail = tailOf(level);
  return {
    low: count === 0 ? 0 : gammaQuantile(tail, count),
    high: gammaQuantile(1 - tail, count + 1),
  };
}

/** The standard normal quantile of `probability`, which lies between 0 and 1, both excluded. */
export function normalQuantile(probability: number): number {
  assert(probability > 0 && probability < 1, "a quantile takes a probability between 0 and 1");
  if (probability < 0.5) return -normalQuantile(1 - probability);
  if (probability === 0.5) return 0;
  return Math.sqrt(2 * gammaQuantile(2 * probability - 1, 0.5)); // half the square of a normal variate is gamma(1/2)
}

/** Student's t quantile of `probability` (between 0 and 1, both excluded) with `degrees` of freedom (above 0). */
export function studentQuantile(probability: number, degrees: number): number {
  assert(probability > 0 && probability < 1, "a quantile takes a probability between 0 and 1");
  assert(degrees > 0, "Student's t has more than 0 degrees of freedom");
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  if (probability === 0.5) return 0;
  const share = betaQuantile(2 * probability - 1, 0.5, degrees / 2); // t² / (t² + degrees) is beta(1/2, degrees/2)
  return Math.sqrt((degrees * share) / (1 - share));
}

/** The probability that a chi-square variate with `degrees` of freedom (above 0) exceeds `value` (0 or more). */
export function chiSquareTail(value: number, degrees: number): number {
  return 1 - regularizedGamma(degrees / 2, value / 2);
}

/**
 * The regularized incomplete beta function I_x(a, b): the distribution function of beta(a, b) at `x`. Within 1e-10,
 * relatively, for parameters up to 10^9; O(sqrt(max(a, b))) steps at worst.
 *
 * @param x from 0 to 1.
 * @param a above 0.
 * @param b above 0.
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  assert(a > 0 && b > 0, "a beta distribution has two parameters above 0");
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x <= 0.5 && (a + b) * x <= 2_000) {
    const series = betaSeries(x, a, b);
    // Far above the mean it grows beyond all numbers, while the term becomes 0.
    if (series < SERIES_MOST) return Math.min(1, betaTerm(x, a, b) * series);
  }
  if (x <= (a + 1) / (a + b + 2)) return betaTerm(x, a, b) / betaFraction(x, a, b);
  return 1 - betaTerm(1 - x, b, a) / betaFraction(1 - x, b, a);
}

/**
 * The regularized lower incomplete gamma function P(shape, x): the distribution function of gamma(shape, 1) at `x`,
 * and the probability that a Poisson variate with mean `x` is at least `shape`.
 *
 * @param shape above 0.
 * @param x 0 or more.
 */
export function regularizedGamma(shape: number, x: number): number {
  assert(shape > 0 && x >= 0, "a gamma distribution has a shape above 0 and values of 0 or more");
  if (x === 0) return 0;
  const term = exp(-stirlingError(shape) - deviance(shape, x, shape - x)) / Math.sqrt(2 * Math.PI * shape);
  if (x >= shape + 1) return 1 - (term * shape) / gammaFraction(shape, x);
  let sum = 1;
  let next = 1;
  for (let step = 1; next > sum * 1e-17; step += 1) {
    assert(step < STEPS_MAX, "the series of the incomplete gamma function ends");
    next *= x / (shape + step);
    sum += next;
  }
  return term * sum;
}

const STEPS_MAX = 1_000_000;
const SERIES_MOST = 1e300;

function tailOf(level: number): number {
  assert(level > 0 && level < 1, "a confidence level lies between 0 and 1");
  return (1 - level) / 2;
}

function betaQuantile(probability: number, a: number, b: number): number {
  return bisect(0, 1, (x) => regularizedBeta(x, a, b) < probability);
}

function gammaQuantile(probability: number, shape: number): number {
  let high = shape + 1;
  while (regularizedGamma(shape, high) < probability) {
    assert(high < shape * 1_000 + 1_000_000, "a gamma quantile is not astronomically large");
    high *= 2;
  }
  return bisect(0, high, (x) => regularizedGamma(shape, x) < probability);
}

/**
 * Halves [low, high] until no number lies between; `isBelow` says whether the quantile lies above its argument. A
 * quantile below 10^-300 is 0, since the densities would leave the range of normal numbers.
 */
function bisect(low: number, high: number, isBelow: (x: number) => boolean): number {
  let below = low;
  let above = high;
  for (let step = 0; step < 1_200; step += 1) {
    const middle = below + (above - below) / 2;
    if (middle <= below || middle >= above) return above;
    if (above < 1e-300) return 0;
    if (isBelow(middle)) below = middle;
    else above = middle;
  }
  return above;
}

/** x^a (1 - x)^b / (a B(a, b)), as a binomial term: it keeps its accuracy when a or b is 10^9 (Loader, 2000). */
function betaTerm(x: number, a: number, b: number): number {
  const n = a + b;
  const excess = a * (1 - x) - b * x;
  const stirling = stirlingError(n) - stirlingError(a) - stirlingError(b);
  const term = exp(stirling - deviance(a, n * x, excess) - deviance(b, n * (1 - x), -excess));
  return term * Math.sqrt(b / (2 * Math.PI * a * n));
}

/**
 * The sum of (a + b)…(a + b + k - 1) / ((a + 1)…(a + k)) x^k: all terms are positive, so small `x` costs no accuracy,
 * where the complement 1 - x in the continued fraction would.
 */
function betaSeries(x: number, a: number, b: number): number {
  let sum = 1;
  let next = 1;
  for (let step = 0; next > sum * 1e-17; step += 1) {
    assert(step < STEPS_MAX, "the series of the incomplete beta function ends");
    next *= ((a + b + step) * x) / (a + 1 + step);
    sum += next;
  }
  return sum;
}

/** The continued fraction 1 + d1/(1 + d2/(1 + …)) of the incomplete beta function, by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let value = 1;
  let ratio = 1;
  let inverse = 0;
  for (let step = 1; step < STEPS_MAX; step += 1) {
    const half = Math.floor(step / 2);
    const top = step % 2 === 0 ? half * (b - half) * x : -(a + half) * (a + b + half) * x;
    const factor = top / ((a + step - 1) * (a + step));
    inverse = 1 / awayFromZero(1 + factor * inverse);
    ratio = awayFromZero(1 + factor / ratio);
    value *= ratio * inverse;
    if (Math.abs(ratio * inverse - 1) < 1e-15) return value;
  }
  assert(false, "the continued fraction of the incomplete beta function ends");
}

/** The continued fraction x + 1 - shape - 1 (1 - shape) / (x + 3 - shape - …) of the upper incomplete gamma function. */
function gammaFraction(shape: number, x: number): number {
  let bottom = x + 1 - shape;
  let value = bottom;
  let ratio = bottom;
  let inverse = 0;
  for (let step = 1; step < STEPS_MAX; step += 1) {
    const top = step * (shape - step);
    bottom += 2;
    inverse = 1 / awayFromZero(bottom + top * inverse);
    ratio = awayFromZero(bottom + top / ratio);
    value *= ratio * inverse;
    if (Math.abs(ratio * inverse - 1) < 1e-15) return value;
  }
  assert(false, "the continued fraction of the incomplete gamma function ends");
}

/** Lentz's method divides by what may happen to be 0: a tiny number in its place does not change the limit. */
function awayFromZero(value: number): number {
  return value === 0 ? 1e-300 : value;
}

/** What Stirling's formula leaves of ln(z!): ln Gamma(z + 1) - (z + 1/2) ln z + z - ln(2 pi) / 2. */
function stirlingError(z: number): number {
  let error = 0;
  let shifted = z;
  // One step up changes the error by (z + 1/2) ln(1 + 1/z) - 1; the series below needs z >= 15.
  for (; shifted < 15; shifted += 1) error += (shifted + 0.5) * ln((shifted + 1) / shifted) - 1;
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series = 1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - (1 / 1188) * square) * square) * square) * square;
  return error + series * inverse;
}

/** `value` ln(value / mean) - `excess`, where `excess` = value - mean, without cancellation when the two are near. */
function deviance(value: number, mean: number, excess: number): number {
  const change = -excess / value;
  if (Math.abs(change) > 0.1) return value * ln(value / mean) - excess;
  // mean = value (1 + change), so this is value (change - ln(1 + change)); ln(1 + change) = 2 (ratio + ratio³/3 + …).
  const ratio = change / (2 + change);
  const square = ratio * ratio;
  let tail = 0;
  for (let power = 17; power >= 3; power -= 2) tail = (tail + 1 / power) * square;
  return value * ratio * (change - 2 * tail);
}
