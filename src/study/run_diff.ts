import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { assert } from "../sim/assert.ts";
import type { DiffDocument, DiffSideDocument, MechanismFactors } from "./diff_document.ts";
import { diffFigures, verdictOf } from "./diff_figures.ts";
import { mechanismFactors } from "./mechanism.ts";
import type { RunDocument, VariantDocument } from "./run_document.ts";
import { runStudy } from "./study_on_workers.ts";
import type { RunRequest } from "./study_on_workers.ts";

/** One of two settings that are compared. */
export interface DiffSide {
  readonly scenario: Scenario;
  readonly file: string;
  readonly digest: string;
  /** What this side alone sets, by path. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Two settings to be compared. Both have the same seed, replications and duration. */
export interface DiffRequest extends Omit<RunRequest, "scenario" | "file" | "digest" | "replication" | "until"> {
  readonly a: DiffSide;
  readonly b: DiffSide;
  /** Share of A's figure up to which a difference does not matter; above 0. */
  readonly margin: number;
}

/** The name of the variant that B is. */
const B = "b";

/**
 * Simulates two settings on the same chance and states what differs. It is a run of A with B for its only variant, so
 * each boot of B meets the traffic of the same boot of A.
 *
 * @param study what simulates.
 * @returns the document of `sim diff --format json`.
 * @throws as `runStudy` does; an error of B carries B's `settings`.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const text = readFileSync(file, "utf8");
 * const side = (settings: readonly string[]): DiffSide => {
 *   const read = parseScenarioSide(text, file, ["duration=20s", "replications=2"], { option: "--b", settings });
 *   if (!read.ok) throw new Error(settings.join());
 *   return { scenario: read.scenario, file, digest: "", settings: {} };
 * };
 * const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
 * const request = { version: "", overrides: {}, jobs: 1, margin: 0.2, clocks };
 * const diff = await runDiff({ ...request, a: side([]), b: side(["kernel=6.1"]) });
 * console.log(diff.figures.length > 0); // true
 * ```
 */
export async function runDiff(request: DiffRequest, study: typeof runStudy = runStudy): Promise<DiffDocument> {
  const { a, b } = request;
  const variants = [{ name: B, settings: b.settings, scenario: b.scenario }];
  let results: readonly [a: readonly ReplicationResult[], b: readonly ReplicationResult[]] | undefined;
  const document = await study({
    ...request,
    file: a.file,
    digest: a.digest,
    overrides: request.overrides,
    scenario: { ...a.scenario, expect: [], variants, audit: undefined },
    onReplications: (standing, [varied = []]) => {
      results = [standing, varied];
    },
  });
  assert(results !== undefined, "a study tells its replications before it ends");
  return diffOf(request, document, results);
}

/**
 * The document of a comparison from the run of A with B for its only variant, and the replications of both.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const text = readFileSync(file, "utf8");
 * const set = ["duration=20s", "replications=2"];
 * const [a, b] = ["--a", "--b"].map((option) => {
 *   const read = parseScenarioSide(text, file, set, { option, settings: option === "--b" ? ["kernel=6.1"] : [] });
 *   if (!read.ok) throw new Error(option);
 *   return { scenario: read.scenario, file, digest: "", settings: {} };
 * });
 * const [ofA, ofB] = [a!, b!].map(({ scenario }) => [0, 1].map((number) => runReplication(scenario, number)));
 * const both = { ...a!.scenario, variants: [{ name: "b", settings: {}, scenario: b!.scenario }] };
 * const asked = { scenario: both, file, digest: "", version: "", overrides: {} };
 * const document = documentOf(asked, ofA!, { wallSeconds: 0, cpuSeconds: 0 }, [ofB!]);
 * console.log(diffOf({ a: a!, b: b!, overrides: {}, margin: 0.2 }, document, [ofA!, ofB!]).isSameHistory); // false
 * ```
 */
export function diffOf(
  request: Pick<DiffRequest, "a" | "b" | "overrides" | "margin">,
  document: RunDocument,
  [resultsA, resultsB]: readonly [a: readonly ReplicationResult[], b: readonly ReplicationResult[]],
): DiffDocument {
  const { overrides, margin } = request;
  const [variant] = document.variants ?? [];
  assert(variant !== undefined, "a comparison has one variant");
  const {
    format: _f,
    scenario: _s,
    variants: _v,
    audit: _a,
    expectations: _e,
    engine,
    settings,
    ...figures
  } = document;
  const { events, connections, packets, fingerprint, ...timed } = engine;
  const standing: VariantDocument = {
    name: "a",
    ...figures,
    settings: { ...settings, overrides: { ...overrides, ...request.a.settings } },
    engine: { events, connections, packets, fingerprint },
  };
  const a = sideOf(request.a, standing, resultsA);
  const b = sideOf(request.b, variant, resultsB);
  const compared = diffFigures(resultsA, resultsB, margin);
  const { seed, replications, durationSeconds } = settings;
  return {
    format: "diff/1",
    settings: { seed, replications, durationSeconds, margin, overrides },
    ...verdictOf(compared),
    figures: compared,
    isSameHistory: resultsA.every((result, boot) => result.engine.fingerprint === resultsB[boot]!.engine.fingerprint),
    changed: FACTORS.filter((name) => JSON.stringify(a.mechanism[name]) !== JSON.stringify(b.mechanism[name])),
    a,
    b,
    engine: timed,
  };
}

/** All factors, in the order in which they take effect. */
const FACTORS: readonly (keyof MechanismFactors)[] = [
  "portWalk",
  "cursor",
  "portRange",
  "nodePorts",
  "reserved",
  "held",
  "otherParity",
  "reachable",
  "startsOfOneNodePort",
  "adjacent",
  "inARow",
  "connectsPerEpoch",
  "livenessThreshold",
];

function sideOf(
  { scenario, file, digest }: DiffSide,
  document: VariantDocument,
  results: readonly ReplicationResult[],
): DiffSideDocument {
  return { file, digest, about: scenario.about, ...document, mechanism: mechanismFactors(scenario, results) };
}
