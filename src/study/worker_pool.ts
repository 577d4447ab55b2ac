import { Worker } from "node:worker_threads";
import type { ReplicationResult } from "../cluster/replication_result.ts";
import { droppedError, runOnPool } from "./replication_pool.ts";
import type { PoolRequest, ReplicationPool, ReplicationTask, TaskWatch } from "./replication_pool.ts";
import type { WorkerReply } from "./worker.ts";

/** Runs replications as `runOnPool` does, on `jobs` threads that are started and ended. */
export async function runOnWorkers(
  request: Omit<PoolRequest, "pool"> & { readonly jobs: number },
): Promise<readonly ReplicationResult[]> {
  const pool = new WorkerPool(Math.min(request.jobs, request.tasks.length));
  try {
    return await runOnPool({ ...request, pool });
  } finally {
    await pool.close();
  }
}

interface WaitingTask {
  readonly task: ReplicationTask;
  readonly resolve: (result: ReplicationResult) => void;
  readonly reject: (reason: unknown) => void;
}

/** Worker threads with one queue before them: first in, first out. Each thread runs one replication at a time. */
export class WorkerPool implements ReplicationPool {
  readonly #jobs: number;
  readonly #script: URL;
  readonly #workers = new Set<Worker>();
  readonly #idle: Worker[] = [];
  /** A map keeps the order in which its members came. */
  readonly #waiting = new Map<TaskWatch, WaitingTask>();
  #isClosed = false;

  /** Threads are started when there is work for them, `jobs` at most; each runs `script`, which is the engine's. */
  constructor(jobs: number, script: URL = workerScript()) {
    this.#jobs = Math.max(1, jobs);
    this.#script = script;
  }

  /**
   * Runs a replication as soon as a thread is free.
   *
   * @param watch an object of this task's own.
   * @throws the error of a replication that breaks, with its `ReplayPlace`, or of a thread that ends in the middle of one,
   * with `replication`; AbortError if the task was dropped while it waited, or the pool was closed.
   */
  run(task: ReplicationTask, watch: TaskWatch = {}): Promise<ReplicationResult> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) reject(droppedError());
      else {
        this.#waiting.set(watch, { task, resolve, reject });
        this.#serve();
      }
    });
  }

  /** Ends all threads, those in the middle of a replication too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of this.#waiting.keys()) this.drop(watch);
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  /** Takes a task out of the queue, by its own `watch`; one that runs already comes to its end. */
  drop(watch: TaskWatch): void {
    const waiting = this.#waiting.get(watch);
    if (this.#waiting.delete(watch)) waiting?.reject(droppedError());
  }

  /** Gives waiting tasks to free threads, and starts a thread if there may be one more. */
  #serve(): void {
    for (const [watch, waiting] of this.#waiting) {
      let worker: Worker | undefined;
      try {
        worker = this.#isClosed ? undefined : (this.#idle.pop() ?? this.#startWorker());
      } catch (error) {
        this.#waiting.delete(watch);
        waiting.reject(error);
        continue;
      }
      if (worker === undefined) return;
      this.#waiting.delete(watch);
      void this.#runNext(worker, watch, waiting);
    }
  }

  #startWorker(): Worker | undefined {
    if (this.#workers.size >= this.#jobs) return undefined;
    const worker = newWorker(this.#script, this.#workers.size > 0);
    if (worker === undefined) return undefined;
    this.#workers.add(worker);
    // A thread may end while it has nothing to do, too: no task must be given to it then.
    worker.on("error", () => this.#forget(worker));
    worker.on("exit", () => this.#forget(worker));
    return worker;
  }

  #forget(worker: Worker): void {
    this.#workers.delete(worker);
    const place = this.#idle.indexOf(worker);
    if (place !== -1) this.#idle.splice(place, 1);
  }

  async #runNext(worker: Worker, watch: TaskWatch, { task, resolve, reject }: WaitingTask): Promise<void> {
    try {
      const result = await runOn(worker, task, watch);
      // A thread's last answer and its end may be told in one go.
      if (this.#workers.has(worker)) this.#idle.push(worker);
      resolve(result);
    } catch (error) {
      // A thread that broke once may be in any state: another one takes its place.
      this.#forget(worker);
      reject(error);
      await worker.terminate();
    }
    this.#serve();
  }
}

function runOn(worker: Worker, task: ReplicationTask, watch: TaskWatch): Promise<ReplicationResult> {
  const { replication } = task;
  return new Promise((resolve, reject) => {
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === "slice") {
        watch.onSlice?.(reply.simulated, reply.failed);
        return;
      }
      finish();
      if (reply.kind === "result") resolve(reply.result);
      else reject(Object.assign(new Error(reply.message), { stack: reply.stack, ...reply.place }));
    };
    const onError = (error: Error): void => {
      finish();
      // What a thread throws may be anything; one that is out of memory carries its code.
      reject(Object.assign(error instanceof Error ? error : new Error(String(error)), { replication }));
    };
    const onExit = (code: number): void => onError(new Error(`A worker thread ended with code ${code}`));
    const finish = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("messageerror", onError);
      worker.off("exit", onExit);
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("messageerror", onError);
    worker.on("exit", onExit);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    worker.postMessage(task);
  });
}

/**
 * What a thread may hold of objects that it has just made, in MB; V8's own 48 would stay full of garbage, since a running
 * engine makes next to none.
 */
const YOUNG_MB = 12;

/**
 * Starts a thread.
 *
 * @returns nothing if the system gives no more threads and those that there are can do the work.
 */
function newWorker(script: URL, hasOthers: boolean): Worker | undefined {
  try {
    return new Worker(script, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  } catch (error) {
    if (hasOthers) return undefined;
    throw error;
  }
}

/** The engine's script, which is JavaScript: run from the sources, it is the one that was built last. */
function workerScript(): URL {
  const script = import.meta.url.endsWith(".ts") ? "../../dist/study/worker.js" : "./worker.js";
  return new URL(script, import.meta.url);
}
