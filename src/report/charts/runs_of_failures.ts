import type { RunDocument } from "../../study/run_document.ts";
import { formatCount, formatRate, plural } from "../number_text.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { settingsText } from "./wording.ts";

const WIDTH = 520;

/** How many probes fail in a row, by length, per node-week; `undefined` where nobody kept it or nothing failed. */
export function runsOfFailuresChart(document: RunDocument): Chart | undefined {
  const runs = document.probes.runsOfFailures ?? [];
  if (runs.length === 0) return undefined;
  const { exact } = document.restarts;
  const exactRuns = exact === undefined || "declined" in exact ? [] : exact.runs;
  const names = [...runs.map((run) => lengthText(run))];
  const longest = document.probes.longestRunOfFailures;
  const title =
    longest === 1
      ? "Probes fail one at a time: never two in a row"
      : `Up to ${formatCount(longest)} failures of one probe in a row${restartsText(document)}`;
  const values = runs.map((run) => ({
    length: lengthText(run),
    rate: round(run.perNodeWeek),
    low: round(Math.max(run.interval.low, 0)),
    high: round(run.interval.high),
    count: run.count,
  }));
  const expected = exactRuns
    .filter(({ length, perNodeWeek }) => perNodeWeek > 0 && names.includes(String(length)))
    .map(({ length, perNodeWeek }) => ({ length: String(length), rate: round(perNodeWeek) }));
  const shown = [...values.map(({ rate }) => rate), ...expected.map(({ rate }) => rate)].filter((rate) => rate > 0);
  const least = Math.min(...shown);
  const most = Math.max(...values.map(({ high }) => high), ...shown);
  const isWide = most / least > 40;
  const bottom = isWide ? least / 4 : 0;
  const y = (field: string) => ({
    field,
    type: "quantitative" as const,
    title: "runs per node-week",
    scale: isWide
      ? { type: "log" as const, domain: [bottom, most * 1.5], nice: false }
      : { domainMin: 0, zero: true, nice: true },
    axis: isWide ? { values: decades(bottom, most), format: "~r" } : { format: "~r" },
  });
  const x = {
    field: "length",
    type: "ordinal" as const,
    sort: names,
    title: "failures of one probe in a row (count)",
    axis: { labelAngle: 0, grid: false },
  };
  const description = describe(document);
  const subtitle = [
    `${printable(document.scenario.file)}: ${settingsText(document.settings, runs[0]!.interval.level)}`,
    ...(expected.length > 0 ? ["Filled: simulated, with its interval. Hollow diamond: exact value."] : []),
  ];
  const spec = {
    ...chartFrame({ title, subtitle, width: WIDTH + 80 }),
    description,
    width: WIDTH,
    height: 250,
    layer: [
      {
        data: { values: values.map((row) => ({ ...row, low: isWide ? Math.max(row.low, bottom) : row.low })) },
        mark: { type: "rule" as const, strokeWidth: 2, color: COLOR.estimate },
        encoding: { x, y: y("low"), y2: { field: "high" } },
      },
      {
        data: { values: values.filter(({ rate }) => rate > 0 || !isWide) },
        mark: { type: "point" as const, filled: true, size: 90, opacity: 1, color: COLOR.estimate },
        encoding: {
          x,
          y: y("rate"),
          tooltip: [
            { field: "length", title: "in a row" },
            { field: "count", title: "runs counted", format: "," },
            { field: "rate", title: "per node-week" },
          ],
        },
      },
      {
        data: { values: expected },
        mark: {
          type: "point" as const,
          shape: "diamond",
          filled: false,
          size: 120,
          strokeWidth: 1.5,
          opacity: 1,
          color: COLOR.text,
        },
        encoding: { x, y: y("rate") },
      },
    ],
  };
  return { kind: "runs-of-failures", title, description, spec };
}

function restartsText({ restarts }: RunDocument): string {
  return restarts.count === 0
    ? "; no container restarts"
    : `; ${formatRate(restarts.perNodeWeek)} restarts per node-week`;
}

function lengthText({ length, isAtLeast }: { readonly length: number; readonly isAtLeast: boolean }): string {
  return isAtLeast ? `${length} or more` : `${length}`;
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}

/** The powers of ten from one number to another. */
function decades(from: number, to: number): number[] {
  const ticks: number[] = [];
  let tick = 1;
  while (tick > from) tick /= 10;
  for (; tick <= to * 1.5; tick *= 10) if (tick >= from) ticks.push(Number(tick.toPrecision(6)));
  return ticks;
}

function describe({ probes, restarts }: RunDocument): string {
  const parts = (probes.runsOfFailures ?? []).map(
    (run) =>
      `${lengthText(run)} in a row: ${plural(formatCount(run.count), "run")}, ${formatRate(run.perNodeWeek)} per node-week`,
  );
  return `Runs of failures of one probe by their length. ${parts.join("; ")}. Restarts per node-week: ${formatRate(restarts.perNodeWeek)}.`;
}
