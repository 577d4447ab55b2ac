import { Worker } from "node:worker_threads";
import type { ReplicationResult } from "../cluster/replication_result.ts";
import type { Micros } from "../units.ts";
import type { WorkerReply, WorkerTask } from "./worker.ts";

/** What is to be run, and who wants to hear of it. */
export interface PoolRequest {
  /** One task is one replication of one scenario. */
  readonly tasks: readonly WorkerTask[];
  readonly jobs: number;
  readonly signal?: AbortSignal;
  /** Progress of a task, by its place in `tasks`. */
  readonly onSlice?: (task: number, simulated: Micros, failed: number) => void;
  readonly onResult?: (task: number, result: ReplicationResult) => void;
}

/**
 * Runs replications on worker threads, each thread one at a time; the calling thread stays free.
 *
 * @returns the results in the order of `tasks`, whoever finished first.
 * @throws AbortError when the signal aborts; the error of the first replication that breaks, with its place in time and in `tasks` (`task`).
 */
export async function runOnWorkers(request: PoolRequest): Promise<readonly ReplicationResult[]> {
  const { tasks } = request;
  const results = new Map<number, ReplicationResult>();
  const waiting = tasks.map((_, place) => place);
  const workers = new Set<Worker>();
  const isAborted = abortion(request.signal);
  const serve = async (): Promise<void> => {
    const worker = startWorker();
    workers.add(worker);
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const result = await runOne(worker, request, next);
        results.set(next, result);
        request.onResult?.(next, result);
      }
    } finally {
      workers.delete(worker);
      await worker.terminate();
    }
  };
  const count = Math.max(1, Math.min(request.jobs, waiting.length));
  try {
    await Promise.race([Promise.all(Array.from({ length: count }, serve)), isAborted.promise]);
  } finally {
    isAborted.release();
    waiting.length = 0;
    await Promise.all([...workers].map((worker) => worker.terminate()));
  }
  return tasks.flatMap((_, place) => results.get(place) ?? []);
}

/** A promise that rejects when the signal aborts. */
function abortion(signal: AbortSignal | undefined): { readonly promise: Promise<never>; release(): void } {
  const released = new AbortController();
  const promise = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(new DOMException("The study was interrupted", "AbortError"));
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { signal: released.signal });
  });
  return { promise, release: () => released.abort() };
}

function runOne(worker: Worker, request: PoolRequest, place: number): Promise<ReplicationResult> {
  const task = request.tasks[place]!;
  return new Promise((resolve, reject) => {
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === "slice") {
        request.onSlice?.(place, reply.simulated, reply.failed);
        return;
      }
      finish();
      const { replication } = task;
      if (reply.kind === "result") resolve(reply.result);
      else
        reject(Object.assign(new Error(reply.message), { stack: reply.stack, replication, at: reply.at, task: place }));
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
