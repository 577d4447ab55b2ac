import { formatFigure } from "../../src/report/number_text.ts";
import type { ComparedResults } from "./against.ts";
import type { BenchCase } from "./bench_case.ts";
import type { BenchDocument, Figure } from "./bench_document.ts";
import { type JudgedBound, judgeBounds } from "./bounds.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** Lines whose columns stand under each other; the last column may be of any width. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd());
}

/** Three significant digits: more are noise. */
export function figureText(value: number): string {
  return formatFigure(Number(value.toPrecision(3)));
}

/** `29.8 to 33.1`, or nothing if there was one round. */
export function rangeText({ low, high }: Spread, rounds: number): string {
  return rounds > 1 ? `${figureText(low)} to ${figureText(high)}` : "";
}

/** `holds`, `DOES NOT HOLD`, or nothing where there is no limit. */
function verdictText({ limit, holds }: JudgedBound): string {
  if (holds === undefined) return "";
  return `${limit}: ${holds ? "holds" : "DOES NOT HOLD"}`;
}

/** All figures as a table for a terminal, each case with its bounds. */
export function benchText(document: BenchDocument, cases: readonly BenchCase[]): string {
  const bounds = judgeBounds(document, cases);
  const blocks = document.cases.map(({ name, points }) => {
    const about = cases.find((one) => one.name === name)?.about ?? "";
    const rows = points.flatMap((point) => point.figures.map((figure) => figureRow(point.name, figure)));
    const missing = points.flatMap((point) =>
      point.missing === undefined ? [] : [`  ${point.name}: ${point.missing}`],
    );
    const own = bounds.filter(({ caseName }) => caseName === name).map(boundRow(document.rounds));
    return [`${name}: ${about}`, ...aligned(rows), ...missing, ...aligned(own)].join("\n");
  });
  return `${[headText(document), ...blocks, summaryText(bounds)].filter((block) => block !== "").join("\n\n")}\n`;
}

/** What was measured with what. */
export function headText({ portfall, node, machine, rounds, size }: BenchDocument): string {
  const of = rounds === 1 ? "one round" : `medians of ${rounds} rounds (lowest to highest)`;
  const work = size === "quick" ? ", a tenth of the work" : "";
  return `portfall ${portfall}, Node ${node}, ${machine.cpu}, ${machine.platform}: CPU time, ${of}${work}`;
}

function figureRow(point: string, { measure, unit, values }: Figure): string[] {
  const spread = spreadOf(values);
  return [point, measure, figureText(spread.median).padStart(9), unit, rangeText(spread, values.length)];
}

function boundRow(rounds: number): (bound: JudgedBound) => string[] {
  return (bound) => [
    bound.says,
    figureText(bound.spread.median).padStart(9),
    bound.unit,
    rangeText(bound.spread, rounds),
    verdictText(bound),
  ];
}

function summaryText(bounds: readonly JudgedBound[]): string {
  const limited = bounds.filter(({ holds }) => holds !== undefined);
  const broken = limited.filter(({ holds }) => holds === false);
  if (limited.length === 0) return "";
  const list = broken.map(
    ({ caseName, says, spread, limit }) => `  ${caseName}: ${says}: ${figureText(spread.median)}, ${limit}`,
  );
  const head = `${limited.length} limits: ${limited.length - broken.length} hold, ${broken.length} ${broken.length === 1 ? "does" : "do"} not${list.length > 0 ? ":" : ""}`;
  return [head, ...list].join("\n");
}

/** A comparison as a table for a terminal. */
export function againstText({ comparisons, warnings }: ComparedResults, file: string): string {
  if (comparisons.length === 0) return `Nothing to compare: ${file} has none of these figures.\n`;
  const header = ["case", "point", "figure", "before".padStart(9), "now".padStart(9), "", "ratio", "spread", "verdict"];
  const rows = comparisons.map(({ caseName, point, measure, before, now, unit, ratio, verdict }) => [
    caseName,
    point,
    measure,
    figureText(before).padStart(9),
    figureText(now).padStart(9),
    unit,
    ratio.median.toFixed(3),
    `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`,
    verdict,
  ]);
  const changed = comparisons.filter(({ percent }) => percent !== undefined);
  const worse = changed.filter(({ percent }) => percent !== undefined && percent > 0);
  const summary =
    `Against ${file} (ratio of costs, above 1 is worse): of ${comparisons.length} figures ${worse.length} are worse, ` +
    `${changed.length - worse.length} better, beyond the noise of both.`;
  return `${[...warnings.map((warning) => `note: ${warning}`), ...aligned([header, ...rows]), summary].join("\n")}\n`;
}
