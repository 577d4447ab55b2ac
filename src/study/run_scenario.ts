import { runReplication } from "../cluster/replication.ts";
import { formatDiagnostic, type Diagnostic } from "../scenario/diagnostic.ts";
import { overrideRecord } from "../scenario/override_record.ts";
import { parseScenario, parseScenarioSide, type ParsedScenario, type Scenario } from "../scenario/scenario.ts";
import type { DiffDocument } from "./diff_document.ts";
import { readFactor } from "./factor.ts";
import type { RunDocument } from "./run_document.ts";
import { type DiffSide, runDiff } from "./run_diff.ts";
import { documentOf } from "./run_study.ts";
import { pointDocument, sweepDocument, type SweepDocument } from "./sweep_document.ts";
import type { RunRequest } from "./study_on_workers.ts";
import { StudyPlan } from "./study_plan.ts";
import { planSweep } from "./sweep_plan.ts";

/** A scenario as its file holds it. */
export interface ScenarioSource {
  readonly text: string;
  /** The file's name, for documents and for messages. */
  readonly file: string;
}

/**
 * Simulates a scenario in the calling thread, one boot after the other, its variants as well: what `sim run --format
 * json` gives, with every figure and the fingerprint the same. The digest, the version and the two times are left empty.
 *
 * @param set as `--set` takes it: `PATH=VALUE`.
 * @param onReplications hears the boots behind the document, as that of `RunRequest` does.
 * @throws an error with all diagnostics if the scenario or a setting is wrong.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=2m", "replications=1"]);
 * console.log(run.probes.total, run.engine.fingerprint);
 * ```
 */
export function runScenario(
  source: ScenarioSource,
  set: readonly string[] = [],
  onReplications: NonNullable<RunRequest["onReplications"]> = () => undefined,
): RunDocument {
  const scenario = scenarioOf(parseScenario(source.text, source.file, set));
  return documentHere({ ...UNSTATED, file: source.file, scenario, overrides: overrideRecord(set), onReplications });
}

/**
 * Simulates a scenario at every point of a grid, in the calling thread: what `sim sweep --format json` gives, with the
 * engine's version, build and digests left empty.
 *
 * @param vary as `--vary` takes it, such as `kernel=5.4.188,6.1`; one text for each path.
 * @param set what holds for all points.
 * @throws an error that says all that is wrong with the scenario, a setting or a varied path.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const sweep = sweepScenario({ file, text: readFileSync(file, "utf8") }, ["kernel=5.4.188,6.1"], ["duration=2m"]);
 * console.log(sweep.points.map(({ values, probes }) => [values["kernel"], probes.failed]));
 * ```
 */
export function sweepScenario(
  source: ScenarioSource,
  vary: readonly string[],
  set: readonly string[] = [],
): SweepDocument {
  const factors = vary.map(readFactor).map((factor) => {
    if (typeof factor === "string") throw new Error(factor);
    return factor;
  });
  const asked = { factors, overrides: set, design: "grid" as const, points: undefined, settings: {} };
  const planned = planSweep({ ...source, ...asked, engine: { version: "", build: "" }, digest: () => "" });
  if (!planned.ok) throw new Error("why" in planned ? planned.why : diagnosticsText(planned.diagnostics));
  const { manifest, points, scenarioOf: scenarioAt } = planned.plan;
  const documents = points.map((point) => {
    const overrides = overrideRecord(point.overrides);
    const document = documentHere({ ...UNSTATED, file: source.file, scenario: scenarioAt(point), overrides });
    return pointDocument(manifest.sweep, point, document);
  });
  return sweepDocument(manifest, documents, undefined);
}

/**
 * Compares two settings of a scenario on the same chance, in the calling thread: what `sim diff --format json` gives.
 *
 * @param sides what each side sets beside what holds for both, as `PATH=VALUE`; nothing for the scenario as it stands.
 * @param set what holds for both sides.
 * @throws an error with all diagnostics if the scenario or a setting is wrong.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const source = { file, text: readFileSync(file, "utf8") };
 * const diff = await diffScenario(source, { b: ["kubeProxy.version=1.23.4"] }, ["duration=2m", "replications=2"]);
 * console.log(diff.verdict);
 * ```
 */
export async function diffScenario(
  source: ScenarioSource,
  sides: { readonly a?: readonly string[]; readonly b?: readonly string[] },
  set: readonly string[] = [],
): Promise<DiffDocument> {
  const { text, file } = source;
  const sideOf = (option: "--a" | "--b", settings: readonly string[]): DiffSide => {
    const scenario = scenarioOf(parseScenarioSide(text, file, set, { option, settings }));
    return { scenario, file, digest: "", settings: overrideRecord(settings) };
  };
  const request = { ...UNSTATED, a: sideOf("--a", sides.a ?? []), b: sideOf("--b", sides.b ?? []) };
  const both = { overrides: overrideRecord(set), jobs: 1, margin: MARGIN, clocks: NO_CLOCKS };
  return runDiff({ ...request, ...both }, (asked) => Promise.resolve(documentHere(asked)));
}

/** What `sim diff` takes for `--margin` by itself. */
const MARGIN = 0.2;
const UNSTATED = { digest: "", version: "" } as const;
const NO_CLOCKS = { wallSeconds: () => 0, cpuSeconds: () => 0 } as const;

type HereRequest = Pick<RunRequest, "scenario" | "file" | "digest" | "version" | "overrides" | "onReplications">;

function documentHere(request: HereRequest): RunDocument {
  const plan = new StudyPlan(request.scenario, request.scenario.variants);
  const results = plan.scenarios.map(resultsOf);
  const standing = results[0]!;
  const varied = request.scenario.variants.map((_, index) => results[plan.placeOf(index)]!);
  request.onReplications?.(standing, varied);
  return documentOf(request, standing, { wallSeconds: 0, cpuSeconds: 0 }, varied);
}

function resultsOf(scenario: Scenario): ReturnType<typeof runReplication>[] {
  return Array.from({ length: scenario.replications }, (_, replication) => runReplication(scenario, replication));
}

function scenarioOf(parsed: ParsedScenario): Scenario {
  if (!parsed.ok) throw new Error(diagnosticsText(parsed.diagnostics));
  return parsed.scenario;
}

function diagnosticsText(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(formatDiagnostic).join("\n");
}
