import { assert } from "../sim/assert.ts";
import { exp } from "../sim/distributions.ts";
import { clopperPearson, garwood, normalQuantile, studentQuantile } from "./binomial.ts";
import type { Bounds } from "./binomial.ts";
import { countDispersion } from "./count_ratio.ts";
import type { Counted } from "./figure_counts.ts";
import { dispersion } from "./intervals.ts";
import type { IntervalDocument } from "./run_document.ts";
import { sum } from "./sum.ts";

/** What one boot counted under both settings, on the same chance. */
export interface PairedBoot {
  readonly a: Counted;
  readonly b: Counted;
}

/** How a figure comes from what boots count: events of trials, events of time, or a level that each boot has once. */
export type FigureKind = "proportion" | "rate" | "level";

/** B less A, with its interval. */
export interface PairedDifference {
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  readonly interval: IntervalDocument;
  /** How many times greater the variance of the difference would be without pairing, by estimate; `null` where nothing varies. */
  readonly varianceReduction: number | null;
}

/** Fewest boots from which a correlation is estimated. */
const CORRELATED_BOOTS = 4;

/**
 * The difference of one figure between two settings, from boots that are paired by their chance, with a two-sided interval.
 *
 * A level takes Student's t of the boots' differences. Events are rare and their counts skewed, so a plain t would miss;
 * they take the square-and-add interval of Newcombe (1998) and of Zou and Donner (2008): the distances from each side's
 * figure to the bounds of its own interval are added as standard errors are. A side's own interval is the exact one
 * (Clopper and Pearson, or Garwood) on an effective sample, divided by the spread between boots and shrunk by (z / t)².
 * A side without any event takes over the other side's spread. The correlation between boots narrows the interval only
 * as far as its own lower confidence bound goes, because few boots estimate it badly; four are needed.
 *
 * @param boots at least one; with one alone no spread between boots can be seen, as the method says.
 * @param level between 0 and 1, both excluded.
 */
export function pairedDifference(boots: readonly PairedBoot[], kind: FigureKind, level = 0.95): PairedDifference {
  assert(boots.length >= 1, "a difference needs at least one pair");
  const a = sideOf(boots.map((boot) => boot.a));
  const b = sideOf(boots.map((boot) => boot.b));
  const spread = spreadOf(a, b);
  const difference = b.figure - a.figure;
  const interval = kind === "level" ? levelInterval(a, b, level) : eventInterval({ a, b, spread, kind, level });
  const varianceReduction = spread.paired > 0 ? spread.unpaired / spread.paired : null;
  return { a: a.figure, b: b.figure, difference, interval, varianceReduction };
}

/** One side: its figure, and how far each boot's contribution is from it. */
interface Side {
  readonly counts: readonly Counted[];
  readonly events: number;
  readonly among: number;
  readonly figure: number;
  /** They add up to nothing; the figure's variance is their mean square over the boots less one. */
  readonly residuals: readonly number[];
}

function sideOf(counts: readonly Counted[]): Side {
  const events = sum(counts.map((count) => count.events));
  const among = sum(counts.map((count) => count.among));
  assert(among > 0, "a figure has trials, time or boots on either side");
  const figure = events / among;
  const residuals = counts.map((count) => ((count.events - figure * count.among) * counts.length) / among);
  return { counts, events, among, figure, residuals };
}

/** Variances between boots, and the correlation of the sides. */
interface Spread {
  readonly unpaired: number;
  readonly paired: number;
  readonly correlation: number;
}

function spreadOf(a: Side, b: Side): Spread {
  const varianceA = meanSquare(a.residuals);
  const varianceB = meanSquare(b.residuals);
  const paired = meanSquare(b.residuals.map((residual, boot) => residual - a.residuals[boot]!));
  const unpaired = varianceA + varianceB;
  const product = Math.sqrt(varianceA * varianceB);
  const correlation = product === 0 ? 0 : Math.max(-1, Math.min(1, (unpaired - paired) / 2 / product));
  return { unpaired, paired, correlation };
}

function levelInterval(a: Side, b: Side, level: number): IntervalDocument {
  const boots = a.counts.length;
  const difference = b.figure - a.figure;
  if (boots === 1)
    return { low: difference, high: difference, level, method: "one pair of boots; no spread can be seen" };
  const paired = meanSquare(b.residuals.map((residual, boot) => residual - a.residuals[boot]!));
  const half = studentQuantile((1 + level) / 2, boots - 1) * Math.sqrt(paired / (boots - 1));
  const method = `Student's t on the differences of ${boots} paired boots`;
  return { low: difference - half, high: difference + half, level, method };
}

interface EventOptions {
  readonly a: Side;
  readonly b: Side;
  readonly spread: Spread;
  readonly kind: "proportion" | "rate";
  readonly level: number;
}

function eventInterval({ a, b, spread, kind, level }: EventOptions): IntervalDocument {
  const boots = a.counts.length;
  const own = { a: overdispersion(a, kind), b: overdispersion(b, kind) };
  const spreadA = a.events === 0 ? own.b : own.a;
  const spreadB = b.events === 0 ? own.a : own.b;
  const degrees = degreesOf((own.a * a.figure) / a.among, (own.b * b.figure) / b.among, boots - 1);
  const boundsA = ownBounds(a, { spread: spreadA, kind, level, degrees });
  const boundsB = ownBounds(b, { spread: spreadB, kind, level, degrees });
  const correlation = trusted(spread.correlation, boots);
  const low = squareAndAdd(b.figure - boundsB.low, boundsA.high - a.figure, correlation);
  const high = squareAndAdd(boundsB.high - b.figure, a.figure - boundsA.low, correlation);
  const exact = kind === "proportion" ? "Clopper-Pearson" : "Garwood";
  const pairs =
    boots === 1
      ? "one pair of boots cannot show the variance between boots, which this interval leaves out"
      : `${boots} paired boots, spread ${own.a.toFixed(2)} and ${own.b.toFixed(2)}, correlation ${correlation.toFixed(2)}, t with ${degrees.toFixed(1)} degrees of freedom`;
  const difference = b.figure - a.figure;
  const method = `Newcombe's square-and-add on ${exact} intervals of effective samples; ${pairs}`;
  return { low: difference - low, high: difference + high, level, method };
}

function overdispersion({ counts }: Side, kind: "proportion" | "rate"): number {
  if (kind === "rate") return Math.max(1, countDispersion(counts.map(({ events }) => events)));
  return Math.max(1, dispersion(counts.map(({ events, among }) => ({ x: events, n: among }))));
}

/** Degrees of freedom of a difference by Welch and Satterthwaite: from those of one side up to twice as many. */
function degreesOf(varianceA: number, varianceB: number, ofOne: number): number {
  const both = varianceA + varianceB;
  return both === 0 ? ofOne : (ofOne * both * both) / (varianceA * varianceA + varianceB * varianceB);
}

/** How one side's own interval is made. */
interface OwnOptions {
  readonly spread: number;
  readonly kind: "proportion" | "rate";
  readonly level: number;
  readonly degrees: number;
}

/** The interval of one side's own figure, on its effective sample. */
function ownBounds(side: Side, { spread, kind, level, degrees }: OwnOptions): Bounds {
  const quantile = (1 + level) / 2;
  const isSpreadSeen = degrees > 0 && (side.events > 0 || spread > 1);
  const shrink = isSpreadSeen ? normalQuantile(quantile) / studentQuantile(quantile, degrees) : 1;
  const effective = (side.among / spread) * shrink * shrink;
  if (kind === "proportion") return clopperPearson(side.figure * effective, effective, level);
  const { low, high } = garwood(side.figure * effective, level);
  return { low: low / effective, high: high / effective };
}

/** How sure the trusted part of a correlation is, one-sided. */
const TRUST = 0.95;

/** The part of a correlation that its own interval (Fisher's z, one-sided) vouches for; 0 where it may have either sign. */
function trusted(correlation: number, boots: number): number {
  if (boots < CORRELATED_BOOTS || correlation === 0) return 0;
  // tanh(atanh(r) - d) is (r - t) / (1 - r t) with t = tanh(d), so that no inverse is needed.
  const decay = exp((-2 * normalQuantile(TRUST)) / Math.sqrt(boots - 3));
  const shift = (1 - decay) / (1 + decay);
  const size = Math.abs(correlation);
  return size <= shift ? 0 : (Math.sign(correlation) * (size - shift)) / (1 - size * shift);
}

/** √(x² + y² − 2 r x y). */
function squareAndAdd(x: number, y: number, correlation: number): number {
  return Math.sqrt(Math.max(0, x * x + y * y - 2 * correlation * x * y));
}

function meanSquare(residuals: readonly number[]): number {
  return sum(residuals.map((residual) => residual * residual)) / residuals.length;
}
