import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { type Micros, SECOND } from "../units.ts";
import { Fingerprint } from "../sim/fingerprint.ts";
import { auditRuns } from "./audit.ts";
import { exactRestarts } from "./exact_restarts.ts";
import { exactForRun, trafficWarnings } from "./exact_twin.ts";
import { checkExpectations } from "./expectations.ts";
import type {
  AuditDocument,
  EngineCounts,
  ExposureDocument,
  RunDocument,
  RunFigures,
  SettingsDocument,
  VariantDocument,
} from "./run_document.ts";
import type { ChosenEstimator } from "./estimator.ts";
import { exactPrecision, withExact } from "./exact_figures.ts";
import { runPilot } from "./pilot.ts";
import { mayLock, precisionWarnings, Rounds, runRounds } from "./rounds.ts";
import type { RoundsRequest, StoppedRun } from "./rounds.ts";
import type { StoppingRule } from "./stopping_rule.ts";
import { StudyPlan } from "./study_plan.ts";
import { summarise } from "./summary.ts";
import { portBlocks } from "./port_blocks.ts";
import { pickable } from "./port_starts.ts";
import { sumOf } from "./sum.ts";

export type { RunProgress } from "./rounds.ts";

/** One run of a scenario: which, how it was changed, on what pool. Its variants are run with it, unless one replication is asked for. */
export interface PooledRunRequest extends RoundsRequest {
  readonly file: string;
  readonly digest: string;
  readonly version: string;
  readonly overrides: Readonly<Record<string, string>>;
  /** Hears the replications behind the document: of the scenario as it stands, and of each variant. */
  readonly onReplications?: (
    standing: readonly ReplicationResult[],
    varied: readonly (readonly ReplicationResult[])[],
  ) => void;
  /**
   * Take the cheapest sound estimator instead of simulation, with this share of right exact values refused by chance.
   * Needs `stopping`.
   */
  readonly falseAlarm?: number;
  /** Wall and CPU clocks in seconds; their difference is the only thing in the document that differs between runs. */
  readonly clocks: { wallSeconds(): number; cpuSeconds(): number };
}

/**
 * Simulates a scenario's replications, and those of its variants on the same chance, and states what they show.
 *
 * @returns the document of `sim run --format json`.
 * @throws AbortError when the signal aborts; a broken invariant with its `replication`, its moment `at` and,
 * if it is a variant's, the variant's `settings`.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const read = parseScenario(readFileSync(file, "utf8"), file, ["duration=20s", "replications=2"]);
 * if (!read.ok) throw new Error(file);
 * const pool: ReplicationPool = {
 *   run: ({ scenario, replication }) => Promise.resolve(runReplication(scenario, replication)),
 *   drop: () => undefined,
 * };
 * const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
 * const request = { scenario: read.scenario, file, digest: "", version: "", overrides: {}, clocks, pool };
 * console.log((await runStudyOnPool(request)).settings.replications); // 2
 * ```
 */
export async function runStudyOnPool(request: PooledRunRequest): Promise<RunDocument> {
  const { scenario, clocks } = request;
  const wallStart = clocks.wallSeconds();
  const cpuStart = clocks.cpuSeconds();
  // A replay is of one setting: its line names those of a variant as options.
  const variants = request.replication === undefined ? scenario.variants : [];
  const times = (): Times => ({
    wallSeconds: clocks.wallSeconds() - wallStart,
    cpuSeconds: clocks.cpuSeconds() - cpuStart,
  });
  const piloted = await runPilot(request);
  if (piloted?.estimator.exact !== undefined) {
    request.onReplications?.(piloted.pilot, []);
    return documentOf({ ...request, estimator: piloted.estimator }, piloted.pilot, times());
  }
  const rounds = new Rounds(request, new StudyPlan(scenario, variants));
  const stopped = await runRounds(request, rounds, () => clocks.cpuSeconds() - cpuStart);
  const varied = variants.map((_, index) => rounds.resultsOf(rounds.plan.placeOf(index)));
  request.onReplications?.(rounds.resultsOf(0), varied);
  return documentOf({ ...request, stopped, estimator: piloted?.estimator }, rounds.resultsOf(0), times(), varied);
}

/** What a run took. */
interface Times {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

/**
 * The document of a run whose replications are done, in their order.
 *
 * @param varied the replications of each variant, in the order of the variants; empty if they were not run.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const read = parseScenario(readFileSync(file, "utf8"), file, ["duration=20s"]);
 * if (!read.ok) throw new Error(file);
 * const { scenario } = read;
 * const results = [runReplication(scenario, 0)];
 * const times = { wallSeconds: 0, cpuSeconds: 0 };
 * const document = documentOf({ scenario, file, digest: "", version: "", overrides: {} }, results, times);
 * console.log(document.probes.total); // 283
 * ```
 */
export function documentOf(
  request: Pick<PooledRunRequest, "scenario" | "file" | "digest" | "version" | "overrides"> & {
    /** The start that was left out of the results. */
    readonly warmUp?: Micros | undefined;
    /** How the number of replications came about, if it was not given. */
    readonly stopped?: StoppedRun | undefined;
    /** How the figures were come by; the replications are the pilot's if it is exact. */
    readonly estimator?: ChosenEstimator | undefined;
    /** The precision that was asked for, and its budget. */
    readonly stopping?: StoppingRule | undefined;
  },
  results: readonly ReplicationResult[],
  times: Times,
  varied: readonly (readonly ReplicationResult[])[] = [],
): RunDocument {
  const { scenario, overrides } = request;
  const exact = request.estimator?.exact;
  const standing = partOf(scenario, results, overrides, { ...request, twin: exact?.twin });
  const variants = varied.map((own, index) => {
    const { name, settings, scenario: changed } = scenario.variants[index]!;
    return { name, ...partOf(changed, own, { ...overrides, ...settings }, request) };
  });
  const audit = scenario.audit === undefined || varied.length === 0 ? undefined : auditOf(scenario, results, varied);
  const { settings, exposure, engine } = standing;
  const figures = exact === undefined ? standing.figures : withExact(standing.figures, exact, settings);
  const named = Object.fromEntries(variants.map((variant) => [variant.name, { ...variant.figures, ...variant }]));
  return {
    format: "run/1",
    scenario: { file: request.file, digest: request.digest, about: scenario.about },
    settings:
      exact === undefined || request.stopping === undefined
        ? settings
        : { ...settings, precision: exactPrecision(request.stopping) },
    ...(request.estimator === undefined ? {} : { estimator: request.estimator.document }),
    ...figures,
    exposure,
    ...(variants.length === 0 ? {} : { variants: variants.map(flattened) }),
    ...(audit === undefined ? {} : { audit }),
    expectations: checkExpectations(scenario.expect, { ...figures, engine, ...named }),
    engine: { version: request.version, ...engine, cpuSeconds: times.cpuSeconds, wallSeconds: times.wallSeconds },
  };
}

/** What one setting of a study gave. */
interface StudyPart {
  readonly settings: SettingsDocument;
  readonly figures: RunFigures;
  readonly exposure: ExposureDocument;
  readonly engine: EngineCounts;
}

/** What is known of a setting beside its replications. */
interface PartOptions {
  readonly stopped?: StoppedRun | undefined;
  readonly warmUp?: Micros | undefined;
  /** The enumeration for these replications, if it was made before. */
  readonly twin?: NonNullable<ChosenEstimator["exact"]>["twin"] | undefined;
}

function partOf(
  scenario: Scenario,
  results: readonly ReplicationResult[],
  overrides: Readonly<Record<string, string>>,
  { stopped, warmUp, twin }: PartOptions,
): StudyPart {
  const exact = twin?.probability ?? exactForRun(scenario, results);
  const figures = summarise(results, {
    exact,
    exactRestarts: twin?.restarts ?? exactRestarts(scenario, results, exact),
    warnings: [...precisionWarnings(stopped), ...trafficWarnings(scenario, results)],
    mayLock: mayLock(scenario, results, exact),
    ...(stopped === undefined ? {} : { look: stopped.look }),
  });
  return {
    settings: {
      seed: scenario.seed,
      kernel: scenario.kernel.build,
      portWalk: scenario.kernel.era.portWalk,
      replications: results.length,
      ...(results[0]?.nodes === undefined ? {} : { nodes: results[0].nodes }),
      durationSeconds: (results[0]?.duration ?? 0) / SECOND,
      ...(warmUp === undefined ? {} : { warmUpSeconds: warmUp / SECOND }),
      ...(stopped === undefined ? {} : { precision: stopped.precision }),
      overrides,
    },
    figures,
    exposure: exposureFigures(scenario, results),
    engine: {
      events: sumOf(results, (result) => result.engine.events),
      connections: sumOf(results, (result) => result.engine.connections),
      packets: sumOf(results, (result) => result.engine.packets),
      fingerprint: combinedFingerprint(results),
    },
  };
}

function flattened({
  name,
  settings,
  figures,
  exposure,
  engine,
}: StudyPart & { readonly name: string }): VariantDocument {
  return { name, settings, ...figures, exposure, engine };
}

/** The audit over the variants that are not the scenario as it stands under another name. */
function auditOf(
  scenario: Scenario,
  results: readonly ReplicationResult[],
  varied: readonly (readonly ReplicationResult[])[],
): AuditDocument | undefined {
  if (scenario.audit === undefined) return undefined;
  const plan = new StudyPlan(scenario, scenario.variants);
  const runs = scenario.variants.flatMap(({ name, settings }, index) =>
    plan.placeOf(index) === 0 ? [] : [{ name, settings, results: varied[index]! }],
  );
  return auditRuns(scenario.audit, results, runs);
}

/** Which NodePorts probes can be given: of the first replication, where each draws its own. */
function exposureFigures(scenario: Scenario, results: readonly ReplicationResult[]): ExposureDocument {
  const exposure = results[0]!.exposure;
  const [held, reserved] = [new Set(exposure.heldPorts), new Set(exposure.reservedPorts)];
  const isReachable = pickable({
    walk: scenario.kernel.era.portWalk,
    range: exposure.portRange,
    isReserved: (port) => reserved.has(port),
    isHeld: (port) => held.has(port),
  });
  return {
    portRange: exposure.portRange,
    nodePorts: exposure.nodePorts,
    reachable: exposure.intercepted.filter(isReachable),
    reserved: exposure.nodePorts.filter((port) => reserved.has(port)),
    heldByKubeProxy: exposure.heldByKubeProxy.length > 0,
    nodePortRange: scenario.kubeProxy.nodePortRange,
    reservedBlocks: portBlocks(exposure.reservedPorts),
    heldBlocks: portBlocks(exposure.heldPorts),
    isIntercepted: exposure.intercepted.length > 0,
    ...(results.some((one) => one.exposure.nodePorts.join() !== exposure.nodePorts.join())
      ? { isOfFirstBoot: true }
      : {}),
  };
}

function combinedFingerprint(results: readonly ReplicationResult[]): string {
  const fingerprint = new Fingerprint();
  for (const { engine } of results) fingerprint.addText(engine.fingerprint);
  return fingerprint.hex();
}
