import type { ReplicationPool } from "./replication_pool.ts";
import type { RunDocument } from "./run_document.ts";
import { runStudyOnPool } from "./run_study.ts";
import type { PooledRunRequest } from "./run_study.ts";
import { WorkerPool } from "./worker_pool.ts";

/** One run of a scenario: which, how it was changed, on how many threads. Its variants are run with it, unless one replication is asked for. */
export interface RunRequest extends Omit<PooledRunRequest, "pool"> {
  readonly jobs: number;
  /** Threads that outlive the run and take the place of `jobs`: the points of a sweep share them. */
  readonly pool?: ReplicationPool;
}

/**
 * Simulates a scenario's replications, and those of its variants on the same chance, on worker threads of Node.
 *
 * @returns the document of `sim run --format json`.
 * @throws as `runStudyOnPool` does.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const read = parseScenario(readFileSync(file, "utf8"), file, ["duration=20s", "replications=2"]);
 * if (!read.ok) throw new Error(file);
 * const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
 * const request = { scenario: read.scenario, file, digest: "", version: "", overrides: {}, clocks };
 * console.log((await runStudy({ ...request, jobs: 2 })).settings.replications); // 2
 * ```
 */
export async function runStudy(request: RunRequest): Promise<RunDocument> {
  if (request.pool !== undefined) return runStudyOnPool({ ...request, pool: request.pool });
  const pool = new WorkerPool(request.jobs);
  try {
    return await runStudyOnPool({ ...request, pool });
  } finally {
    await pool.close();
  }
}
