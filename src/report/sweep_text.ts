import { estimatorText, hasChoice } from "./estimator_text.ts";
import type { SweepDocument, SweepPoint } from "../study/sweep_document.ts";
import { formatCount, formatFigure, formatProbability, formatSpan, plural } from "./number_text.ts";
import { shellWord } from "./shell_command.ts";
import { printable, textStyle, wrapText } from "./text_layout.ts";

/** How the table of a sweep is to be set. */
export interface SweepTextOptions {
  readonly color: boolean;
  /** The reader's terminal; what is around the table uses 60 to 100 columns of it. */
  readonly columns: number;
  /** Where the whole result lies, if it was written. */
  readonly folder: string | undefined;
}

/** The most rows of the table; the rest is in the files. */
const MOST_ROWS = 100;

/**
 * The table of a sweep as text for a terminal, with a line feed at its end: what was varied, one row for each point, and
 * at which points most and fewest probes fail.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const settings = ["duration=20s", "replications=1"];
 * const sweep = sweepScenario({ file, text: readFileSync(file, "utf8") }, ["kernel=5.4.188,6.1"], settings);
 * console.log(sweepText(sweep, { color: false, columns: 80, folder: undefined }).split("\n").length > 5); // true
 * ```
 */
export function sweepText(document: SweepDocument, options: SweepTextOptions): string {
  const columns = Math.min(100, Math.max(60, options.columns));
  const style = textStyle(options.color);
  const { points } = document;
  const blocks = [
    headerLines(document, columns),
    tableLines(document).map((line, index) => (index === 0 ? style.bold(line) : line)),
    estimatorText(document).flatMap((sentence) => wrapText(sentence, columns)),
    sweepExtremes(points).flatMap((sentence) => wrapText(sentence, columns)),
    closingLines(document, columns, options.folder),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function headerLines({ scenario, design, points, shard, overrides }: SweepDocument, columns: number): string[] {
  const part = shard === undefined ? "" : `, shard ${shard.index} of ${shard.count}`;
  const [first] = points;
  const boots =
    first === undefined
      ? ""
      : `, ${plural(formatCount(first.settings.replications), "replication")} of ${formatSpan(first.settings.durationSeconds)}`;
  const isAlike = points.every(
    ({ settings }) =>
      settings.replications === first?.settings.replications &&
      settings.durationSeconds === first.settings.durationSeconds,
  );
  const what = `${scenario.file}: ${plural(formatCount(points.length), "point")} (${design.kind}${part})${isAlike ? `${boots} each` : ""}`;
  const lines = [...wrapText(scenario.about, columns), ...wrapText(what, columns)];
  return overrides.length === 0 ? lines : [...lines, ...wrapText(`changed: ${overrides.join(", ")}`, columns)];
}

type Figure = readonly [title: string, read: (point: SweepPoint) => string];

/** Only where points had a choice. */
const ESTIMATOR: Figure = ["estimator", ({ estimator }) => estimator.name];

/** The columns behind the varied values. */
const FIGURES: readonly Figure[] = [
  ["probes", ({ probes }) => formatCount(probes.total)],
  ["failed", ({ probes }) => formatCount(probes.failed)],
  ["probability", ({ probes }) => formatProbability(probes.probability)],
  [
    "interval",
    ({ probes: { interval } }) =>
      interval.low === interval.high
        ? "none needed"
        : `${formatProbability(interval.low)} to ${formatProbability(interval.high)}`,
  ],
  ["exact", ({ probes: { exact } }) => ("probability" in exact ? formatProbability(exact.probability) : "none")],
  ["restarts/week", ({ restarts }) => formatFigure(Number(restarts.perNodeWeek.toPrecision(3)))],
];

function tableLines(document: SweepDocument): string[] {
  const { vary, points } = document;
  const figures = hasChoice(document) ? [ESTIMATOR, ...FIGURES] : FIGURES;
  const titles = ["point", ...vary.map(({ path }) => printable(path)), ...figures.map(([title]) => title)];
  const rows = points
    .slice(0, MOST_ROWS)
    .map((point) => [
      String(point.point),
      ...vary.map(({ path }) => printable(point.values[path] ?? "") || '""'),
      ...figures.map(([, read]) => read(point)),
    ]);
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const lines = [titles, ...rows].map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join("  "));
  const left = points.length - MOST_ROWS;
  return left > 0 ? [...lines, `… and ${plural(formatCount(left), "point")} more`] : lines;
}

/** Where most and fewest probes fail, in sentences; the first is the finding. */
export function sweepExtremes(points: readonly SweepPoint[]): string[] {
  const ordered = points.toSorted((a, b) => b.probes.probability - a.probes.probability || a.point - b.point);
  const most = ordered[0];
  const least = ordered.at(-1);
  if (most === undefined || least === undefined || most.probes.probability === 0)
    return ["No probe failed at any point."];
  const highest = `The failure probability is highest at ${pointText(most)}`;
  const none = points.filter(({ probes }) => probes.probability === 0).length;
  const lowest =
    none > 0 ? `no probe failed at ${plural(formatCount(none), "point")}` : `lowest at ${pointText(least)}`;
  return [`${highest}; ${lowest}.`, ...overlapText(ordered)];
}

/** Says so where chance may have made the first of some points, the highest first, the highest. */
function overlapText([most, ...others]: readonly SweepPoint[]): string[] {
  if (most === undefined || most.probes.interval.low === most.probes.interval.high) return [];
  const alike = others.filter(({ probes }) => probes.interval.high >= most.probes.interval.low).length;
  if (alike === 0) return [];
  const those = alike === 1 ? "that of 1 other point" : `those of ${formatCount(alike)} other points`;
  return [`The interval of point ${most.point} overlaps ${those}: which of them is highest may be chance.`];
}

/** `point 3 (kernel=6.1): 2.02e-4`. */
function pointText({ point, probes, values }: SweepPoint): string {
  const settings = Object.entries(values).map(([path, value]) => `${path}=${value}`);
  return `point ${point} (${settings.join(", ")}): ${formatProbability(probes.probability)}`;
}

/** What to know before comparing rows, and where the rest is. */
function closingLines({ sweep, engine }: SweepDocument, columns: number, folder: string | undefined): string[] {
  const lines = wrapText(
    "All points share their random numbers. Each interval is of one point by itself: it says nothing of differences " +
      "between points, nor of all points at once.",
    columns,
  );
  const files = folder === undefined ? [] : [`result.json, points.csv and points.parquet are in ${shellWord(folder)}`];
  const id = printable(sweep.replace(/^.*:/, "")).slice(0, 12);
  return [...lines, ...files, ...wrapText(`portfall ${engine.version}, sweep ${id}`, columns)];
}
