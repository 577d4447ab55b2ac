import { isJudged } from "../../study/diff_figures.ts";
import type { DiffDocument, DiffFigure, DiffVerdict } from "../../study/diff_document.ts";
import { figureValue } from "../diff_text.ts";
import { formatFigure, formatPercent } from "../number_text.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { breakText, chartFrame, COLOR } from "./look.ts";
import { filledPoint, numbers, ruleMark } from "./parts.ts";
import { bothWays, settingsText, valueText } from "./wording.ts";

const WIDTH = 420;
const LABEL_WIDTH = 230;
const MOST_FIGURES = 8;
const LINE_HEIGHT = 14;

/** The paired differences of a comparison, B less A, each on an axis of its own with zero, margin and interval. */
export function beforeAfterChart(document: DiffDocument): Chart | undefined {
  const figures = document.figures.filter(
    (figure) => figure.a !== 0 || figure.b !== 0 || figure.figure === document.decidedBy,
  );
  if (figures.length === 0) return undefined;
  // Peaks that are alike in every boot say nothing.
  const peaks = figures.filter((figure) => !isJudged(figure) && figure.interval.high > figure.interval.low);
  const shown = [...figures.filter(isJudged), ...peaks].slice(0, MOST_FIGURES);
  const title = findingOf(document);
  const { a, b, settings } = document;
  const kernels = a.settings.kernel === b.settings.kernel ? { kernel: a.settings.kernel } : {};
  const level = shown[0]!.interval.level;
  const subtitle = [
    `A: ${sideText(document, "a")}`,
    `B: ${sideText(document, "b")}`,
    `${settingsText({ ...kernels, ...settings }, level)}, boots in pairs on the same random numbers. Grey: differences that do not matter.`,
  ];
  const description = `${title}. ${shown.map(figureText).join(" ")}`;
  const spec = {
    ...chartFrame({ title, subtitle, width: WIDTH + LABEL_WIDTH + 40 }),
    description,
    vconcat: shown.map((figure, place) => row(figure, place === shown.length - 1)),
    spacing: 14,
    resolve: { scale: { x: "independent" as const, y: "independent" as const } },
  };
  return { kind: "before-after", title, description, spec };
}

/** One figure: its name and its two values on the left, the difference on the right. */
function row(figure: DiffFigure, isLast: boolean) {
  const { unit, factor } = unitOf(figure);
  const name = `${nameOf(figure)}${unit === "" ? "" : ` (${unit})`}`;
  const values = `${valueOf(figure, figure.a)} → ${valueOf(figure, figure.b)}`;
  const label = [...breakText(name, { size: 11, isBold: false, width: LABEL_WIDTH }), values];
  const { difference, margin } = figure;
  const { low, high } = figure.interval;
  const round = (value: number): number => Number((value * factor).toPrecision(6));
  const reach = 1.12 * Math.max(Math.abs(low), Math.abs(high), margin, Math.abs(difference));
  const data = {
    values: [
      {
        figure: name,
        difference: round(difference),
        low: round(low),
        high: round(high),
        least: -round(margin),
        most: round(margin),
        zero: 0,
      },
    ],
  };
  const x = numbers(
    isLast ? "difference, B less A, each in the unit of its line" : null,
    { domain: [-round(reach), round(reach)], nice: false },
    { tickCount: 5, labelExpr: "datum.value == 0 ? '0' : format(datum.value, '+,~r')", grid: true },
  );
  return {
    width: WIDTH,
    height: Math.max(34, 15 * label.length),
    data,
    layer: rowLayers(figure, x, labelChannel(label)),
  };
}

/** Margin, zero, interval and difference of a figure. */
function rowLayers(figure: DiffFigure, x: (field: string) => object, y: object) {
  const color = colorOf(figure);
  const shape = figure.change === "lower" ? "triangle-left" : figure.change === "higher" ? "triangle-right" : "circle";
  return [
    {
      mark: { type: "bar" as const, height: 26, color: "#DDDDDD" },
      encoding: { y, x: x("least"), x2: { field: "most" } },
    },
    { mark: ruleMark("#555555", 1), encoding: { x: x("zero") } },
    { mark: ruleMark(color, 3), encoding: { y, x: x("low"), x2: { field: "high" } } },
    { mark: { ...filledPoint(color, 100), shape }, encoding: { y, x: x("difference") } },
  ];
}

/** The words on the left of a figure, all rows with the same room for them. */
function labelChannel(label: readonly string[]) {
  return {
    field: "figure",
    type: "nominal" as const,
    title: null,
    axis: {
      labelExpr: JSON.stringify(label),
      ticks: false,
      domain: false,
      minExtent: LABEL_WIDTH,
      labelLineHeight: LINE_HEIGHT,
      labelBaseline: "middle" as const,
      // The first line stands at the middle, and long names would run into the axis.
      labelOffset: (-LINE_HEIGHT * (label.length - 1)) / 2,
    },
  };
}

/** Peaks are neither good nor bad; of all else less is better. */
function colorOf(figure: DiffFigure): string {
  const isChanged = figure.change === "lower" || figure.change === "higher";
  if (!isChanged || !isJudged(figure)) return COLOR.estimate;
  return figure.change === "lower" ? COLOR.good : COLOR.bad;
}

function isProbability({ figure }: DiffFigure): boolean {
  return figure.endsWith(".probability");
}

function unitOf(figure: DiffFigure): { readonly unit: string; readonly factor: number } {
  if (!isProbability(figure)) return { unit: /perNodeWeek$/i.test(figure.figure) ? "" : "count", factor: 1 };
  const largest = Math.max(figure.a, figure.b, Math.abs(figure.interval.low), Math.abs(figure.interval.high));
  return largest >= 0.01 ? { unit: "percentage points", factor: 100 } : { unit: "per million", factor: 1e6 };
}

const NAMES: Readonly<Record<string, string>> = {
  "restarts.perNodeWeek": "restarts per node-week",
  "readiness.flipsPerNodeWeek": "flips of Ready per node-week",
  "probes.probability": "failure probability of a probe",
  "ports.inUseMax": "most ports in use",
  "ports.timeWaitMax": "most TIME_WAIT sockets",
  "conntrack.peak": "most conntrack entries",
};

function nameOf({ figure }: DiffFigure): string {
  const workload = /^workloads\.(.+)\.probability$/.exec(figure)?.[1];
  return (
    NAMES[figure] ?? (workload === undefined ? printable(figure) : `failure probability of ${printable(workload)}`)
  );
}

function valueOf(figure: DiffFigure, value: number): string {
  return isProbability(figure) ? bothWays(value).replace(/ \(.*$/, "") : figureValue(figure, value);
}

const VERDICTS: Readonly<Record<DiffVerdict, string>> = {
  better: "B is better than A",
  worse: "B is worse than A",
  "no-difference": "No difference between A and B at this precision",
  undecided: "Not decided between A and B",
};

function findingOf({ verdict, decidedBy, figures }: DiffDocument): string {
  const figure = figures.find((one) => one.figure === decidedBy);
  if (figure === undefined) return VERDICTS[verdict];
  return `${VERDICTS[verdict]}: ${nameOf(figure)} ${valueOf(figure, figure.a)} → ${valueOf(figure, figure.b)}`;
}

/** What one side sets that the other does not, or its file. */
function sideText({ a, b, settings }: DiffDocument, side: "a" | "b"): string {
  const own = side === "a" ? a : b;
  const shared = settings.overrides;
  const sets = Object.entries(own.settings.overrides)
    .filter(([path, value]) => shared[path] !== value)
    .map(([path, value]) => `${printable(path)}=${valueText(value)}`);
  const file = a.file === b.file && sets.length > 0 ? "" : printable(own.file);
  return [file, ...(sets.length === 0 ? ["as it stands"] : sets)].filter((text) => text !== "").join(", ");
}

function figureText(figure: DiffFigure): string {
  const { difference, interval } = figure;
  const [from, to] = [valueOf(figure, figure.a), valueOf(figure, figure.b)];
  return (
    `${nameOf(figure)}: ${from} to ${to}, difference ${formatFigure(Number(difference.toPrecision(3)))}, ` +
    `${formatPercent(interval.level)} interval ${formatFigure(Number(interval.low.toPrecision(3)))} to ${formatFigure(Number(interval.high.toPrecision(3)))}, ${figure.change}.`
  );
}
