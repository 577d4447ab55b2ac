import { Worker } from "node:worker_threads";
import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Micros } from "../units.ts";
import type { WorkerReply, WorkerTask } from "./worker.ts";

/** What is to be run, and who wants to hear of it. */
export interface PoolRequest {
  /** One task is one replication of one scenario. */
  readonly tasks: readonly WorkerTask[];
  readonly jobs: number;
  /** Threads to run on, which stay alive; without them `jobs` threads are started and ended. */
  readonly pool?: WorkerPool;
  readonly signal?: AbortSignal;
  /** Progress of a task, by its place in `tasks`. */
  readonly onSlice?: (task: number, simulated: Micros, failed: number) => void;
  readonly onResult?: (task: number, result: ReplicationResult) => void;
}

/**
 * Runs replications on worker threads, each thread one at a time; the calling thread stays free.
 *
 * @returns the results in the order of `tasks`, whoever finished first.
 * @throws AbortError when the signal aborts; the error of the first replication that breaks, with its place in time and
 * in `tasks` (`task`).
 */
export async function runOnWorkers(request: PoolRequest): Promise<readonly ReplicationResult[]> {
  const { tasks, onSlice, onResult } = request;
  const pool = request.pool ?? new WorkerPool(Math.min(request.jobs, tasks.length));
  const isAborted = abortion(request.signal);
  const watches: TaskWatch[] = [];
  const runOne = async (task: WorkerTask, place: number): Promise<ReplicationResult> => {
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
    if (request.pool === undefined) await pool.close();
  }
}

/** Who hears of one task of a pool. */
export interface TaskWatch {
  readonly onSlice?: (simulated: Micros, failed: number) => void;
}

interface WaitingTask {
  readonly task: WorkerTask;
  readonly resolve: (result: ReplicationResult) => void;
  readonly reject: (reason: unknown) => void;
}

/** Worker threads with one queue before them: first in, first out. Each thread runs one replication at a time. */
export class WorkerPool {
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
   * @throws the error of a replication that breaks, with `replication` and its moment `at`; AbortError if the task was
   * dropped while it waited, or the pool was closed.
   */
  run(task: WorkerTask, watch: TaskWatch = {}): Promise<ReplicationResult> {
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

function droppedError(): DOMException {
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

function runOn(worker: Worker, task: WorkerTask, watch: TaskWatch): Promise<ReplicationResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === "slice") {
        watch.onSlice?.(reply.simulated, reply.failed);
        return;
      }
      finish();
      const { replication } = task;
      if (reply.kind === "result") resolve(reply.result);
      else reject(Object.assign(new Error(reply.message), { stack: reply.stack, replication, at: reply.at }));
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
