import { type DataPlaneWork, ruleMicros, syncSeconds } from "../cluster/kube_proxy/data_plane_cost.ts";
import { addCauses, addCounts } from "../cluster/add_counts.ts";
import type { ReplicationResult, WorkloadResult } from "../cluster/replication_result.ts";
import { bucketTop, type ConnectTimesResult } from "../cluster/connect_times.ts";
import { assert } from "../sim/assert.ts";
import { SECOND } from "../units.ts";
import { chiSquareTail } from "./binomial.ts";
import { kubeProxyFigures, loadBalancerFigures } from "./dynamics_figures.ts";
import { dispersion, proportionInterval } from "./intervals.ts";
import type { ProportionInterval, ReplicationCount } from "./intervals.ts";
import { clumpOf, lifeFigures, nodeWeeks, runsOfFailures, weeklyRate } from "./life_figures.ts";
import type {
  ConnectSecondsDocument,
  DataPlaneFigures,
  ExactDocument,
  ExactRestartsDocument,
  RunFigures,
} from "./run_document.ts";
import { seriesFigures } from "./series_figures.ts";
import { lookWords } from "./stopping_rule.ts";
import type { Look } from "./stopping_rule.ts";
import { sum, sumOf } from "./sum.ts";

/** What the figures hold beside what the replications counted. */
export interface SummaryOptions {
  readonly exact: ExactDocument;
  readonly exactRestarts?: ExactRestartsDocument;
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
  const seconds = sumOf(results, (result) => result.duration * (result.nodes ?? 1)) / SECOND;
  const life = lifeFigures(results, level);
  const series = seriesFigures(results);
  return {
    probes: probeFigures(results, { ...options, level, seconds }),
    readiness: {
      flips: sumOf(results, (result) => result.readiness.flips),
      unreadySeconds: sumOf(results, (result) => result.readiness.unready) / SECOND,
      ...weeklyRate(results, ({ readiness }) => readiness.flips, level),
    },
    restarts: restartFigures(results, level, options.exactRestarts),
    ...(life === undefined ? {} : { life }),
    workloads: workloadFigures(results),
    ports: portFigures(results),
    conntrack: {
      max: largest(results, (result) => result.conntrack.max),
      peak: largest(results, (result) => result.conntrack.peak),
      ...(results.every((result) => result.conntrack.atEnd !== undefined)
        ? { atEnd: sumOf(results, (result) => result.conntrack.atEnd ?? 0) / results.length }
        : {}),
      dropped: sumOf(results, (result) => result.conntrack.dropped),
      earlyDropped: sumOf(results, (result) => result.conntrack.earlyDropped),
    },
    loadBalancers: loadBalancerFigures(results, level),
    kubeProxy: kubeProxyFigures(results),
    ...(series === undefined ? {} : { series }),
    dataPlane: dataPlaneFigures(results.map((result) => result.dataPlane)),
    counters: addCounts(results.map((result) => result.counters)),
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
  const total = sumOf(results, (result) => result.probes.total);
  const failed = sumOf(results, (result) => result.probes.failed);
  const { look, level } = options;
  const { designEffect, ...interval } = probeInterval(results, look?.level ?? level, options.mayLock);
  const isKept = results.every(({ life }) => life !== undefined);
  return {
    total,
    failed,
    probability: total === 0 ? 0 : failed / total,
    interval: look === undefined ? interval : { ...interval, level, method: `${interval.method}${lookWords(look)}` },
    exact: withGap(options.exact, results, designEffect),
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

/** Failures that the exact values do not speak of. */
function otherFailures(results: readonly ReplicationResult[]): number {
  return sumOf(results, ({ probes }) => probes.failed - probes.byCause["nodeport-collision"]);
}

/** The exact probability with what the estimate is off from it, where all failures are NodePort collisions. */
function withGap(exact: ExactDocument, results: readonly ReplicationResult[], designEffect: number): ExactDocument {
  const total = sumOf(results, (result) => result.probes.total);
  const failed = sumOf(results, (result) => result.probes.failed);
  if ("declined" in exact || total === 0 || otherFailures(results) > 0) return exact;
  const { probability } = exact;
  // Boots that happen to agree are no reason to take the estimate for nearer than independent probes would bring it.
  const standardError = Math.sqrt((Math.max(1, designEffect) * probability * (1 - probability)) / total);
  return { ...exact, gapStandardErrors: gapOf(failed / total - probability, standardError) };
}

/** A difference in standard errors; `null` where chance allows for none and there is one. */
function gapOf(difference: number, standardError: number): number | null {
  if (standardError > 0) return difference / standardError;
  return difference === 0 ? 0 : null;
}

/** Restarts with their rate, its interval, and the exact rate where it was asked for. */
function restartFigures(
  results: readonly ReplicationResult[],
  level: number,
  exact: ExactRestartsDocument | undefined,
): RunFigures["restarts"] {
  const count = sumOf(results, (result) => result.restarts);
  const figures = { count, ...weeklyRate(results, ({ restarts }) => restarts, level) };
  if (exact === undefined) return figures;
  const weeks = sumOf(results, nodeWeeks);
  if ("declined" in exact || weeks === 0 || otherFailures(results) > 0) return { ...figures, exact };
  const expected = exact.perNodeWeek * weeks;
  const standardError = Math.sqrt(expected * Math.max(1, restartDispersion(results)));
  return { ...figures, exact: { ...exact, gapStandardErrors: gapOf(count - expected, standardError) } };
}

/** How much more restarts vary between boots than independent events would. */
function restartDispersion(results: readonly ReplicationResult[]): number {
  // A restart is rare in any microsecond, so the ratio for proportions serves for a Poisson count.
  return dispersion(results.map((result) => ({ n: result.duration, x: result.restarts })));
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
    connects: sumOf(parts, (part) => part.connects),
    failed: sumOf(parts, (part) => part.failed),
    byCause: addCauses(parts.map((part) => part.byCause)),
    connectSeconds: connectSeconds(parts.map((part) => part.connectTimes)),
  }));
}

function connectSeconds(parts: readonly ConnectTimesResult[]): ConnectSecondsDocument {
  const count = sumOf(parts, (part) => part.count);
  if (count === 0) return { mean: null, p99: null, max: null, slowShare: null };
  const max = largest(parts, (part) => part.max);
  return {
    mean: sumOf(parts, (part) => part.sum) / count / SECOND,
    p99: Math.min(connectP99(parts, count), max) / SECOND,
    max: max / SECOND,
    slowShare: sumOf(parts, (part) => part.slow) / count,
  };
}

/** The top of the bucket at or below which 99 % of the handshakes lie, in microseconds. */
function connectP99(parts: readonly ConnectTimesResult[], count: number): number {
  const buckets = parts.flatMap((part) => part.buckets).toSorted(([a], [b]) => a - b);
  let seen = 0;
  for (const [bucket, inBucket] of buckets) {
    seen += inBucket;
    if (seen * 100 >= count * 99) return bucketTop(bucket);
  }
  return 0;
}

function portFigures(results: readonly ReplicationResult[]): RunFigures["ports"] {
  const timeWait = addCounts(results.map((result) => result.ports.timeWaitByAddress));
  const averages = new Map<string, number>();
  for (const [address, count] of Object.entries(timeWait)) averages.set(address, Math.round(count / results.length));
  const connects = sumOf(results, (result) => sum(result.ports.candidates));
  const candidates = sumOf(results, (result) => result.ports.candidatesSum);
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

function dataPlaneFigures(works: readonly DataPlaneWork[]): DataPlaneFigures {
  const mode = works[0]?.mode ?? "ipvs";
  const tested = sumOf(works, (work) => work.natRulesTested);
  const connections = sumOf(works, (work) => work.newConnections);
  const perConnection = connections === 0 ? 0 : tested / connections;
  const passes = sumOf(works, (work) => work.filterPasses);
  const translated = sumOf(works, (work) => work.sourceNat.connections);
  const onNodePort = sumOf(works, (work) => work.sourceNat.onNodePort);
  const full = largest(works, (work) => work.sync.full);
  const change = largest(works, (work) => work.sync.change);
  return {
    mode,
    rules: largest(works, (work) => work.rules),
    entries: largest(works, (work) => work.entries),
    rulesPerNewConnectionMean: perConnection,
    rulesPerPacketMean: passes === 0 ? 0 : sumOf(works, (work) => work.filterRulesTested) / passes,
    newConnectionMicrosMean: ruleMicros(mode, perConnection),
    sync: {
      fullLines: full,
      fullSeconds: syncSeconds(mode, full),
      changeLines: change,
      changeSeconds: syncSeconds(mode, change),
    },
    sourceNat: {
      connections: translated,
      onNodePort,
      onNodePortShare: translated === 0 ? 0 : onNodePort / translated,
    },
  };
}

/** The least k such that 99 % of connects examined at most k candidates; where k is in the gathering entry, its index. */
function candidatesP99(results: readonly ReplicationResult[], connects: number): number {
  const entries = largest(results, (result) => result.ports.candidates.length);
  let seen = 0;
  for (let candidates = 0; candidates < entries; candidates += 1) {
    seen += sumOf(results, (result) => result.ports.candidates[candidates] ?? 0);
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
  const restarts = restartDispersion(results);
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

function largest<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((most, item) => Math.max(most, value(item)), 0);
}
