import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Micros } from "../units.ts";

/** One replication of one scenario. */
export interface ReplicationTask {
  readonly scenario: Scenario;
  readonly replication: number;
  readonly until?: Micros;
  readonly warmUp?: Micros;
  readonly gaugeReadings?: number;
  /** Send every packet, also where a connection could be carried at once. */
  readonly isPacketByPacket?: boolean;
  readonly paranoid?: boolean;
}

/** Who hears of one task of a pool. */
export interface TaskWatch {
  readonly onSlice?: (simulated: Micros, failed: number) => void;
}

/** Whoever runs replications: threads of Node, workers of a browser. */
export interface ReplicationPool {
  /**
   * Runs a replication as soon as there is room, first in, first out.
   *
   * @param watch an object of this task's own.
   * @throws the error of a replication that breaks, with its `ReplayPlace`; AbortError if the task was dropped.
   */
  run(task: ReplicationTask, watch?: TaskWatch): Promise<ReplicationResult>;
  /** Takes a task out, by its own `watch`; one that runs already may come to its end. */
  drop(watch: TaskWatch): void;
}

/** What is to be run, on what, and who wants to hear of it. */
export interface PoolRequest {
  readonly tasks: readonly ReplicationTask[];
  readonly pool: ReplicationPool;
  readonly signal?: AbortSignal;
  /** Progress of a task, by its place in `tasks`. */
  readonly onSlice?: (task: number, simulated: Micros, failed: number) => void;
  readonly onResult?: (task: number, result: ReplicationResult) => void;
}

/**
 * Runs replications on a pool; the calling thread stays free.
 *
 * @returns the results in the order of `tasks`, whoever finished first.
 * @throws AbortError when the signal aborts; the error of the first replication that breaks, with its place in time and
 * in `tasks` (`task`).
 */
export async function runOnPool(request: PoolRequest): Promise<readonly ReplicationResult[]> {
  const { tasks, pool, onSlice, onResult } = request;
  const isAborted = abortion(request.signal);
  const watches: TaskWatch[] = [];
  const runOne = async (task: ReplicationTask, place: number): Promise<ReplicationResult> => {
    const watch: TaskWatch = { onSlice: (simulated, failed) => onSlice?.(place, simulated, failed) };
    watches.push(watch);
    try {
      const result = await pool.run(task, watch);
      onResult?.(place, result);
      return result;
    } catch (error) {
      throw error instanceof Error ? Object.assign(error, { task: place }) : error;
    }
  };
  try {
    return await Promise.race([Promise.all(tasks.map(runOne)), isAborted.promise]);
  } finally {
    isAborted.release();
    for (const watch of watches) pool.drop(watch);
  }
}

/** The error of a task that was dropped before it had a result. */
export function droppedError(): DOMException {
  return new DOMException("The replication was not run", "AbortError");
}

/** A promise that rejects when the signal aborts. */
function abortion(signal: AbortSignal | undefined): { readonly promise: Promise<never>; release(): void } {
  const listeners: (() => void)[] = [];
  const promise = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(new DOMException("The study was interrupted", "AbortError"));
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop);
    listeners.push(stop);
  });
  const release = (): void => listeners.forEach((stop) => signal?.removeEventListener("abort", stop));
  return { promise, release };
}
