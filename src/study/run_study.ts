import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { type Micros, SECOND } from "../units.ts";
import { Fingerprint } from "../sim/fingerprint.ts";
import { exactForRun, trafficWarnings } from "./exact_twin.ts";
import { checkExpectations } from "./expectations.ts";
import type { RunDocument } from "./run_document.ts";
import { summarise } from "./summary.ts";
import { runOnWorkers } from "./worker_pool.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** How far a run has come. */
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
 * Simulates a scenario's replications and states what they show.
 *
 * @returns the document of `sim run --format json`.
 * @throws AbortError when the signal aborts; a broken invariant with its `replication` and moment `at`.
 */
export async function runStudy(request: RunRequest): Promise<RunDocument> {
  const { scenario, clocks } = request;
  const wallStart = clocks.wallSeconds();
  const cpuStart = clocks.cpuSeconds();
  const replications =
    request.replication === undefined
      ? Array.from({ length: scenario.replications }, (_, replication) => replication)
      : [request.replication];
  const progress = new ProgressSum(request, replications.length);
  const results = await runOnWorkers({
    tasks: replications.map((replication) => ({
      scenario,
      replication,
      ...(request.until === undefined ? {} : { until: request.until }),
    })),
    jobs: request.jobs,
    ...(request.pool === undefined ? {} : { pool: request.pool }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    onSlice: (task, simulated, failed) => progress.slice(task, simulated, failed),
    onResult: () => progress.finished(),
  });
  return documentOf(request, results, {
    wallSeconds: clocks.wallSeconds() - wallStart,
    cpuSeconds: clocks.cpuSeconds() - cpuStart,
  });
}

/** The document of a run whose replications are done, in their order. */
export function documentOf(
  request: Pick<RunRequest, "scenario" | "file" | "digest" | "version" | "overrides">,
  results: readonly ReplicationResult[],
  times: { readonly wallSeconds: number; readonly cpuSeconds: number },
): RunDocument {
  const { scenario } = request;
  const figures = summarise(results, {
    exact: exactForRun(scenario, results),
    warnings: trafficWarnings(scenario, results),
  });
  return {
    format: "run/1",
    scenario: { file: request.file, digest: request.digest, about: scenario.about },
    settings: {
      seed: scenario.seed,
      kernel: scenario.kernel.build,
      portWalk: scenario.kernel.era.portWalk,
      replications: results.length,
      durationSeconds: (results[0]?.duration ?? 0) / SECOND,
      overrides: request.overrides,
    },
    ...figures,
    exposure: exposureFigures(scenario, results),
    expectations: checkExpectations(scenario.expect, figures),
    engine: {
      version: request.version,
      events: sumOf(results, (result) => result.engine.events),
      connections: sumOf(results, (result) => result.engine.connections),
      packets: sumOf(results, (result) => result.engine.packets),
      fingerprint: combinedFingerprint(results),
      cpuSeconds: times.cpuSeconds,
      wallSeconds: times.wallSeconds,
    },
  };
}

/** Which NodePorts probes can be given: of the first replication, where each draws its own. */
function exposureFigures(scenario: Scenario, results: readonly ReplicationResult[]): RunDocument["exposure"] {
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
