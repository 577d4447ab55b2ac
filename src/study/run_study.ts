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
import { StudyPlan } from "./study_plan.ts";
import { summarise } from "./summary.ts";
import { runOnWorkers } from "./worker_pool.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** How far a run has come, all variants together. */
export interface RunProgress {
  readonly finishedReplications: number;
  readonly replications: number;
  /** Simulated time of all replications together, and how much there will be. */
  readonly simulated: Micros;
  readonly total: Micros;
  readonly failed: number;
}

/** One run of a scenario: which, how it was changed, on how many threads. */
export interface RunRequest {
  /** Its variants are run with it, unless one replication is asked for. */
  readonly scenario: Scenario;
  readonly file: string;
  readonly digest: string;
  readonly version: string;
  readonly overrides: Readonly<Record<string, string>>;
  readonly jobs: number;
  /** Threads that outlive the run and take the place of `jobs`: the points of a sweep share them. */
  readonly pool?: WorkerPool;
  readonly onProgress?: (progress: RunProgress) => void;
  readonly signal?: AbortSignal;
  /** Run only this replication (counted from 0), and only up to a moment: a replay. */
  readonly replication?: number;
  readonly until?: Micros;
  /** Wall and CPU clocks in seconds; their difference is the only thing in the document that differs between runs. */
  readonly clocks: { wallSeconds(): number; cpuSeconds(): number };
}

/**
 * Simulates a scenario's replications, and those of its variants on the same chance, and states what they show.
 *
 * @returns the document of `sim run --format json`.
 * @throws AbortError when the signal aborts; a broken invariant with its `replication`, its moment `at` and,
 * if it is a variant's, the variant's `settings`.
 */
export async function runStudy(request: RunRequest): Promise<RunDocument> {
  const { scenario, clocks } = request;
  const wallStart = clocks.wallSeconds();
  const cpuStart = clocks.cpuSeconds();
  const replications =
    request.replication === undefined
      ? Array.from({ length: scenario.replications }, (_, replication) => replication)
      : [request.replication];
  // A replay is of one setting: its line names those of a variant as options.
  const variants = request.replication === undefined ? scenario.variants : [];
  const plan = new StudyPlan(scenario, variants);
  const tasks = plan.scenarios.flatMap((one) =>
    replications.map((replication) => ({
      scenario: one,
      replication,
      ...(request.until === undefined ? {} : { until: request.until }),
    })),
  );
  const progress = new ProgressSum(request, tasks.length);
  const results = await runOnWorkers({
    tasks,
    jobs: request.jobs,
    ...(request.pool === undefined ? {} : { pool: request.pool }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    onSlice: (task, simulated, failed) => progress.slice(task, simulated, failed),
    onResult: () => progress.finished(),
  }).catch((error: unknown) => {
    throw plan.placed(error, replications.length);
  });
  const resultsOf = (place: number): readonly ReplicationResult[] =>
    results.slice(place * replications.length, (place + 1) * replications.length);
  const times = { wallSeconds: clocks.wallSeconds() - wallStart, cpuSeconds: clocks.cpuSeconds() - cpuStart };
  const varied = variants.map((_, index) => resultsOf(plan.placeOf(index)));
  return documentOf(request, resultsOf(0), times, varied);
}

/**
 * The document of a run whose replications are done, in their order.
 *
 * @param varied the replications of each variant, in the order of the variants; empty if they were not run.
 */
export function documentOf(
  request: Pick<RunRequest, "scenario" | "file" | "digest" | "version" | "overrides">,
  results: readonly ReplicationResult[],
  times: { readonly wallSeconds: number; readonly cpuSeconds: number },
  varied: readonly (readonly ReplicationResult[])[] = [],
): RunDocument {
  const { scenario, overrides } = request;
  const standing = partOf(scenario, results, overrides);
  const variants = varied.map((own, index) => {
    const { name, settings, scenario: changed } = scenario.variants[index]!;
    return { name, ...partOf(changed, own, { ...overrides, ...settings }) };
  });
  const audit = scenario.audit === undefined || varied.length === 0 ? undefined : auditOf(scenario, results, varied);
  const { settings, figures, exposure, engine } = standing;
  const named = Object.fromEntries(variants.map((variant) => [variant.name, { ...variant.figures, ...variant }]));
  return {
    format: "run/1",
    scenario: { file: request.file, digest: request.digest, about: scenario.about },
    settings,
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

function partOf(
  scenario: Scenario,
  results: readonly ReplicationResult[],
  overrides: Readonly<Record<string, string>>,
): StudyPart {
  const exact = exactForRun(scenario, results);
  const figures = summarise(results, {
    exact,
    exactRestarts: exactRestarts(scenario, results, exact),
    warnings: trafficWarnings(scenario, results),
  });
  return {
    settings: {
      seed: scenario.seed,
      kernel: scenario.kernel.build,
      portWalk: scenario.kernel.era.portWalk,
      replications: results.length,
      ...(results[0]?.nodes === undefined ? {} : { nodes: results[0].nodes }),
      durationSeconds: (results[0]?.duration ?? 0) / SECOND,
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
  const [low, high] = exposure.portRange;
  const closed = new Set([...exposure.heldPorts, ...exposure.reservedPorts]);
  // From 4.6 on the other parity is tried only when one is used up; with an even range 4.2 to 4.5 stay on it as well.
  const walk = scenario.kernel.era.portWalk;
  const isAllParities = walk === "3.10" || (walk === "4.2-4.5" && (high - low + 1) % 2 === 1);
  const isReachable = (port: number): boolean =>
    port >= low && port <= high && !closed.has(port) && (isAllParities || port % 2 === low % 2);
  return {
    portRange: exposure.portRange,
    nodePorts: exposure.nodePorts,
    reachable: exposure.intercepted.filter(isReachable),
    reserved: exposure.nodePorts.filter((port) => exposure.reservedPorts.includes(port)),
    heldByKubeProxy: exposure.heldByKubeProxy.length > 0,
  };
}

function combinedFingerprint(results: readonly ReplicationResult[]): string {
  const fingerprint = new Fingerprint();
  for (const { engine } of results) fingerprint.addText(engine.fingerprint);
  return fingerprint.hex();
}

function sumOf(results: readonly ReplicationResult[], figure: (result: ReplicationResult) => number): number {
  return results.reduce((sum, result) => sum + figure(result), 0);
}

/** Adds up the progress of replications that run side by side. */
class ProgressSum {
  readonly #request: RunRequest;
  readonly #replications: number;
  readonly #simulated = new Map<number, Micros>();
  readonly #failed = new Map<number, number>();
  #finished = 0;

  constructor(request: RunRequest, replications: number) {
    this.#request = request;
    this.#replications = replications;
  }

  slice(task: number, simulated: Micros, failed: number): void {
    this.#simulated.set(task, simulated);
    this.#failed.set(task, failed);
    this.#tell();
  }

  finished(): void {
    this.#finished += 1;
    this.#tell();
  }

  #tell(): void {
    const { onProgress, scenario, until } = this.#request;
    const each = Math.min(until ?? scenario.duration, scenario.duration);
    onProgress?.({
      finishedReplications: this.#finished,
      replications: this.#replications,
      simulated: total(this.#simulated.values()),
      total: each * this.#replications,
      failed: total(this.#failed.values()),
    });
  }
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
