import { UNITS } from "./bench_case.ts";
import { type BenchDocument, type Figure, figureOf } from "./bench_document.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** One figure now and before. */
export interface Comparison {
  readonly caseName: string;
  readonly point: string;
  readonly measure: string;
  readonly unit: string;
  readonly before: number;
  readonly now: number;
  /** Cost now over cost before, of the medians and at the extremes of the rounds; above 1 it is worse. */
  readonly ratio: Spread;
  /** Per cent by which it is worse (above 0) or better (below), if that is beyond the noise of both; else `undefined`. */
  readonly percent: number | undefined;
  /** `slower by 12 %`, or nothing. */
  readonly verdict: string;
}

/** Two results side by side. */
export interface ComparedResults {
  readonly comparisons: readonly Comparison[];
  /** What to keep in mind when reading them. */
  readonly warnings: readonly string[];
}

const YARDSTICK = { point: "walk", measure: "step" } as const;

/**
 * Compares each figure that both results have. A change is beyond the noise if the rounds of one result are all on one
 * side of those of the other, which chance does to 1 of 126 figures with five rounds each. If the machine itself changed
 * so, as its yardstick shows, times are divided by that first.
 */
export function compareResults(now: BenchDocument, before: BenchDocument): ComparedResults {
  const machine = machineRatio(now, before);
  const comparisons = now.cases.flatMap(({ name: caseName, points }) =>
    points.flatMap(({ name: point, figures }) =>
      figures.flatMap((figure) => {
        const old = figureOf(before, caseName, { point, measure: figure.measure });
        if (old === undefined || old.unit !== figure.unit || UNITS[figure.unit] === undefined) return [];
        const isYardstick = caseName === "yardstick";
        return [{ caseName, point, ...compareFigures(figure, old, isYardstick ? 1 : machine) }];
      }),
    ),
  );
  return { comparisons, warnings: warningsOf(now, before, machine) };
}

function compareFigures(now: Figure, before: Figure, machine: number): Omit<Comparison, "caseName" | "point"> {
  const isSize = now.unit === "bytes" || now.unit === "MB";
  const costs = ({ values, unit }: Figure): Spread =>
    spreadOf(values.map((value) => (UNITS[unit] === "more" ? 1 / value : value)));
  const a = costs(now);
  const b = costs(before);
  const scale = isSize ? 1 : machine;
  const ratio = { median: a.median / b.median / scale, low: a.low / b.high / scale, high: a.high / b.low / scale };
  const hasNoise = now.values.length > 1 && before.values.length > 1;
  const isBeyondNoise = hasNoise && (ratio.low > 1 || ratio.high < 1);
  const percent = isBeyondNoise ? (ratio.median - 1) * 100 : undefined;
  return {
    measure: now.measure,
    unit: now.unit,
    before: spreadOf(before.values).median,
    now: spreadOf(now.values).median,
    ratio,
    percent,
    verdict: verdictOf(percent, isSize),
  };
}

function verdictOf(percent: number | undefined, isSize: boolean): string {
  if (percent === undefined) return "";
  const [worse, better] = isSize ? ["larger", "smaller"] : ["slower", "faster"];
  const size = Math.abs(percent);
  return `${percent > 0 ? worse : better} by ${size < 10 ? size.toFixed(1) : size.toFixed(0)} %`;
}

/** How much slower the machine itself has become, beyond the noise; 1 if it has not, or nobody knows. */
function machineRatio(now: BenchDocument, before: BenchDocument): number {
  const figure = figureOf(now, "yardstick", YARDSTICK);
  const old = figureOf(before, "yardstick", YARDSTICK);
  if (figure === undefined || old === undefined) return 1;
  const { ratio, percent } = compareFigures(figure, old, 1);
  return percent === undefined ? 1 : ratio.median;
}

function warningsOf(now: BenchDocument, before: BenchDocument, machine: number): readonly string[] {
  const { cpu, platform } = before.machine;
  const warnings: string[] = [];
  if (cpu !== now.machine.cpu || platform !== now.machine.platform) {
    warnings.push(`The earlier result comes from another machine (${cpu}, ${platform}).`);
  }
  if (before.node !== now.node)
    warnings.push(`The earlier result comes from Node ${before.node}; this is ${now.node}.`);
  if (before.size !== now.size)
    warnings.push(`One result is of --quick runs and the other is not: do not compare them.`);
  if (Math.min(before.rounds, now.rounds) < 3) {
    warnings.push("With fewer than three rounds nobody can tell a change from noise; 5 and more are better.");
  }
  if (machine !== 1) {
    const percent = Math.abs(machine - 1) * 100;
    warnings.push(
      `The machine itself is ${percent.toFixed(0)} % ${machine > 1 ? "slower" : "faster"} than it was (yardstick); ` +
        "ratios of times are divided by that.",
    );
  }
  return warnings;
}
