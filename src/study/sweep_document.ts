import type { Factor } from "./factor.ts";
import type { EstimatorDocument, RunDocument } from "./run_document.ts";
import type { SweepDesign } from "./sweep_design.ts";

/** What was asked of a sweep (`sweep-manifest/1`, the file `manifest.json`); it stands from the sweep's start. */
export interface SweepManifest {
  readonly format: "sweep-manifest/1";
  /** The digest of all below: two sweeps with the same one have the same points and the same results. */
  readonly sweep: string;
  /** The version of portfall, and the digest of the code that results depend on. */
  readonly engine: { readonly version: string; readonly build: string };
  /** The file's name without its folder, and the digest of its text. */
  readonly scenario: { readonly file: string; readonly digest: string; readonly about: string };
  readonly design: { readonly kind: SweepDesign; readonly seed: string };
  readonly vary: readonly Factor[];
  /** What holds for all points, as `PATH=VALUE`. */
  readonly overrides: readonly string[];
  /** Further options that results depend on. */
  readonly settings: Readonly<Record<string, string>>;
  /** Numbered from 1; each varied path with its source text. */
  readonly points: readonly { readonly point: number; readonly values: Readonly<Record<string, string>> }[];
}

/** A part of a sweep's points: number `index` from 1 of `count`; it has the points index, index + count and so on. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** What a point gave: the document of its run without its scenario and without the times. */
export type PointFigures = Omit<RunDocument, "format" | "scenario" | "engine" | "estimator"> & {
  readonly estimator: EstimatorDocument;
  readonly engine: Omit<RunDocument["engine"], "cpuSeconds" | "wallSeconds">;
};

/** A finished point in the document of its sweep. */
export type SweepPoint = {
  readonly point: number;
  /** The varied paths with their values. */
  readonly values: Readonly<Record<string, string>>;
} & PointFigures;

/** A finished point as it is kept (`sweep-point/1`, one file each); `sweep` says of which sweep. */
export type PointDocument = { readonly format: "sweep-point/1"; readonly sweep: string } & SweepPoint;

/** The document of `sim sweep --format json` and the file `result.json` (`sweep/1`). It holds no times. */
export interface SweepDocument extends Omit<SweepManifest, "format" | "points"> {
  readonly format: "sweep/1";
  /** Present if these are the points of one shard only. */
  readonly shard?: Shard;
  readonly points: readonly SweepPoint[];
}

/**
 * The document of a run as a point of a sweep keeps it.
 *
 * @param simulation how it was simulated, if it had no choice.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=20s", "replications=1", "kernel=6.1"]);
 * console.log(pointDocument("sweep", { point: 0, values: { kernel: "6.1" } }, run).values); // { kernel: '6.1' }
 * ```
 */
export function pointDocument(
  sweep: string,
  { point, values }: Pick<SweepPoint, "point" | "values">,
  document: RunDocument,
  simulation: "flow" | "packet" = "flow",
): PointDocument {
  const { format: _format, scenario: _scenario, engine, ...figures } = document;
  const { cpuSeconds: _cpu, wallSeconds: _wall, ...counts } = engine;
  return {
    format: "sweep-point/1",
    sweep,
    point,
    values,
    estimator: { name: simulation, why: "simulated as asked" },
    ...figures,
    engine: counts,
  };
}

/**
 * The document of a sweep whose points are done.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const factor = readFactor("kernel=5.4.188,6.1");
 * if (typeof factor === "string") throw new Error(factor);
 * const planned = planSweep({
 *   file,
 *   text: readFileSync(file, "utf8"),
 *   factors: [factor],
 *   overrides: ["duration=20s"],
 *   design: "grid",
 *   points: undefined,
 *   settings: {},
 *   engine: { version: "", build: "" },
 *   digest: () => "",
 * });
 * if (planned.ok) console.log(sweepDocument(planned.plan.manifest, [], undefined).format); // sweep/1
 * ```
 */
export function sweepDocument(
  manifest: SweepManifest,
  points: readonly PointDocument[],
  shard: Shard | undefined,
): SweepDocument {
  const { format: _format, points: _points, ...asked } = manifest;
  const ordered = points.toSorted((a, b) => a.point - b.point);
  return {
    format: "sweep/1",
    ...asked,
    ...(shard === undefined || shard.count === 1 ? {} : { shard }),
    points: ordered.map(({ format: _pointFormat, sweep: _sweep, ...point }) => point),
  };
}

/** Whether a point belongs to a shard. */
export function isInShard(point: number, shard: Shard): boolean {
  return (point - 1) % shard.count === shard.index - 1;
}
