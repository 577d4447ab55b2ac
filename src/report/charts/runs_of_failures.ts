import type { RunDocument, RunOfFailures } from "../../study/run_document.ts";
import { formatCount, formatRate, plural } from "../number_text.ts";
import { printable } from "../text_layout.ts";
import type { Chart } from "./chart.ts";
import { chartFrame, COLOR } from "./look.ts";
import { EXACT_POINT, filledPoint, numbers, ruleMark } from "./parts.ts";
import { settingsText } from "./wording.ts";
import { largestOf, leastOf } from "../extremes.ts";

const WIDTH = 520;

/** How many probes fail in a row, by length, per node-week; `undefined` where nobody kept it or nothing failed. */
export function runsOfFailuresChart(document: RunDocument): Chart | undefined {
  const runs = document.probes.runsOfFailures ?? [];
  const [first] = runs;
  if (first === undefined) return undefined;
  const longest = document.probes.longestRunOfFailures;
  const title =
    longest === 1
      ? "Probes fail one at a time: never two in a row"
      : `Up to ${formatCount(longest)} failures of one probe in a row${restartsText(document)}`;
  const expected = expectedRuns(document);
  const description = describe(document);
  const subtitle = [
    `${printable(document.scenario.file)}: ${settingsText(document.settings, first.interval.level)}`,
    ...(expected.length > 0 ? ["Filled: simulated, with its interval. Hollow diamond: exact value."] : []),
  ];
  const frame = chartFrame({ title, subtitle, width: WIDTH + 80 });
  const spec = { ...frame, description, width: WIDTH, height: 250, layer: layersOf(runs, expected) };
  return { kind: "runs-of-failures", title, description, spec };
}

/** The exact rates of the lengths that occurred. */
function expectedRuns({
  probes,
  restarts: { exact },
}: RunDocument): { readonly length: string; readonly rate: number }[] {
  if (exact === undefined || "declined" in exact) return [];
  const names = new Set((probes.runsOfFailures ?? []).map(lengthText));
  return exact.runs
    .filter(({ length, perNodeWeek }) => perNodeWeek > 0 && names.has(String(length)))
    .map(({ length, perNodeWeek }) => ({ length: String(length), rate: round(perNodeWeek) }));
}

function layersOf(runs: readonly RunOfFailures[], expected: ReturnType<typeof expectedRuns>) {
  const rates = runs.map(({ perNodeWeek }) => perNodeWeek).concat(expected.map(({ rate }) => rate));
  const least = leastOf(rates.filter((rate) => rate > 0));
  const most = largestOf([...rates, ...runs.map(({ interval }) => interval.high)]);
  const isWide = most / least > 40;
  const bottom = isWide ? least / 4 : 0;
  const values = runs.map((run) => ({
    length: lengthText(run),
    rate: round(run.perNodeWeek),
    low: round(Math.max(run.interval.low, bottom)),
    high: round(run.interval.high),
    count: run.count,
  }));
  const y = isWide
    ? numbers(
        "runs per node-week",
        { type: "log" as const, domain: [bottom, most * 1.5], nice: false },
        { values: decades(bottom, most), format: ",~r" },
      )
    : numbers("runs per node-week", { domainMin: 0, zero: true, nice: true }, { format: ",~r" });
  const x = {
    field: "length",
    type: "ordinal" as const,
    // Not `sort`: the chart would ask for one name after the other, in an expression as deep as they are many.
    scale: { domain: [...new Set(runs.map(lengthText))] },
    title: "failures of one probe in a row (count)",
    axis: { labelAngle: 0, grid: false },
  };
  const tooltip = [
    { field: "length", title: "in a row" },
    { field: "count", title: "runs counted", format: "," },
    { field: "rate", title: "per node-week" },
  ];
  return [
    { data: { values }, mark: ruleMark(COLOR.estimate, 2), encoding: { x, y: y("low"), y2: { field: "high" } } },
    {
      data: { values: values.filter(({ rate }) => rate > 0 || !isWide) },
      mark: filledPoint(COLOR.estimate),
      encoding: { x, y: y("rate"), tooltip },
    },
    { data: { values: expected }, mark: EXACT_POINT, encoding: { x, y: y("rate") } },
  ];
}

function restartsText({ restarts }: RunDocument): string {
  return restarts.count === 0
    ? "; no container restarts"
    : `; ${formatRate(restarts.perNodeWeek)} restarts per node-week`;
}

function lengthText({ length, isAtLeast }: RunOfFailures): string {
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
