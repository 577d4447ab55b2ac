import type { RunDocument } from "../../study/run_document.ts";
import type { GaugeSeries } from "../../study/series_figures.ts";
import { formatCount, formatPercent } from "../number_text.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { numbers, ruleMark } from "./parts.ts";
import { type TimeUnit, timeUnit } from "./time_unit.ts";
import { settingsText } from "./wording.ts";

const WIDTH = 560;
/** A capacity is drawn where at least this share of it is used; else the line would flatten the curve. */
const NEAR = 0.2;

/** One table that can run full. */
interface Gauge {
  readonly name: string;
  readonly axis: string;
  readonly of: string;
  readonly series: GaugeSeries;
  /** The most at any moment, also between the readings. */
  readonly peak: number;
  readonly color: string;
  readonly dash: readonly number[];
}

/** How full ports, TIME_WAIT and conntrack were over time; `undefined` unless the run was kept with `--out`. */
export function occupancyChart(document: RunDocument): Chart | undefined {
  const { series, ports, conntrack, settings } = document;
  if (series === undefined) return undefined;
  const gauges: Gauge[] = [
    {
      name: "the source ports",
      axis: "ports in use",
      of: "ports that connect() may pick",
      series: series.portsInUse,
      peak: ports.inUseMax,
      color: COLOR.estimate,
      dash: [1, 0],
    },
    {
      name: "the TIME_WAIT room",
      axis: "TIME_WAIT sockets",
      of: "tcp_max_tw_buckets",
      series: series.timeWait,
      peak: ports.timeWaitMax,
      color: COLOR.good,
      dash: [6, 3],
    },
    {
      name: "the conntrack table",
      axis: "conntrack entries",
      of: "nf_conntrack_max",
      series: series.conntrack,
      peak: conntrack.peak,
      color: COLOR.third,
      dash: [2, 2],
    },
  ].filter(({ series: { capacity } }) => capacity > 0);
  const unit = timeUnit(series.everySeconds * series.portsInUse.mean.length);
  const title = findingOf(gauges);
  const description = describe(gauges);
  const subtitle = [
    `${printable(document.scenario.file)}: ${settingsText(settings, undefined)}`,
    `Line: mean of ${settings.replications === 1 ? "one boot" : `${settings.replications} boots, band from the least to the most`}, read ${formatCount(series.portsInUse.mean.length)} times; conntrack also in between. Dotted: the most at any moment.`,
  ];
  const spec = {
    ...chartFrame({ title, subtitle, width: WIDTH + 90 }),
    description,
    vconcat: gauges.map((gauge, place) => view(gauge, series.everySeconds, unit, place === gauges.length - 1)),
    spacing: 18,
  };
  return { kind: "occupancy", title, description, spec };
}

function view(gauge: Gauge, everySeconds: number, unit: TimeUnit, isLast: boolean) {
  const { series, peak, color, dash, axis } = gauge;
  const values = series.mean.map((mean, place) => ({
    at: Number(((everySeconds * (place + 1)) / unit.seconds).toPrecision(6)),
    mean: Number(mean.toPrecision(6)),
    min: series.min[place] ?? mean,
    max: series.max[place] ?? mean,
  }));
  const isNear = peak >= NEAR * series.capacity;
  const top = isNear ? Math.max(peak, series.capacity) * 1.12 : Math.max(1, peak) * 1.35;
  const y = numbers(axis, { domain: [0, top], nice: false }, { tickCount: 4, format: ",d" });
  const x = numbers(
    isLast ? `time since the start of a boot (${unit.name})` : null,
    { domainMin: 0, nice: false },
    { format: "~r", grid: false, labels: isLast },
  )("at");
  return {
    width: WIDTH,
    height: 96,
    layer: [
      {
        data: { values },
        mark: { type: "area" as const, opacity: 0.2, color },
        encoding: { x, y: y("min"), y2: { field: "max" } },
      },
      {
        data: { values },
        mark: { type: "line" as const, color, strokeWidth: 1.8, strokeDash: [...dash] },
        encoding: { x, y: y("mean") },
      },
      { data: { values: [{ line: peak }] }, mark: ruleMark(COLOR.quiet, 1.3, [1, 3]), encoding: { y: y("line") } },
      ...capacityLayers(gauge, isNear, y("line")),
    ],
  };
}

/** The line of the capacity, where it is near, and the words beside the topmost line. */
function capacityLayers({ series: { capacity }, peak, of }: Gauge, isNear: boolean, y: object) {
  const share = formatPercent(peak / capacity);
  const label = isNear
    ? `capacity ${formatCount(capacity)} (${of})`
    : `at most ${formatCount(peak)}, ${share} of ${formatCount(capacity)} (${of})`;
  const color = isNear ? COLOR.bad : COLOR.quiet;
  const data = { values: [{ line: isNear ? capacity : peak, label }] };
  const words = {
    type: "text" as const,
    align: "right" as const,
    baseline: "bottom" as const,
    dy: -3,
    x: "width" as const,
    fontSize: 11,
    color,
  };
  return [
    ...(isNear ? [{ data, mark: ruleMark(color, 1.5), encoding: { y } }] : []),
    { data, mark: words, encoding: { y, text: { field: "label", type: "nominal" as const } } },
  ];
}

function findingOf(gauges: readonly Gauge[]): string {
  const ordered = gauges.toSorted((a, b) => b.peak / b.series.capacity - a.peak / a.series.capacity);
  const full = ordered.filter(({ peak, series }) => peak >= series.capacity);
  if (full.length > 0) {
    return `Full: ${full.map(({ name, series }) => `${name} (${formatCount(series.capacity)})`).join(", ")}`;
  }
  const parts = ordered.map(({ name, peak, series }) => `${formatPercent(peak / series.capacity)} of ${name}`);
  return `Nothing runs full: at most ${parts.join(", ")} in use`;
}

function describe(gauges: readonly Gauge[]): string {
  const parts = gauges.map(({ name, series, peak, of }) => {
    const last = series.mean.at(-1) ?? 0;
    return `${name}: at most ${formatCount(peak)} of ${formatCount(series.capacity)} (${of}), at the end ${formatCount(Math.round(last))} on average`;
  });
  return `Occupancy over time. ${parts.join(". ")}.`;
}
