import type { SweepDocument, SweepPoint } from "../../study/sweep_document.ts";
import type { RunDocument } from "../../study/run_document.ts";
import { formatCount, formatFigure, formatPercent, formatProbability, formatSpan, plural } from "../number_text.ts";
import { commandLines } from "../shell_command.ts";
import { sweepExtremes } from "../sweep_text.ts";
import { numberColumn } from "./block.ts";
import type { Block, Tone, WriteUp } from "./block.ts";
import { exactCell, intervalCell } from "./figure_table.ts";
import { remedyBlocks } from "./remedy_steps.ts";
import { chartSection, fileName, identityBlocks, section } from "./run_write_up.ts";
import type { WriteUpParts } from "./run_write_up.ts";
import { scenarioBlocks } from "./settings_table.ts";
import { sweepCommandWords } from "./sweep_command.ts";

/** The most rows of the table; a sweep may have thousands of points, and its files have them all. */
const MOST_ROWS = 200;

const COMMAND_COLUMNS = 90;

/**
 * The write-up of a sweep: where most and fewest probes fail, charts, which values to take, and all points.
 *
 * @param pointsMissing points that are not finished.
 */
export function sweepWriteUp(
  document: SweepDocument,
  { charts, scenarios }: WriteUpParts,
  pointsMissing: number,
): WriteUp {
  const { points, shard, design, vary } = document;
  const [headline = "", ...rest] = sweepExtremes(points);
  const shardText = shard === undefined ? "" : ` These are the points of shard ${shard.index} of ${shard.count}.`;
  const paths = vary.map(({ path }) => path).join(" and ");
  return {
    title: `Sweep of ${fileName(document.scenario.file)} over ${paths}`,
    about: document.scenario.about,
    tone: toneOf(points),
    headline,
    blocks: [
      ...rest.map((text): Block => ({ kind: "text", text })),
      {
        kind: "text",
        text: `${plural(formatCount(points.length), "point")} (${design.kind}), ${bootsText(points)}, all on the same random numbers.${shardText}`,
      },
      ...missingWarning(pointsMissing),
      ...warningBlocks(points),
    ],
    sections: [
      ...chartSection(charts),
      ...section("What to change", adviceBlocks(document)),
      { title: "Figures", blocks: [pointTable(document), ...noteBlocks(document)] },
      {
        title: "Configuration as run",
        blocks: [settingsTable(document), ...scenarioBlocks(scenarios[0], "The scenario, without the varied values")],
      },
      { title: "The same sweep again", blocks: reproductionBlocks(document) },
    ],
  };
}

function toneOf(points: readonly SweepPoint[]): Tone {
  const failing = points.filter(({ probes }) => probes.failed > 0).length;
  if (failing === 0) return points.some(({ probes }) => probes.total > 0) ? "good" : "open";
  return failing === points.length ? "bad" : "open";
}

/** How long each point was simulated, if all were alike. */
function bootsText(points: readonly SweepPoint[]): string {
  const texts = new Set(
    points.map(
      ({ settings }) =>
        `${plural(formatCount(settings.replications), "replication")} of ${formatSpan(settings.durationSeconds)} each`,
    ),
  );
  const [only = ""] = texts;
  return texts.size === 1 ? only : "with replications and durations of their own";
}

function missingWarning(count: number): Block[] {
  if (count === 0) return [];
  return [
    {
      kind: "warning",
      text: `${plural(formatCount(count), "point")} of this sweep are not finished and are left out.`,
    },
  ];
}

/** The warnings of all points, each once, with the points that have it. */
function warningBlocks(points: readonly SweepPoint[]): Block[] {
  const numbers = new Map<string, number[]>();
  for (const { point, warnings } of points) {
    for (const warning of warnings) numbers.set(warning, [...(numbers.get(warning) ?? []), point]);
  }
  return [...numbers].map(([warning, of]) => ({
    kind: "warning",
    text: of.length === points.length ? warning : `Point ${of.join(", ")}: ${warning}`,
  }));
}

/** The most points that the advice names. */
const NAMED_POINTS = 5;

/** The points to take, what they leave to the node, and what to do where most probes fail. */
function adviceBlocks(document: SweepDocument): Block[] {
  const probed = document.points.filter(({ probes }) => probes.total > 0);
  // Of points that are alike, the one that leaves the most source ports comes first.
  const ranked = probed.toSorted(
    (a, b) => a.probes.probability - b.probes.probability || sizeOf(b) - sizeOf(a) || a.point - b.point,
  );
  const [best] = ranked;
  const worst = probed
    .filter(({ probes }) => probes.failed > 0)
    .toSorted((a, b) => b.probes.probability - a.probes.probability || a.point - b.point)[0];
  if (best === undefined || worst === undefined) return [];
  const alike = ranked.filter(({ probes }) => probes.failed === 0);
  const shown = (alike.length > 0 ? alike : [best]).slice(0, NAMED_POINTS);
  const more = alike.length - shown.length;
  const lead =
    alike.length > 0
      ? `No probe failed at ${plural(formatCount(alike.length), "point")}. Of them, with the most source ports first:`
      : "Probes failed at every point. The fewest failed here; see in the chart whether the intervals overlap:";
  const advice = remedyBlocks(asRun(document, worst));
  return [
    { kind: "text", text: lead },
    { kind: "list", items: [...shown.map(choiceText), ...(more > 0 ? [`and ${formatCount(more)} more`] : [])] },
    ...(advice.length === 0
      ? []
      : [
          { kind: "text", text: `Without another value, at ${nameOf(worst)}, where most probes fail:` } as const,
          ...advice,
        ]),
  ];
}

/** A point with its bound and what it costs. */
function choiceText(point: SweepPoint): string {
  const { probes, ports } = point;
  const bound =
    probes.failed === 0
      ? `at most ${formatProbability(probes.interval.high)} (upper end of the ${formatPercent(probes.interval.level)} interval)`
      : `${formatProbability(probes.probability)} (${intervalCell(probes.interval, formatProbability)})`;
  const exact = "probability" in probes.exact ? `, ${formatProbability(probes.exact.probability)} by enumeration` : "";
  return `${nameOf(point)}: failure probability ${bound}${exact}; ${formatCount(sizeOf(point))} source ports, of which at most ${formatCount(ports.inUseMax)} were in use`;
}

function nameOf({ point, values }: SweepPoint): string {
  const settings = Object.entries(values).map(([path, value]) => `${path}=${value}`);
  return `point ${point} (${settings.join(", ")})`;
}

function sizeOf({ exposure }: SweepPoint): number {
  const [low, high] = exposure.portRange;
  return high - low + 1;
}

/** A point as the document of a run. */
function asRun({ scenario }: SweepDocument, { point: _point, values: _values, ...figures }: SweepPoint): RunDocument {
  return { format: "run/1", scenario, ...figures, engine: { ...figures.engine, cpuSeconds: 0, wallSeconds: 0 } };
}

function pointTable({ vary, points }: SweepDocument): Block {
  const level = points[0]?.probes.interval.level ?? 0.95;
  return {
    kind: "table",
    caption:
      points.length > MOST_ROWS
        ? `The first ${MOST_ROWS} of ${formatCount(points.length)} points; points.csv has them all`
        : "All points",
    columns: [
      numberColumn("Point"),
      ...vary.map(({ path }) => ({ title: path })),
      ...["Failed", "Of probes", "Probability", `${formatPercent(level)} interval`, "Exact value"].map(numberColumn),
      ...["Restarts per node-week", "Ports in use, at most"].map(numberColumn),
    ],
    rows: points
      .slice(0, MOST_ROWS)
      .map(({ point, values, probes, restarts, ports }) => [
        String(point),
        ...vary.map(({ path }) => values[path] ?? ""),
        formatCount(probes.failed),
        formatCount(probes.total),
        formatProbability(probes.probability),
        intervalCell(probes.interval, formatProbability),
        exactCell(probes.exact),
        formatFigure(Number(restarts.perNodeWeek.toPrecision(3))),
        formatCount(ports.inUseMax),
      ]),
  };
}

function noteBlocks({ points }: SweepDocument): Block[] {
  const methods = new Set(points.map(({ probes }) => probes.interval.method));
  return [
    {
      kind: "text",
      text:
        "Each interval is of one point by itself: it says nothing of differences between points, nor of all points at " +
        "once. For two points, sim diff gives the difference with its interval.",
    },
    {
      kind: "fold",
      summary: "How the intervals were made",
      blocks: [{ kind: "list", items: [...methods].toSorted() }],
    },
  ];
}

function settingsTable({ scenario, design, vary, overrides, settings, points }: SweepDocument): Block {
  const kernels = [...new Set(points.map((point) => `${point.settings.kernel} (${point.settings.portWalk})`))];
  const options = Object.entries(settings).map(([name, value]) => `--${name} ${value}`);
  return {
    kind: "table",
    caption: "Settings of the sweep",
    columns: [{ title: "Setting" }, { title: "Value" }],
    rows: [
      ["Scenario", scenario.file],
      ["Design", `${design.kind}, seed ${design.seed}`],
      ...vary.map((factor) => [
        `Varied: ${factor.path}`,
        factor.kind === "values"
          ? factor.values.map((value) => (value === "" ? '""' : value)).join(", ")
          : rangeText(factor),
      ]),
      ["Changed from the file", overrides.length === 0 ? "nothing" : overrides.join(", ")],
      ...(options.length === 0 ? [] : [["Options", options.join(" ")]]),
      ["Kernel and port walk", kernels.join(", ")],
    ],
  };
}

function rangeText({
  low,
  high,
  unit,
}: {
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}): string {
  return `${low}${unit} to ${high}${unit}`;
}

function reproductionBlocks(document: SweepDocument): Block[] {
  const { sweep, engine, scenario, design } = document;
  return [
    { kind: "code", language: "sh", lines: commandLines(sweepCommandWords(document), COMMAND_COLUMNS) },
    ...identityBlocks([
      ["portfall", `${engine.version}, build ${engine.build}`],
      ["Scenario file", scenario.digest],
      ["Seed of the design", design.seed],
      ["Sweep", sweep],
    ]),
  ];
}
