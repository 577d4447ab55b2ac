import type { ExactDocument, RunDocument, RunFigures } from "../../study/run_document.ts";
import type { SweepDocument, SweepPoint } from "../../study/sweep_document.ts";
import { variedColumn } from "../points_table.ts";
import { printable } from "../text_layout.ts";
import { pathText, valueText } from "./wording.ts";
import { leastOf } from "../extremes.ts";

/** The failure probability at one setting. */
export interface ProbabilityRow {
  /** The setting, as a number where the factor is one. */
  readonly x: number | string;
  /** The settings of the other factors; empty if there is none. */
  readonly series: string;
  /** The same with their paths, to follow the setting in a sentence. */
  readonly setting: string;
  readonly probability: number;
  readonly low: number;
  readonly high: number;
  /** `null` where the exact value was declined. */
  readonly exact: number | null;
  readonly failed: number;
  readonly total: number;
}

/** The rows of a chart of failure probabilities, and what its axis is called. */
export interface ProbabilityTable {
  readonly rows: readonly ProbabilityRow[];
  readonly isNumeric: boolean;
  /** What stands along the axis of settings. */
  readonly axis: string;
  /** The factor that tells the series apart; absent where there is one series. */
  readonly seriesTitle?: string;
  /** How the setting is named in a sentence, such as `kernel`. */
  readonly subject: string;
  /** What fails. Documents have intervals of probes only: those of connects are as wide as their value. */
  readonly noun: "probe" | "connect";
}

/** The most series that colours and shapes tell apart. */
const MOST_SERIES = 7;

/** A run and its variants as rows: their probes, or the workloads whose connects fail where no probe does. */
export function runRows(document: RunDocument): ProbabilityTable {
  const parts = [{ name: "as it stands", ...document }, ...(document.variants ?? [])];
  const common = { isNumeric: false, axis: "variant", subject: "variant" } as const;
  const failing = [
    ...new Set(parts.flatMap(({ workloads }) => workloads.filter(({ failed }) => failed > 0).map(({ name }) => name))),
  ].slice(0, MOST_SERIES);
  if (failing.length > 0 && parts.every(({ probes }) => probes.failed === 0)) {
    const rows = parts.flatMap((part) =>
      part.workloads
        .filter(({ name, connects }) => connects > 0 && failing.includes(name))
        .map((workload) => ({ ...workloadRow(workload, failing.length > 1), x: valueText(part.name) })),
    );
    const axis = failing.length > 1 ? common.axis : `variant (connects of ${printable(failing[0]!)})`;
    return { ...common, axis, rows, noun: "connect", ...(failing.length > 1 ? { seriesTitle: "connects of" } : {}) };
  }
  const rows = parts
    .filter(({ probes }) => probes.total > 0)
    .map((part) => ({ x: valueText(part.name), series: "", setting: "", ...figuresOf(part) }));
  return { ...common, rows, noun: "probe" };
}

function workloadRow({ name, connects, failed }: RunFigures["workloads"][number], hasSeries: boolean) {
  const probability = failed / connects;
  const label = printable(name);
  return {
    series: hasSeries ? label : "",
    setting: ` of ${label}`,
    probability,
    low: probability,
    high: probability,
    exact: null,
    failed,
    total: connects,
  };
}

/**
 * The points of a sweep as rows, along the factor with the most numbers; the other factors make the series.
 *
 * @returns `undefined` where the other factors make more series than can be told apart.
 */
export function sweepRows(document: SweepDocument): ProbabilityTable | undefined {
  const points = document.points.filter(({ probes }) => probes.total > 0);
  const factors = document.vary.map(({ path }) => factorOf(path, points));
  const [main, ...others] = factors.toSorted(
    (a, b) => Number(b.isNumeric) - Number(a.isNumeric) || (a.isNumeric ? b.distinct - a.distinct : 0),
  );
  if (main === undefined) return undefined;
  const seriesOf = (place: number): string => others.map(({ values }) => valueText(values[place]!.text)).join(", ");
  const settingOf = (place: number): string =>
    others.map(({ path, values }) => ` and ${path} ${valueText(values[place]!.text)}`).join("");
  const series = new Set(points.map((_, place) => seriesOf(place)));
  if (series.size > MOST_SERIES) return undefined;
  const rows = points.map((point, place) => {
    const value = main.values[place]!;
    return {
      x: main.isNumeric ? Number(value.number) : valueText(value.text),
      series: series.size > 1 ? seriesOf(place) : "",
      setting: series.size > 1 ? settingOf(place) : "",
      ...figuresOf(point),
    };
  });
  return {
    rows: main.isNumeric ? rows.toSorted((a, b) => Number(a.x) - Number(b.x)) : rows,
    isNumeric: main.isNumeric,
    axis: main.axis,
    subject: main.path,
    noun: "probe",
    ...(series.size > 1 ? { seriesTitle: others.map(({ axis }) => axis).join(", ") } : {}),
  };
}

/** A varied path with its values at the points. */
export interface VariedFactor {
  readonly path: string;
  readonly axis: string;
  readonly isNumeric: boolean;
  readonly distinct: number;
  readonly values: readonly { readonly text: string; readonly number: number | undefined }[];
}

/** Reads the values of a varied path: as numbers in one unit if all of them are such. */
export function factorOf(path: string, points: readonly Pick<SweepPoint, "values">[]): VariedFactor {
  const column = variedColumn(path, points);
  const isNumeric = column.kind === "number";
  const isSeconds = isNumeric && column.name === `${path}Seconds`;
  const isRate = isNumeric && column.name === `${path}PerSecond`;
  const words = pathText(path);
  const unit = isSeconds ? " (seconds)" : isRate && !words.includes("per second") ? " (per second)" : "";
  const values = points.map((point, place) => {
    const value = column.values[place];
    return { text: point.values[path] ?? "", number: typeof value === "number" ? value : undefined };
  });
  return { path, axis: `${words}${unit}`, isNumeric, distinct: new Set(column.values).size, values };
}

/** A limit that a run states itself: the least upper bound that is expected of its probability as it stands. */
export function statedLimit(expectations: RunDocument["expectations"]): number | undefined {
  const bounds = expectations
    .filter(({ that }) => that === "probes.probability")
    .flatMap(({ want }) => [...want.matchAll(/(?:below|and(?= [0-9])) ([0-9.e+-]+)/g)])
    .map((match) => Number(match[1]))
    .filter((bound) => bound > 0);
  return bounds.length === 0 ? undefined : leastOf(bounds);
}

function figuresOf({ probes }: Pick<RunFigures, "probes">) {
  const { probability, interval, failed, total } = probes;
  // The exact value is of collisions: beside failures of other causes it would not be that of the estimate.
  const exact = failed === probes.byCause["nodeport-collision"] ? exactOf(probes.exact) : null;
  return { probability, low: interval.low, high: interval.high, exact, failed, total };
}

function exactOf(exact: ExactDocument): number | null {
  return "probability" in exact ? exact.probability : null;
}
