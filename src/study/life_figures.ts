import type { FirstTimes, LifeResult, ReplicationResult } from "../cluster/replication_result.ts";
import { RUN_LENGTHS } from "../cluster/replication_result.ts";
import { exp } from "../sim/distributions.ts";
import type { Micros } from "../units.ts";
import { SECOND } from "../units.ts";
import { proportionInterval, rateInterval } from "./intervals.ts";
import type { ReplicationCount } from "./intervals.ts";
import type { IntervalDocument, LifeDocument, RunOfFailures, ShareDocument, SurvivalDocument } from "./run_document.ts";
import { countHit, survivalFigures } from "./survival.ts";
import type { Lifetime } from "./survival.ts";
import { sumOf } from "./sum.ts";

/** Seven days. */
export const WEEK: Micros = 604_800 * SECOND;

/** Node-weeks that one replication simulates. */
export function nodeWeeks(result: ReplicationResult): number {
  return (result.duration * (result.nodes ?? 1)) / WEEK;
}

/** A count of each replication as a rate per node-week; zero to zero where no time was simulated. */
export function weeklyRate(
  results: readonly ReplicationResult[],
  count: (result: ReplicationResult) => number,
  level: number,
): { readonly perNodeWeek: number; readonly interval: IntervalDocument } {
  const counts: ReplicationCount[] = results.map((result) => ({ n: nodeWeeks(result), x: count(result) }));
  const weeks = sumOf(counts, ({ n }) => n);
  if (weeks === 0) return { perNodeWeek: 0, interval: { low: 0, high: 0, level, method: "no time was simulated" } };
  const events = sumOf(counts, ({ x }) => x);
  return { perNodeWeek: events / weeks, interval: rateInterval(counts, level) };
}

/** How many failures in a row come of each length, and how often in a week of one node; only lengths that came. */
export function runsOfFailures(results: readonly ReplicationResult[], level: number): readonly RunOfFailures[] {
  const lengths = Array.from({ length: RUN_LENGTHS }, (_, index) => index + 1);
  return lengths.flatMap((length) => {
    const countOf = (result: ReplicationResult): number => result.life?.runs[length - 1] ?? 0;
    const count = sumOf(results, countOf);
    if (count === 0) return [];
    return [{ length, isAtLeast: length === RUN_LENGTHS, count, ...weeklyRate(results, countOf, level) }];
  });
}

/** How many failures come in a row, seen from one of them: the mean run that a failure is in; 1 where nobody kept runs. */
export function clumpOf(results: readonly ReplicationResult[]): number {
  let failures = 0;
  let squares = 0;
  for (const { life } of results) {
    for (const [index, count] of (life?.runs ?? []).entries()) {
      failures += count * (index + 1);
      squares += count * (index + 1) * (index + 1);
    }
  }
  return failures === 0 ? 1 : squares / failures;
}

/** First failures and restarts of pods and nodes; `undefined` where a replication did not keep them. */
export function lifeFigures(results: readonly ReplicationResult[], level: number): LifeDocument | undefined {
  const boots = results.flatMap(({ life, duration }) => (life === undefined ? [] : [{ life, duration }]));
  if (boots.length < results.length) return undefined;
  const lifetimes = (
    units: (life: LifeResult) => readonly FirstTimes[],
    event: keyof FirstTimes,
  ): readonly (readonly Lifetime[])[] =>
    boots.map(({ life, duration }) =>
      units(life).map((times) => ({ at: times[event] ?? duration, isEvent: times[event] !== null })),
    );
  const both = (
    event: keyof FirstTimes,
  ): { readonly perPod: SurvivalDocument; readonly perNode: SurvivalDocument } => ({
    perPod: survivalFigures(
      lifetimes(({ pods }) => pods, event),
      level,
    ),
    perNode: survivalFigures(
      lifetimes(({ nodes }) => nodes, event),
      level,
    ),
  });
  const hitInAWeek = (event: keyof FirstTimes): ShareDocument =>
    weekShare(
      lifetimes(({ nodes }) => nodes, event),
      level,
    );
  return {
    firstFailure: both("failure"),
    firstRestart: both("restart"),
    nodesHitInAWeek: { failure: hitInAWeek("failure"), restart: hitInAWeek("restart") },
  };
}

/** The share of nodes that have had the event within a week: counted where all were watched so long, else extrapolated. */
function weekShare(boots: readonly (readonly Lifetime[])[], level: number): ShareDocument {
  const all = boots.flat();
  if (all.every(({ at, isEvent }) => isEvent || at >= WEEK)) {
    const counts = boots.map((boot) => countHit(boot, WEEK));
    const { designEffect: _designEffect, ...interval } = proportionInterval(counts, level);
    const n = sumOf(counts, (count) => count.n);
    return { share: n === 0 ? 0 : sumOf(counts, (count) => count.x) / n, interval };
  }
  const counts = boots.map((boot) => ({
    n: sumOf(boot, ({ at }) => at) / WEEK,
    x: boot.filter(({ isEvent }) => isEvent).length,
  }));
  const weeks = sumOf(counts, ({ n }) => n);
  if (weeks === 0) return { share: 0, interval: { low: 0, high: 1, level, method: "no time was simulated" } };
  const { low, high, method } = rateInterval(counts, level);
  const rate = sumOf(counts, ({ x }) => x) / weeks;
  const words = `extrapolated to a week: nodes that have not been hit go on to be at the rate seen until then; ${method}`;
  return { share: hit(rate), interval: { low: hit(low), high: hit(high), level, method: words } };
}

/** A rate at which the share is 1 to all digits. */
const MOST_RATE = 700;

/** The share that an event of this rate has reached after one unit of time. */
function hit(rate: number): number {
  return 1 - exp(-Math.min(rate, MOST_RATE));
}
