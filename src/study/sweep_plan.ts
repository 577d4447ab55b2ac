import { formatDiagnostic } from "../scenario/diagnostic.ts";
import type { Diagnostic } from "../scenario/diagnostic.ts";
import { parseScenario } from "../scenario/scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Factor } from "./factor.ts";
import type { SweepDesign } from "./sweep_design.ts";
import { designPoints } from "./sweep_design.ts";
import type { SweepManifest } from "./sweep_document.ts";

/** What a sweep is asked to be. */
export interface SweepRequest {
  /** The scenario's text, and its path as the user named it. */
  readonly text: string;
  readonly file: string;
  /** What holds for all points, as `PATH=VALUE`. */
  readonly overrides: readonly string[];
  readonly factors: readonly Factor[];
  readonly design: SweepDesign;
  /** How many points a design chooses that is no grid. */
  readonly points: number | undefined;
  /** Further options that results depend on, such as how many replications a point gets. */
  readonly settings: Readonly<Record<string, string>>;
  readonly engine: SweepManifest["engine"];
  readonly digest: (text: string) => string;
}

/** One point: its number from 1 and all its overrides, the varied ones last. */
export interface PlannedPoint {
  readonly point: number;
  readonly values: Readonly<Record<string, string>>;
  readonly overrides: readonly string[];
}

/** A sweep of which every point was checked. */
export interface SweepPlan {
  readonly manifest: SweepManifest;
  /** The scenario without the varied values. */
  readonly scenario: Scenario;
  readonly points: readonly PlannedPoint[];
  readonly scenarioOf: (point: PlannedPoint) => Scenario;
}

/** A plan, or all that is wrong: with the place in the file or in an option, or as one sentence about the request. */
export type PlannedSweep =
  | { readonly ok: true; readonly plan: SweepPlan; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly why: string };

/** The most diagnostics that a plan collects: one value that is wrong is wrong at many points. */
const MOST_DIAGNOSTICS = 20;

/** How many points are tried to see whether a path varies anything. */
const MOST_BASELINES = 20;

/**
 * Chooses the points of a sweep and checks each one as `sim run` would, and that each path varies something. Costs one
 * reading of the scenario for each point.
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
 * if (planned.ok) console.log(planned.plan.points.map(({ overrides }) => overrides));
 * // [ [ 'duration=20s', 'kernel=5.4.188' ], [ 'duration=20s', 'kernel=6.1' ] ]
 * ```
 */
export function planSweep(request: SweepRequest): PlannedSweep {
  const base = parseScenario(request.text, request.file, request.overrides);
  if (!base.ok) return base;
  const { factors, design } = request;
  const points = designPoints({ design, factors, points: request.points, seed: base.scenario.seed });
  if (typeof points === "string") return { ok: false, why: points };
  if (points.length < 2)
    return { ok: false, why: "Cannot sweep one point: the design chose the same values each time" };
  const fixed = request.overrides.map(pathOf);
  const both = factors.find(({ path }) => fixed.includes(path));
  if (both !== undefined) {
    return { ok: false, why: `Cannot both set and vary ${JSON.stringify(both.path)}: leave out one of the two` };
  }
  const diagnostics = checkPoints(request, points);
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const inert = factors.findIndex((_, place) => !variesSomething(request, points, place));
  if (inert >= 0) {
    const path = JSON.stringify(factors[inert]!.path);
    return {
      ok: false,
      why: `Cannot sweep over ${path}: it varies nothing, each of its values gives the same scenario`,
    };
  }
  const planned = points.map((values, index) => plannedPoint(request, values, index + 1));
  const scenarioOf = ({ overrides }: PlannedPoint): Scenario => readPoint(request, overrides);
  const manifest = manifestOf(request, base.scenario, planned);
  return {
    ok: true,
    plan: { manifest, scenario: base.scenario, points: planned, scenarioOf },
    warnings: base.warnings,
  };
}

function plannedPoint({ factors, overrides }: SweepRequest, values: readonly string[], point: number): PlannedPoint {
  const pairs = factors.map(({ path }, place) => [path, values[place]!] as const);
  return {
    point,
    values: Object.fromEntries(pairs),
    overrides: [...overrides, ...pairs.map(([path, value]) => `${path}=${value}`)],
  };
}

/** The scenario of a point that was checked before. */
function readPoint({ text, file }: SweepRequest, overrides: readonly string[]): Scenario {
  const parsed = parseScenario(text, file, overrides);
  if (!parsed.ok) throw new Error(`Broken invariant: a planned point is right: ${overrides.join(" ")}`);
  return parsed.scenario;
}

/** What is wrong with any point, each problem once, with the option that it stands in. */
function checkPoints(request: SweepRequest, points: readonly (readonly string[])[]): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const [index, values] of points.entries()) {
    const { overrides } = plannedPoint(request, values, index + 1);
    const parsed = parseScenario(request.text, request.file, overrides);
    for (const diagnostic of parsed.ok ? [] : parsed.diagnostics) {
      const isVaried = diagnostic.file === "--set" && !request.overrides.includes(diagnostic.sourceLine);
      // The number of the option differs between the points; the value is what is wrong.
      const placed = isVaried ? { ...diagnostic, file: "--vary", line: 1 } : diagnostic;
      if (found.size < MOST_DIAGNOSTICS) found.set(formatDiagnostic(placed), placed);
    }
  }
  return [...found.values()];
}

/** Whether, at any of some points, two values of a factor give two scenarios. */
function variesSomething(request: SweepRequest, points: readonly (readonly string[])[], place: number): boolean {
  const values = [...new Set(points.map((point) => point[place]!))];
  const stride = Math.max(1, Math.ceil(points.length / MOST_BASELINES));
  return points
    .filter((_, index) => index % stride === 0)
    .some((point) => {
      const keys = values.map((value) => scenarioKey(request, point.with(place, value)));
      return keys.some((key) => key !== undefined && key !== keys[0]);
    });
}

/** The scenario as a text, without what no replication depends on; `undefined` if these values do not go together. */
function scenarioKey(request: SweepRequest, values: readonly string[]): string | undefined {
  const parsed = parseScenario(request.text, request.file, plannedPoint(request, values, 1).overrides);
  return parsed.ok ? JSON.stringify({ ...parsed.scenario, about: "", expect: [] }) : undefined;
}

function manifestOf(request: SweepRequest, scenario: Scenario, points: readonly PlannedPoint[]): SweepManifest {
  const asked = {
    engine: request.engine,
    // The folder that a file lies in differs between machines that work on one sweep.
    scenario: {
      file: request.file.replace(/^.*[/\\]/, ""),
      digest: request.digest(request.text),
      about: scenario.about,
    },
    design: { kind: request.design, seed: scenario.seed },
    vary: request.factors,
    overrides: request.overrides,
    settings: request.settings,
    points: points.map(({ point, values }) => ({ point, values })),
  };
  return { format: "sweep-manifest/1", sweep: request.digest(JSON.stringify(asked)), ...asked };
}

function pathOf(override: string): string {
  return override.slice(0, Math.max(0, override.indexOf("=")));
}
