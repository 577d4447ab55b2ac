import { FAILURE_CAUSES } from "../cluster/replication_result.ts";
import type { CauseCounts, ReplicationResult, WorkloadResult } from "../cluster/replication_result.ts";
import { assert } from "../sim/assert.ts";
import { SECOND } from "../units.ts";
import { chiSquareTail } from "./binomial.ts";
import { dispersion, proportionInterval } from "./intervals.ts";
import type { ProportionInterval, ReplicationCount } from "./intervals.ts";
import { clumpOf, lifeFigures, runsOfFailures, weeklyRate } from "./life_figures.ts";
import type { ExactDocument, RunFigures } from "./run_document.ts";
import { lookWords } from "./stopping_rule.ts";
import type { Look } from "./stopping_rule.ts";

/** What the figures hold beside what the replications counted. */
export interface SummaryOptions {
  readonly exact: ExactDocument;
  /** Confidence level of the intervals; 0.95 if left out. */
  readonly level?: number;
  /** Warnings of the caller, which come before those that the counts give rise to. */
  readonly warnings?: readonly string[];
  /** Whether destinations may lock together on a shared cursor, so that whole boots fail or do not. */
  readonly mayLock?: boolean;
  /** The look of a sequence that stops at a precision, if the replications are those of one. */
  readonly look?: Look;
}

/** Failures listed with their log line. */
const FIRST_FAILURES_MAX = 10;

/** A spread between boots that chance alone gives less often than this is worth a warning. */
const UNLIKELY = 0.001;

/**
 * The figures of `run/1` from the results of all replications of one variant. Rates are per simulated hour or week of
 * one node. The figures depend on the results and their order only, never on who computed them or when.
 *
 * @param results at least one, in ascending order of replication.
 */
export function summarise(results: readonly ReplicationResult[], options: SummaryOptions): RunFigures {
  assert(results.length >= 1, "a summary needs at least one replication");
  for (const [index, result] of results.entries()) {
    const isLater = index === 0 || result.replication > results[index - 1]!.replication;
    assert(isLater, "results arrive in ascending order of replication");
  }
  const level = options.level ?? 0.95;
  const seconds = sum(results, (result) => result.duration * (result.nodes ?? 1)) / SECOND;
  const life = lifeFigures(results, level);
  return {
    probes: probeFigures(results, { ...options, level, seconds }),
    readiness: {
      flips: sum(results, (result) => result.readiness.flips),
      unreadySeconds: sum(results, (result) => result.readiness.unready) / SECOND,
      ...weeklyRate(results, ({ readiness }) => readiness.flips, level),
    },
    restarts: {
      count: sum(results, (result) => result.restarts),
      ...weeklyRate(results, ({ restarts }) => restarts, level),
    },
    ...(life === undefined ? {} : { life }),
    workloads: workloadFigures(results),
    ports: portFigures(results),
    conntrack: {
      max: largest(results, (result) => result.conntrack.max),
      peak: largest(results, (result) => result.conntrack.peak),
      dropped: sum(results, (result) => result.conntrack.dropped),
      earlyDropped: sum(results, (result) => result.conntrack.earlyDropped),
    },
    counters: addUp(results.map((result) => result.counters)),
    warnings: [...(options.warnings ?? []), ...spreadWarnings(results)],
    firstFailures: firstFailures(results),
  };
}

/** How the failures of all probes are reported. */
interface ProbeOptions extends SummaryOptions {
  readonly level: number;
  readonly seconds: number;
}

function probeFigures(results: readonly ReplicationResult[], options: ProbeOptions): RunFigures["probes"] {
  const total = sum(results, (result) => result.probes.total);
  const failed = sum(results, (result) => result.probes.failed);
  const { look, level } = options;
  const { designEffect, ...interval } = probeInterval(results, look?.level ?? level, options.mayLock);
  const isKept = results.every(({ life }) => life !== undefined);
  return {
    total,
    failed,
    probability: total === 0 ? 0 : failed / total,
    interval: look === undefined ? interval : { ...interval, level, method: `${interval.method}${lookWords(look)}` },
    exact: options.exact,
    byCause: addCauses(results.map((result) => result.probes.byCause)),
    longestRunOfFailures: largest(results, (result) => largest(result.series, (series) => series.longestRunOfFailures)),
    ...(isKept ? { runsOfFailures: runsOfFailures(results, level) } : {}),
    failuresPerHour: options.seconds === 0 ? 0 : (failed * 3600) / options.seconds,
    meanSecondsBetweenFailures: failed === 0 ? null : options.seconds / failed,
    designEffect,
  };
}

/** The interval of the failure probability over replications, as the figures have it. */
export function probeInterval(
  results: readonly ReplicationResult[],
  level: number,
  mayLock = false,
): ProportionInterval {
  return proportionInterval(probeCounts(results), level, { mayLock, clump: clumpOf(results) });
}

/** Workloads merged by name, in the order in which the replications first name them. */
function workloadFigures(results: readonly ReplicationResult[]): RunFigures["workloads"] {
  const byName = new Map<string, WorkloadResult[]>();
  for (const workload of results.flatMap((result) => result.workloads)) {
    const parts = byName.get(workload.name);
    if (parts === undefined) byName.set(workload.name, [workload]);
    else parts.push(workload);
  }
  return [...byName].map(([name, parts]) => ({
    name,
    connects: sum(parts, (part) => part.connects),
    failed: sum(parts, (part) => part.failed),
    byCause: addCauses(parts.map((part) => part.byCause)),
  }));
}

function portFigures(results: readonly ReplicationResult[]): RunFigures["ports"] {
  const timeWait = addUp(results.map((result) => result.ports.timeWaitByAddress));
  const averages = new Map<string, number>();
  for (const [address, count] of Object.entries(timeWait)) averages.set(address, Math.round(count / results.length));
  const connects = sum(results, (result) => sum(result.ports.candidates, (count) => count));
  const candidates = sum(results, (result) => result.ports.candidatesSum);
  return {
    timeWaitMax: largest(results, (result) => result.ports.timeWaitMax),
    timeWaitByAddress: Object.fromEntries(averages),
    inUseMax: largest(results, (result) => result.ports.inUseMax),
    candidatesPerConnect: {
      mean: connects === 0 ? 0 : candidates / connects,
      p99: candidatesP99(results, connects),
      max: largest(results, (result) => result.ports.candidatesMax),
    },
  };
}

/** The least k such that 99 % of connects examined at most k candidates; where k is in the gathering entry, its index. */
function candidatesP99(results: readonly ReplicationResult[], connects: number): number {
  const entries = largest(results, (result) => result.ports.candidates.length);
  let seen = 0;
  for (let candidates = 0; candidates < entries; candidates += 1) {
    seen += sum(results, (result) => result.ports.candidates[candidates] ?? 0);
    if (seen > 0 && seen * 100 >= connects * 99) return candidates;
  }
  return 0;
}

/** What the replications' spread says against reading the figures as those of independent probes. */
function spreadWarnings(results: readonly ReplicationResult[]): readonly string[] {
  if (results.length === 1) {
    return [
      "One boot cannot show how much boots differ: the intervals take probes as independent. Use more replications.",
    ];
  }
  const warnings: string[] = [];
  const probes = dispersion(probeCounts(results));
  if (isUnlikely(probes, results.length)) {
    warnings.push(
      `Boots differ: failed probes vary ${probes.toFixed(1)} times as much between boots as independent probes would. ` +
        "The interval allows for it; more replications narrow it, longer ones hardly.",
    );
  }
  // A restart is rare in any microsecond, so the same ratio serves for a Poisson count.
  const restarts = dispersion(results.map((result) => ({ n: result.duration, x: result.restarts })));
  if (isUnlikely(restarts, results.length)) {
    warnings.push(
      `Boots differ: restarts vary ${restarts.toFixed(1)} times as much between boots as independent events would. ` +
        "The interval of their rate allows for it.",
    );
  }
  return warnings;
}

function isUnlikely(ratio: number, replications: number): boolean {
  const degrees = replications - 1;
  return ratio > 1 && chiSquareTail(ratio * degrees, degrees) < UNLIKELY;
}

function firstFailures(results: readonly ReplicationResult[]): RunFigures["firstFailures"] {
  const failures = results.flatMap((result) =>
    result.failures.slice(0, FIRST_FAILURES_MAX).map((failure) => ({
      replication: result.replication,
      atSeconds: failure.at / SECOND,
      series: failure.series,
      localPort: failure.localPort,
      cause: failure.cause,
      logLine: failure.logLine,
    })),
  );
  return failures.slice(0, FIRST_FAILURES_MAX);
}

function probeCounts(results: readonly ReplicationResult[]): readonly ReplicationCount[] {
  return results.map((result) => ({ n: result.probes.total, x: result.probes.failed }));
}

function addCauses(parts: readonly CauseCounts[]): CauseCounts {
  const total: CauseCounts = {
    "nodeport-collision": 0,
    "port-exhaustion": 0,
    "conntrack-full": 0,
    "connection-refused": 0,
    "slow-server": 0,
    "connect-timeout": 0,
    "host-unreachable": 0,
    other: 0,
  };
  for (const cause of FAILURE_CAUSES) total[cause] = sum(parts, (part) => part[cause]);
  return total;
}

/** Named counts added up; names in the order in which they first occur. */
function addUp(parts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const totals = new Map<string, number>();
  for (const part of parts) {
    for (const [name, count] of Object.entries(part)) totals.set(name, (totals.get(name) ?? 0) + count);
  }
  return Object.fromEntries(totals);
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function largest<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((most, item) => Math.max(most, value(item)), 0);
}
