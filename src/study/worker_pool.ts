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
  readonly #workers = new Set<Worker>();
  readonly #idle: Worker[] = [];
  /** A map keeps the order in which its members came. */
  readonly #waiting = new Map<TaskWatch, WaitingTask>();
  #isClosed = false;

  /** Threads are started when there is work for them, `jobs` at most. */
  constructor(jobs: number) {
    this.#jobs = Math.max(1, jobs);
  }

  /**
   * Runs a replication as soon as a thread is free.
   *
   * @param watch an object of this task's own.
   * @throws the error of a replication that breaks, with its `ReplayPlace`; AbortError if the task was
   * dropped while it waited, or the pool was closed.
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
      const worker = this.#isClosed ? undefined : (this.#idle.pop() ?? this.#startWorker());
      if (worker === undefined) return;
      this.#waiting.delete(watch);
      void this.#runNext(worker, watch, waiting);
    }
  }

  #startWorker(): Worker | undefined {
    if (this.#workers.size >= this.#jobs) return undefined;
    const worker = startWorker();
    this.#workers.add(worker);
    return worker;
  }

  async #runNext(worker: Worker, watch: TaskWatch, { task, resolve, reject }: WaitingTask): Promise<void> {
    try {
      const result = await runOn(worker, task, watch);
      this.#idle.push(worker);
      resolve(result);
    } catch (error) {
      // A thread that broke once may be in any state: another one takes its place.
      this.#workers.delete(worker);
      reject(error);
      await worker.terminate();
    }
    this.#serve();
  }
}

function runOn(worker: Worker, task: ReplicationTask, watch: TaskWatch): Promise<ReplicationResult> {
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
      reject(error);
    };
    const onExit = (code: number): void => onError(new Error(`A worker stopped with code ${code}`));
    const finish = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    worker.postMessage(task);
  });
}

/** The worker's script, which is JavaScript: run from the sources, it is the one that was built last. */
function startWorker(): Worker {
  const script = import.meta.url.endsWith(".ts") ? "../../dist/study/worker.js" : "./worker.js";
  return new Worker(new URL(script, import.meta.url));
}
