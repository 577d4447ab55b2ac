import type { SweepDocument } from "../../study/sweep_document.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame } from "./look.ts";
import { factorOf, type VariedFactor } from "./probability_rows.ts";
import { probabilityScale } from "./probability_scale.ts";
import { capitalised } from "../../scenario/wording.ts";
import { bothWays, oneInText, settingsText, valueText } from "./wording.ts";
import { largestOf } from "../extremes.ts";

const MOST_STEPS = 40;

/** One cell of the map. */
interface Cell {
  readonly x: string | number;
  readonly y: string | number;
  readonly probability: number;
  readonly high: number;
  readonly exact: null;
  readonly failed: number;
  readonly total: number;
}

/**
 * The failure probability over two varied paths: cells of a grid, or a cloud of points for other designs.
 *
 * @returns `undefined` unless exactly two paths are varied, or where they have more values than cells can show.
 */
export function failureHeatmapChart(document: SweepDocument): Chart | undefined {
  const points = document.points.filter(({ probes }) => probes.total > 0);
  const [first] = points;
  if (first === undefined || document.vary.length !== 2) return undefined;
  const factors = document.vary.map(({ path }) => factorOf(path, points));
  const [a, b] = factors.toSorted((one, other) => other.distinct - one.distinct);
  const isGrid = document.design.kind === "grid";
  if (a === undefined || b === undefined || (isGrid && a.distinct > MOST_STEPS)) return undefined;
  if (!isGrid && !(a.isNumeric && b.isNumeric)) return undefined;
  const cells = points.map(({ probes }, place): Cell => ({
    x: valueOf(a, place),
    y: valueOf(b, place),
    probability: probes.probability,
    high: probes.probability,
    exact: null,
    failed: probes.failed,
    total: probes.total,
  }));
  const title = findingOf(cells, a, b);
  const isKernelVaried = document.vary.some(({ path }) => path === "kernel");
  const { kernel: _kernel, ...withoutKernel } = first.settings;
  const subtitle = [
    `${printable(document.scenario.file)}: ${settingsText(isKernelVaried ? withoutKernel : first.settings, undefined)} at each point`,
  ];
  const description = describe(cells, a, b);
  const width = isGrid ? Math.max(300, a.distinct * 78) : 460;
  const body = isGrid ? gridView(cells, [a, b], width) : cloudView(cells, [a, b], width);
  const frame = chartFrame({ title, subtitle, width: width + 190 });
  return { kind: "failure-heatmap", title, description, spec: { ...frame, description, ...body } };
}

function valueOf({ isNumeric, values }: VariedFactor, place: number): string | number {
  const value = values[place]!;
  return isNumeric ? Number(value.number) : valueText(value.text);
}

/** The values of an axis: numbers ascending, names in the order in which they were given. */
function domainOf(cells: readonly Cell[], axis: "x" | "y", { isNumeric }: VariedFactor): (string | number)[] {
  const values = [...new Set(cells.map((cell) => cell[axis]))];
  return isNumeric ? values.toSorted((one, other) => Number(one) - Number(other)) : values;
}

function colorOf(cells: readonly Cell[]) {
  const { factor, title, scale, axis } = probabilityScale(cells, undefined);
  const isWide = "type" in scale;
  const channel = {
    field: "value",
    type: "quantitative" as const,
    title,
    // One hue: white is none and dark is much, on the screen and in grey print.
    scale: { ...(isWide ? scale : { domainMin: 0 }), range: ["#F7FBFF", "#6BAED6", "#08306B"] },
    legend: { gradientLength: 120, format: ",~r", ...("values" in axis ? axis : { tickCount: 3 }) },
  };
  return { factor, channel, isWide };
}

function valuesOf(cells: readonly Cell[]): object[] {
  const { factor, isWide } = colorOf(cells);
  const largest = Math.max(1e-12, largestOf(cells.map(({ probability }) => probability)));
  return cells.map(({ x, y, probability, failed, total }) => ({
    x,
    y,
    value: Number((probability * factor).toPrecision(6)),
    label: probability === 0 ? "0" : bothWays(probability).replace(/ \(.*$/, ""),
    ink: probability / largest > (isWide ? 0.1 : 0.65) ? "white" : "#222222",
    words: bothWays(probability),
    failed,
    total,
  }));
}

const TOOLTIP = [
  { field: "words", title: "failed" },
  { field: "failed", title: "probes failed", format: "," },
  { field: "total", title: "probes sent", format: "," },
];

function gridView(cells: readonly Cell[], [a, b]: readonly [VariedFactor, VariedFactor], width: number) {
  const { channel } = colorOf(cells);
  const xs = domainOf(cells, "x", a);
  const ys = domainOf(cells, "y", b).toReversed();
  const longest = Math.max(...xs.map((value) => String(value).length));
  const x = {
    field: "x",
    type: "ordinal" as const,
    sort: xs,
    title: a.axis,
    axis: { labelAngle: longest > 9 ? -40 : 0, labelOverlap: false, format: "d" },
  };
  const y = { field: "y", type: "ordinal" as const, sort: ys, title: b.axis };
  return {
    width,
    height: Math.max(100, ys.length * 40),
    data: { values: valuesOf(cells) },
    layer: [
      {
        mark: { type: "rect" as const, stroke: "#CCCCCC", strokeWidth: 0.6 },
        encoding: { x: a.isNumeric ? x : { ...x, axis: withoutFormat(x.axis) }, y, color: channel, tooltip: TOOLTIP },
      },
      {
        mark: { type: "text" as const, fontSize: 11 },
        encoding: {
          x: a.isNumeric ? x : { ...x, axis: withoutFormat(x.axis) },
          y,
          text: { field: "label", type: "nominal" as const },
          color: { field: "ink", type: "nominal" as const, scale: null },
        },
      },
    ],
    resolve: { scale: { color: "independent" as const } },
  };
}

/** Names have no number format. */
function withoutFormat({
  format: _format,
  ...axis
}: {
  readonly labelAngle: number;
  readonly labelOverlap: boolean;
  readonly format: string;
}) {
  return axis;
}

function cloudView(cells: readonly Cell[], [a, b]: readonly [VariedFactor, VariedFactor], width: number) {
  const { channel } = colorOf(cells);
  const axis = { format: "~r", grid: true };
  return {
    width,
    height: 360,
    data: { values: valuesOf(cells) },
    mark: { type: "point" as const, filled: true, opacity: 1, stroke: "#444444", strokeWidth: 0.6 },
    encoding: {
      x: { field: "x", type: "quantitative" as const, title: a.axis, scale: { zero: false, padding: 12 }, axis },
      y: { field: "y", type: "quantitative" as const, title: b.axis, scale: { zero: false, padding: 12 }, axis },
      color: channel,
      size: { field: "value", type: "quantitative" as const, scale: { range: [40, 260] }, legend: null },
      tooltip: TOOLTIP,
    },
  };
}

function findingOf(cells: readonly Cell[], a: VariedFactor, b: VariedFactor): string {
  const ordered = cells.toSorted((one, other) => other.probability - one.probability);
  const most = ordered[0]!;
  if (most.failed === 0) return `No probe failed at any of ${cells.length} points`;
  const at = ({ x, y }: Cell): string => `${a.path} ${x} and ${b.path} ${y}`;
  const none = cells.filter(({ failed }) => failed === 0).length;
  const rest =
    none > 0
      ? `none fails at ${none} of ${cells.length} points`
      : `${oneInText(ordered.at(-1)!.probability).replace(/ (of )?probes?( fails?)?$/, "")} at ${at(ordered.at(-1)!)}`;
  return capitalised(`${oneInText(most.probability)} at ${at(most)}; ${rest}`);
}

function describe(cells: readonly Cell[], a: VariedFactor, b: VariedFactor): string {
  const rows = cells
    .toSorted((one, other) => other.probability - one.probability)
    .slice(0, 12)
    .map(({ x, y, probability, failed, total }) => `${x} and ${y}: ${bothWays(probability)}, ${failed} of ${total}`);
  return `Failure probability of a probe by ${a.axis} and ${b.axis}, ${cells.length} points. The highest: ${rows.join("; ")}.`;
}
