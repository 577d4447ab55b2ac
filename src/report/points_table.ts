import { FAILURE_CAUSES } from "../cluster/replication_result.ts";
import type { PointFigures, SweepDocument, SweepPoint } from "../study/sweep_document.ts";

/** What a column of a table holds; `count` is a whole number. */
export type ColumnKind = "text" | "number" | "count";

/** A column of the table of a sweep's points. */
export interface PointColumn {
  /** With its unit, where it has one; a varied path keeps its dots. */
  readonly name: string;
  readonly kind: ColumnKind;
  /** `null` where a point has no such figure. */
  readonly values: readonly (string | number | null)[];
}

/** A figure of a point: its column's name and kind, and how to read it. */
type Figure = readonly [name: string, kind: ColumnKind, read: (point: PointFigures) => string | number | null];

/** The figures of a point, in the order of the columns. */
const FIGURES: readonly Figure[] = [
  ["kernel", "text", ({ settings }) => settings.kernel],
  ["portWalk", "text", ({ settings }) => settings.portWalk],
  ["seed", "text", ({ settings }) => settings.seed],
  ["estimator", "text", ({ estimator }) => estimator.name],
  ["estimatorReason", "text", ({ estimator }) => estimator.why],
  ["pilotProbesFailedCount", "count", ({ estimator }) => estimator.pilot?.failed ?? null],
  ["pilotProbesFailedExpected", "number", ({ estimator }) => estimator.pilot?.expected ?? null],
  ["replications", "count", ({ settings }) => settings.replications],
  ["durationSeconds", "number", ({ settings }) => settings.durationSeconds],
  ["portRangeLow", "count", ({ exposure }) => exposure.portRange[0]],
  ["portRangeHigh", "count", ({ exposure }) => exposure.portRange[1]],
  ["nodePortsCount", "count", ({ exposure }) => exposure.nodePorts.length],
  ["nodePortsReachableCount", "count", ({ exposure }) => exposure.reachable.length],
  ["probesCount", "count", ({ probes }) => probes.total],
  ["probesFailedCount", "count", ({ probes }) => probes.failed],
  ["probesFailedProbability", "number", ({ probes }) => probes.probability],
  ["probesFailedProbabilityLow", "number", ({ probes }) => probes.interval.low],
  ["probesFailedProbabilityHigh", "number", ({ probes }) => probes.interval.high],
  ["probesFailedProbabilityLevel", "number", ({ probes }) => probes.interval.level],
  [
    "probesFailedProbabilityExact",
    "number",
    ({ probes: { exact } }) => ("probability" in exact ? exact.probability : null),
  ],
  ["designEffect", "number", ({ probes }) => probes.designEffect],
  ...FAILURE_CAUSES.map((cause): Figure => [
    `probesFailedBy${pascal(cause)}Count`,
    "count",
    ({ probes }) => probes.byCause[cause],
  ]),
  ["probesFailedInARowMax", "count", ({ probes }) => probes.longestRunOfFailures],
  ["probesFailedPerHour", "number", ({ probes }) => probes.failuresPerHour],
  ["probesFailedIntervalMeanSeconds", "number", ({ probes }) => probes.meanSecondsBetweenFailures],
  ["readyFlipsCount", "count", ({ readiness }) => readiness.flips],
  ["unreadySeconds", "number", ({ readiness }) => readiness.unreadySeconds],
  ["restartsCount", "count", ({ restarts }) => restarts.count],
  ["restartsPerNodeWeek", "number", ({ restarts }) => restarts.perNodeWeek],
  ["restartsPerNodeWeekLow", "number", ({ restarts }) => restarts.interval.low],
  ["restartsPerNodeWeekHigh", "number", ({ restarts }) => restarts.interval.high],
  ["timeWaitSocketsMax", "count", ({ ports }) => ports.timeWaitMax],
  ["portsInUseMax", "count", ({ ports }) => ports.inUseMax],
  ["candidatesPerConnectMean", "number", ({ ports }) => ports.candidatesPerConnect.mean],
  ["candidatesPerConnectP99", "count", ({ ports }) => ports.candidatesPerConnect.p99],
  ["candidatesPerConnectMax", "count", ({ ports }) => ports.candidatesPerConnect.max],
  ["conntrackEntriesPeak", "count", ({ conntrack }) => conntrack.peak],
  ["conntrackPacketsDropped", "count", ({ conntrack }) => conntrack.dropped],
  ["conntrackEntriesEarlyDropped", "count", ({ conntrack }) => conntrack.earlyDropped],
  ["expectationsFailedCount", "count", ({ expectations }) => expectations.filter(({ ok }) => !ok).length],
  ["engineEventsCount", "count", ({ engine }) => engine.events],
  ["engineFingerprint", "text", ({ engine }) => engine.fingerprint],
];

/**
 * The table of a sweep's points, one row each: the point's number, the varied values, then the figures.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const settings = ["duration=20s", "replications=1"];
 * const sweep = sweepScenario({ file, text: readFileSync(file, "utf8") }, ["kernel=5.4.188,6.1"], settings);
 * console.log(pointColumns(sweep).slice(0, 3).map(({ name }) => name)); // [ 'point', 'kernel', 'portWalk' ]
 * ```
 */
export function pointColumns({ vary, points }: SweepDocument): readonly PointColumn[] {
  const varied = vary.map(({ path }) => variedColumn(path, points));
  const taken = new Set(varied.map(({ name }) => name));
  const figures = FIGURES.filter(([name]) => !taken.has(name)).map(([name, kind, read]) => ({
    name,
    kind,
    values: points.map(read),
  }));
  return [{ name: "point", kind: "count", values: points.map(({ point }) => point) }, ...varied, ...figures];
}

/** Paths whose values look like numbers and are names: 5.10 is no 5.1. */
const NAMES = /^(kernel|seed)$|^kernel\.(build|portWalk)$|(^|\.)version$/;

/** The values of a varied path as numbers in one unit if all of them are such, else their texts. */
export function variedColumn(path: string, points: readonly Pick<SweepPoint, "values">[]): PointColumn {
  const texts = points.map(({ values }) => values[path] ?? "");
  const read = NAMES.test(path) ? undefined : READERS.find(({ pattern }) => texts.every((text) => pattern.test(text)));
  if (read === undefined) return { name: path, kind: "text", values: texts };
  return { name: `${path}${read.unit}`, kind: "number", values: texts.map(read.value) };
}

const SECONDS: Readonly<Record<string, number>> = {
  us: 0.000_001,
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
};

/** How texts become numbers, and what their column's name says of the unit. */
const READERS: readonly {
  readonly pattern: RegExp;
  readonly unit: string;
  readonly value: (text: string) => number;
}[] = [
  { pattern: /^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?$/, unit: "", value: Number },
  {
    pattern: /^[0-9]+(\.[0-9]+)?\/[smhd]$/,
    unit: "PerSecond",
    value: (text) => Number(text.slice(0, -2)) / (SECONDS[text.slice(-1)] ?? 1),
  },
  {
    pattern: /^[0-9]+(\.[0-9]+)?(us|ms|s|m|h|d)$/,
    unit: "Seconds",
    value: (text) => Number.parseFloat(text) * (SECONDS[text.replace(/^[0-9.]+/, "")] ?? 1),
  },
];

/** `nodeport-collision` as `NodeportCollision`. */
function pascal(words: string): string {
  return words.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
