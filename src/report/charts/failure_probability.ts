import type { RunDocument } from "../../study/run_document.ts";
import type { SweepDocument } from "../../study/sweep_document.ts";
import { formatCount } from "../number_text.ts";
import { printable } from "../text_layout.ts";
import type { Chart, ChartOptions } from "./chart.ts";
import { chartFrame, COLOR, type Layer, SERIES_COLORS, SERIES_DASHES, SERIES_SHAPES } from "./look.ts";
import { probabilityFinding } from "./probability_finding.ts";
import { type ProbabilityRow, type ProbabilityTable, runRows, statedLimit, sweepRows } from "./probability_rows.ts";
import { probabilityScale, type ProbabilityScale } from "./probability_scale.ts";
import { bothWays, settingsText } from "./wording.ts";

const WIDTH = 560;
const HEIGHT = 300;
const ROW_HEIGHT = 34;

/** The failure probability of a run and its variants, or at the points of a sweep; `undefined` where no probe was sent. */
export function failureProbabilityChart(
  document: RunDocument | SweepDocument,
  options: ChartOptions = {},
): Chart | undefined {
  const table = document.format === "run/1" ? runRows(document) : sweepRows(document);
  if (table === undefined || table.rows.length === 0) return undefined;
  const first = document.format === "run/1" ? document : document.points[0]!;
  // The points of a sweep differ on purpose from the scenario that states what it expects.
  const stated = document.format === "run/1" && table.noun === "probe" ? statedLimit(document.expectations) : undefined;
  const limit = limitOf(options.limit, stated);
  const scale = probabilityScale(table.rows, limit?.probability, table.noun);
  const title = probabilityFinding(table);
  const hasExact = table.rows.some(({ exact }) => exact !== null);
  const isKernelVaried = isVaried(document, "kernel");
  const isOfProbes = table.noun === "probe";
  const { kernel: _kernel, ...withoutKernel } = first.settings;
  const subtitle = [
    `${printable(document.scenario.file)}: ${settingsText(isKernelVaried ? withoutKernel : first.settings, isOfProbes ? first.probes.interval.level : undefined)}`,
    isOfProbes ? marksText(document, hasExact) : "Simulated; no probe failed. There are no intervals of connects.",
  ];
  const frame = chartFrame({ title, subtitle, width: WIDTH + 90 });
  const spec = table.isNumeric ? numericSpec(table, scale, limit) : nominalSpec(table, scale, limit);
  return {
    kind: "failure-probability",
    title,
    description: describe(table, limit),
    spec: { ...frame, description: describe(table, limit), ...spec },
  };
}

/** What the marks are. A sweep may have taken the exact value of a point for its estimate. */
function marksText(document: RunDocument | SweepDocument, hasExact: boolean): string {
  const points = document.format === "sweep/1" ? document.points : [];
  const enumerated = points.filter(({ estimator }) => estimator.name === "exact").length;
  if (enumerated > 0 && enumerated === points.length)
    return "Every value is exact, by enumeration; a short simulation contradicted none.";
  const filled =
    enumerated > 0 ? "simulated, with its interval, or exact where it has none" : "simulated, with its interval";
  return `Filled: ${filled}.${hasExact ? " Hollow diamond: exact value by enumeration." : ""}`;
}

/** A probability that is not to be exceeded, and the words beside its line. */
interface Limit {
  readonly probability: number;
  readonly label: string;
}

/** The limit that the user gave, or else the one that the scenario states. */
function limitOf(given: number | undefined, stated: number | undefined): Limit | undefined {
  if (given !== undefined) return { probability: given, label: `limit ${bothWays(given)}` };
  return stated === undefined ? undefined : { probability: stated, label: `expected at most ${bothWays(stated)}` };
}

function isVaried(document: RunDocument | SweepDocument, path: string): boolean {
  if (document.format === "sweep/1") return document.vary.some((factor) => factor.path === path);
  return (document.variants ?? []).some(({ settings }) => settings.kernel !== document.settings.kernel);
}

/** Rows in the unit of the axis. */
function scaled(rows: readonly ProbabilityRow[], { factor }: ProbabilityScale): object[] {
  const round = (value: number): number => Number((value * factor).toPrecision(6));
  return rows.map(({ x, series, probability, low, high, exact, failed, total }) => ({
    x,
    series,
    value: round(probability),
    low: round(low),
    high: round(Math.min(1, high)),
    exact: exact === null ? null : round(exact),
    failed,
    total,
    words: bothWays(probability),
  }));
}

/** How the series are told apart; nothing where there is one. */
function seriesChannels({ rows, seriesTitle }: ProbabilityTable): { color: object; shape: object; dash: object } {
  const names = [...new Set(rows.map(({ series }) => series))];
  if (seriesTitle === undefined) {
    return { color: { value: COLOR.estimate }, shape: { value: "circle" }, dash: { value: [1, 0] } };
  }
  const channel = (range: readonly unknown[]) => ({
    field: "series",
    type: "nominal",
    scale: { domain: names, range: range.slice(0, names.length) },
    legend: { title: seriesTitle },
  });
  return {
    color: channel(SERIES_COLORS),
    shape: channel(SERIES_SHAPES),
    dash: channel(SERIES_DASHES),
  };
}

const TOOLTIP = [
  { field: "x", title: "setting" },
  { field: "words", title: "probability" },
  { field: "failed", title: "failed", format: "," },
  { field: "total", title: "of", format: "," },
] as const;

/** Settings along the lower axis: points with bars, joined, and the exact values. */
function numericSpec(table: ProbabilityTable, scale: ProbabilityScale, limit: Limit | undefined) {
  const { color, shape, dash } = seriesChannels(table);
  const y = (field: string) => ({
    field,
    type: "quantitative",
    title: scale.title,
    scale: scale.scale,
    axis: scale.axis,
  });
  const detail = { field: "series", type: "nominal" };
  const x = {
    field: "x",
    type: "quantitative",
    title: table.axis,
    scale: { zero: false, nice: false, padding: 14 },
    axis: { format: "~r", labelOverlap: true, grid: false },
  };
  const exactLine = { type: "line", strokeWidth: 1, opacity: 0.7, color: COLOR.text };
  const names = [...new Set(table.rows.map(({ series }) => series))];
  // Series stand side by side at each setting, a few pixels apart, so that their bars do not cover each other.
  const perSeries = names.flatMap((name, place) => {
    const xOffset = 6 * (place - (names.length - 1) / 2);
    const transform = [{ filter: { field: "series", equal: name } }];
    return [
      {
        transform,
        mark: { type: "rule", strokeWidth: 1.6, xOffset, x2Offset: xOffset },
        encoding: { x, y: y("low"), y2: { field: "high" }, color },
      },
      {
        transform,
        mark: { type: "point", filled: true, size: 70, opacity: 1, xOffset },
        encoding: { x, y: y("value"), color, shape, tooltip: TOOLTIP },
      },
    ];
  });
  const band = {
    mark: { type: "area", opacity: 0.14 },
    encoding: { x, y: y("low"), y2: { field: "high" }, color, detail },
  };
  const layers = [
    ...(names.length === 1 ? [band] : []),
    { mark: { type: "line", strokeWidth: 1.8 }, encoding: { x, y: y("value"), color, strokeDash: dash } },
    ...perSeries,
    { transform: [{ filter: "datum.exact !== null" }], mark: exactLine, encoding: { x, y: y("exact"), detail } },
    exactPoints({ x, y: y("exact") }),
    ...limitLayers(limit, scale, "y"),
  ];
  return { width: WIDTH, height: HEIGHT, data: { values: scaled(table.rows, scale) }, layer: layersOf(layers) };
}

/** Settings as lines of a list: names of any length stand beside their point. */
function nominalSpec(table: ProbabilityTable, scale: ProbabilityScale, limit: Limit | undefined) {
  const names = [...new Set(table.rows.map(({ x }) => x))];
  const series = [...new Set(table.rows.map((row) => row.series))];
  const { color, shape } = seriesChannels(table);
  const x = (field: string) => ({
    field,
    type: "quantitative",
    title: scale.title,
    scale: scale.scale,
    axis: scale.axis,
  });
  const title = names.length === 1 && table.subject === "variant" ? null : table.axis;
  // Not `sort`: the chart would ask for one name after the other, in an expression as deep as they are many.
  const y = { field: "x", type: "nominal", scale: { domain: names }, title, axis: { grid: true } };
  const offset = series.length > 1 ? { yOffset: { field: "series", type: "nominal", sort: series } } : {};
  const layers = [
    {
      mark: { type: "rule", strokeWidth: 2.4, opacity: 0.8 },
      encoding: { y, x: x("low"), x2: { field: "high" }, color, ...offset },
    },
    {
      mark: { type: "point", filled: true, size: 90, opacity: 1 },
      encoding: { y, x: x("value"), color, shape, tooltip: TOOLTIP, ...offset },
    },
    exactPoints({ y, x: x("exact"), ...offset }),
    ...limitLayers(limit, scale, "x"),
  ];
  const height = names.length * Math.max(ROW_HEIGHT, series.length * 16);
  return { width: WIDTH, height, data: { values: scaled(table.rows, scale) }, layer: layersOf(layers) };
}

function exactPoints(encoding: object) {
  const mark = { type: "point", shape: "diamond", filled: false, size: 110, strokeWidth: 1.5, color: COLOR.text };
  return { transform: [{ filter: "datum.exact !== null" }], mark: { ...mark, opacity: 1 }, encoding };
}

/** A dashed line at the probability that is not to be exceeded, with its label. */
function limitLayers(limit: Limit | undefined, { factor, scale, axis, title }: ProbabilityScale, side: "x" | "y") {
  if (limit === undefined) return [];
  const value = Number((limit.probability * factor).toPrecision(6));
  const data = { values: [{ limit: value, label: limit.label }] };
  const place = { [side]: { field: "limit", type: "quantitative", scale, axis, title } };
  const text =
    side === "y"
      ? { type: "text", align: "right", baseline: "bottom", dy: -3, x: "width" }
      : { type: "text", align: "left", baseline: "bottom", dx: 0, y: -4 };
  const label = { ...text, fontSize: 11 };
  const encoding = { ...place, text: { field: "label", type: "nominal" } };
  return [
    { data, mark: { type: "rule", strokeDash: [6, 4], strokeWidth: 1.4, color: COLOR.bad }, encoding: place },
    // A white rim keeps the words readable on lines and bands.
    { data, mark: { ...label, color: "white", stroke: "white", strokeWidth: 4, strokeJoin: "round" }, encoding },
    { data, mark: { ...label, color: COLOR.bad }, encoding },
  ];
}

/** Layers that were put together from parts; the test of the schema sees that each is one. */
function layersOf(layers: readonly object[]): Layer[] {
  return layers.filter((layer): layer is Layer => "mark" in layer);
}

function describe(table: ProbabilityTable, limit: Limit | undefined): string {
  const { noun } = table;
  const rows = table.rows.map(
    ({ x, series, probability, low, high, exact, failed, total }) =>
      `${x}${series === "" ? "" : ` (${series})`}: ${formatCount(failed)} of ${formatCount(total)} ${noun}s failed, ` +
      bothWays(probability) +
      (noun === "probe" ? `, interval ${bothWays(low)} to ${bothWays(high)}` : "") +
      (exact === null ? "" : `, exact value ${bothWays(exact)}`),
  );
  const shown = rows.slice(0, 24);
  const more = rows.length > shown.length ? ` And ${rows.length - shown.length} more.` : "";
  const line = limit === undefined ? "" : ` A line marks: ${limit.label}.`;
  return `Failure probability of a ${noun} by ${table.axis}. ${shown.join("; ")}.${more}${line}`;
}
