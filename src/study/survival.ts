import type { Micros } from "../units.ts";
import { SECOND } from "../units.ts";
import { proportionInterval } from "./intervals.ts";
import type { IntervalDocument, SurvivalDocument } from "./run_document.ts";

/** How long one pod or node was watched, and whether the watch ended with the event or without it (censored). */
export interface Lifetime {
  readonly at: Micros;
  readonly isEvent: boolean;
}

/** A step of a survival curve: from `at` on, this share has not had the event. */
export interface SurvivalStep {
  readonly at: Micros;
  readonly surviving: number;
}

/**
 * The product-limit estimate of the share without the event (Kaplan and Meier, 1958): one step for each moment with an
 * event, in order of time. Whoever is censored at the moment of an event was still at risk. O(n log n).
 */
export function kaplanMeier(lifetimes: readonly Lifetime[]): readonly SurvivalStep[] {
  const sorted = lifetimes.toSorted((a, b) => a.at - b.at);
  const steps: SurvivalStep[] = [];
  let surviving = 1;
  for (let index = 0; index < sorted.length;) {
    const { at } = sorted[index]!;
    const atRisk = sorted.length - index;
    let events = 0;
    for (; index < sorted.length && sorted[index]!.at === at; index += 1) if (sorted[index]!.isEvent) events += 1;
    if (events === 0) continue;
    surviving *= 1 - events / atRisk;
    steps.push({ at, surviving });
  }
  return steps;
}

/** Points of a survival curve in a document, evenly spaced from the start to the longest watch. */
const CURVE_POINTS = 12;

/**
 * The survival curve of pods or nodes with its median. Intervals are pointwise and those of `proportionInterval` between
 * replications, because pods of one boot share its cursor; a unit that was censored earlier is left out of a later point.
 *
 * @param boots the lifetimes of each replication.
 * @param level of the intervals, between 0 and 1, both excluded.
 */
export function survivalFigures(boots: readonly (readonly Lifetime[])[], level: number): SurvivalDocument {
  const all = boots.flat();
  const steps = kaplanMeier(all);
  const hitBy = (at: Micros): IntervalDocument =>
    proportionInterval(
      boots.map((boot) => countHit(boot, at)),
      level,
    );
  const longest = all.reduce((most, { at }) => Math.max(most, at), 0);
  const curve = Array.from({ length: CURVE_POINTS }, (_, index) => {
    const at = (longest * (index + 1)) / CURVE_POINTS;
    const { low, high } = hitBy(at);
    return { atSeconds: at / SECOND, surviving: survivingAt(steps, at), low: 1 - high, high: 1 - low };
  });
  const median = steps.find(({ surviving }) => surviving <= 0.5 + ROUNDING);
  const { method } = hitBy(longest);
  return {
    watched: all.length,
    events: all.filter(({ isEvent }) => isEvent).length,
    medianSeconds: median === undefined ? null : median.at / SECOND,
    medianInterval: {
      // With a few units only not even none of them bounds the share below one half.
      low: hitBy(0).high >= 0.5 ? 0 : (secondsAt(steps, (at) => hitBy(at).high >= 0.5) ?? longest / SECOND),
      high: secondsAt(steps, (at) => hitBy(at).low >= 0.5),
      level,
      method: `where the pointwise intervals of the curve cross one half; ${method}`,
    },
    curve,
  };
}

/** What a product of shares that come to one half may be off by. */
const ROUNDING = 1e-12;

/** Of the units whose state at a moment is known, those that have had the event. */
export function countHit(lifetimes: readonly Lifetime[], at: Micros): { readonly n: number; readonly x: number } {
  let n = 0;
  let x = 0;
  for (const lifetime of lifetimes) {
    const isHit = lifetime.isEvent && lifetime.at <= at;
    if (isHit) x += 1;
    if (isHit || lifetime.at >= at) n += 1;
  }
  return { n, x };
}

function survivingAt(steps: readonly SurvivalStep[], at: Micros): number {
  return steps.findLast((step) => step.at <= at)?.surviving ?? 1;
}

/** The first step at which a condition holds that then goes on to hold, in seconds; `null` if it never does. */
function secondsAt(steps: readonly SurvivalStep[], holds: (at: Micros) => boolean): number | null {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(steps[middle]!.at)) high = middle;
    else low = middle + 1;
  }
  const step = steps[low];
  return step === undefined ? null : step.at / SECOND;
}
