import type { ExactDocument, ExactRestartsDocument, IntervalDocument, RunFigures } from "../../study/run_document.ts";
import type { ExposureDocument, SettingsDocument, SurvivalDocument } from "../../study/run_document.ts";
import {
  formatCount,
  formatFigure,
  formatPercent,
  formatProbability,
  formatRate,
  formatSpan,
  plural,
} from "../number_text.ts";
import type { TableBlock } from "./block.ts";

/** A run, a variant or a point of a sweep: what the table of figures is made of. */
export type FiguredRun = RunFigures & { readonly settings: SettingsDocument; readonly exposure: ExposureDocument };

/** One row: the figure's name, its value, its interval and its value by enumeration; a cell without a value is empty. */
interface FigureRow {
  readonly name: string;
  readonly value: string;
  readonly interval?: string;
  readonly exact?: string;
}

/** The figures of a run with their confidence intervals and exact values; those of probes only if probes were sent. */
export function figureTable(run: FiguredRun): TableBlock {
  const rows = run.probes.total === 0 ? tableRows(run) : [...probeRows(run), ...lifeRows(run), ...tableRows(run)];
  return {
    kind: "table",
    caption: "Figures of the run",
    columns: [
      { title: "Figure" },
      { title: "Value", isNumber: true },
      { title: `${formatPercent(run.probes.interval.level)} interval`, isNumber: true },
      { title: "Exact value", isNumber: true },
    ],
    rows: rows.map(({ name, value, interval = "", exact = "" }) => [name, value, interval, exact]),
  };
}

/** An interval as a cell shows it: `1.65e-4 to 2.56e-4`. */
export function intervalCell({ low, high }: IntervalDocument, format: (value: number) => string): string {
  return `${format(low)} to ${format(high)}`;
}

/** The exact probability of a document as a cell shows it; `none` where it was declined. */
export function exactCell(exact: ExactDocument): string {
  return "probability" in exact ? formatProbability(exact.probability) : "none";
}

/** How the intervals were made and what the exact values rest on, one sentence each. */
export function figureNotes({ probes, readiness, restarts }: FiguredRun): string[] {
  if (probes.total === 0) return [];
  const methods = new Map<string, string[]>();
  for (const [name, interval] of [
    ["failure probability", probes.interval],
    ["restarts", restarts.interval],
    ["Ready", readiness.interval],
  ] as const) {
    if (interval === undefined) continue;
    methods.set(interval.method, [...(methods.get(interval.method) ?? []), name]);
  }
  const { exact } = probes;
  return [
    ...[...methods].map(([method, names]) => `Interval of ${names.join(" and ")}: ${method}.`),
    ...("declined" in exact
      ? [`There is no exact value. ${exact.declined}`]
      : ["The exact value is that of NodePort collisions, by enumeration of the port walk, without a packet."]),
    ...assumptionsOf(exact).map((text) => `Exact probability: ${text}`),
    ...assumptionsOf(restarts.exact).map((text) => `Exact restarts: ${text}`),
  ];
}

function assumptionsOf(exact: ExactDocument | ExactRestartsDocument | undefined): readonly string[] {
  return exact === undefined || "declined" in exact ? [] : exact.assumptions;
}

function probeRows({ probes, readiness, restarts, settings }: FiguredRun): FigureRow[] {
  const { total, failed, probability, interval, exact } = probes;
  const hours = (settings.durationSeconds * settings.replications * (settings.nodes ?? 1)) / 3_600;
  const perHour = (share: number): string => formatRate((share * total) / hours);
  return [
    {
      name: "Failure probability of a probe",
      value: `${formatProbability(probability)}${failed === 0 ? "" : ` (1 in ${formatCount(Math.round(total / failed))})`}`,
      interval: intervalCell(interval, formatProbability),
      exact: exactCell(exact),
    },
    { name: "Failed probes", value: `${formatCount(failed)} of ${formatCount(total)}` },
    {
      name: "Failures per hour of one node",
      value: formatRate(probes.failuresPerHour),
      interval: intervalCell(interval, perHour),
    },
    {
      name: "Failures in a row of one probe, at most",
      value: formatCount(probes.longestRunOfFailures),
    },
    {
      name: "Changes of Ready per node-week",
      value: formatRate(readiness.perNodeWeek ?? (readiness.flips / hours) * 168),
      interval: readiness.interval === undefined ? "" : intervalCell(readiness.interval, formatRate),
    },
    {
      name: "Container restarts per node-week",
      value: formatRate(restarts.perNodeWeek),
      interval: intervalCell(restarts.interval, formatRate),
      exact: restarts.exact === undefined ? "" : exactRestartCell(restarts.exact),
    },
  ];
}

/** A rate that may be very small. */
function exactRestartCell(exact: ExactRestartsDocument): string {
  if ("declined" in exact) return "none";
  return exact.perNodeWeek > 0 && exact.perNodeWeek < 0.01
    ? formatProbability(exact.perNodeWeek)
    : formatRate(exact.perNodeWeek);
}

/** What becomes of nodes and pods, if the run kept it. */
function lifeRows({ life }: FiguredRun): FigureRow[] {
  if (life === undefined) return [];
  const { firstFailure, nodesHitInAWeek } = life;
  const shares = [
    ["Nodes that see a failed probe within a week", nodesHitInAWeek.failure],
    ["Nodes that see a restart within a week", nodesHitInAWeek.restart],
  ] as const;
  return [
    medianRow("Time to a node's first failed probe, median", firstFailure.perNode),
    medianRow("Time to a pod's first failed probe, median", firstFailure.perPod),
    ...shares.map(([name, { share, interval }]) => ({
      name,
      value: formatPercent(share),
      interval: intervalCell(interval, formatPercent),
    })),
  ];
}

function medianRow(name: string, { medianSeconds, medianInterval, watched, events }: SurvivalDocument): FigureRow {
  if (medianSeconds === null) {
    return { name, value: `not within the run (${formatCount(events)} of ${formatCount(watched)})` };
  }
  const high = medianInterval.high === null ? "no bound" : formatSpan(medianInterval.high);
  return { name, value: formatSpan(medianSeconds), interval: `${formatSpan(medianInterval.low)} to ${high}` };
}

/** How full the tables of the kernel were. */
function tableRows({ ports, conntrack, exposure }: FiguredRun): FigureRow[] {
  const [low, high] = exposure.portRange;
  const { mean, p99, max } = ports.candidatesPerConnect;
  const lost = conntrack.dropped + conntrack.earlyDropped;
  return [
    {
      name: "Source ports in use, at most",
      value: `${formatCount(ports.inUseMax)} of ${formatCount(high - low + 1)}`,
    },
    { name: "Sockets in TIME_WAIT, at most", value: formatCount(ports.timeWaitMax) },
    {
      name: "Ports tried per connect: mean, 99th percentile, most",
      value: `${formatRate(mean)}, ${formatFigure(p99)}, ${formatCount(max)}`,
    },
    {
      name: "Conntrack entries, at most",
      value: `${formatCount(conntrack.peak)} of ${formatCount(conntrack.max)}`,
    },
    ...(lost === 0
      ? []
      : [
          {
            name: "Conntrack: packets dropped, entries dropped early",
            value: `${plural(formatCount(conntrack.dropped), "packet")}, ${formatCount(conntrack.earlyDropped)}`,
          },
        ]),
  ];
}
