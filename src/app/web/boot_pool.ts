import type { ReplicationResult } from "../../cluster/replication_result.ts";
import { droppedError } from "../../study/replication_pool.ts";
import type { ReplicationTask, TaskWatch } from "../../study/replication_pool.ts";
import type { FromBoot, TellRequest, ToBoot } from "./messages.ts";
import type { PageStory } from "./page_story.ts";

/** Who hears of one task of the page's pool. */
export interface BootWatch extends TaskWatch {
  /** Asks for the results on the way, and hears them. */
  readonly onSoFar?: (result: ReplicationResult) => void;
}

/** What a worker is to do, before it has a number. */
type Asked = Omit<ToBoot & { kind: "run" }, "id"> | Omit<ToBoot & { kind: "tell" }, "id">;

interface Job {
  readonly id: number;
  readonly asked: Asked;
  readonly watch: BootWatch;
  readonly resolve: (reply: FromBoot) => void;
  readonly reject: (reason: unknown) => void;
  /** The worker that has it. */
  worker: number | undefined;
}

/** Milliseconds that a worker has to let go of what it was told to drop. */
const PATIENCE_MS = 1500;

/** Workers of the browser with one queue before them: first in, first out. Each does one thing at a time. */
export class BootPool {
  readonly #workers = new Map<number, MessagePort>();
  readonly #idle = new Set<number>();
  readonly #jobs = new Map<number, Job>();
  readonly #onStuck: (worker: number) => void;
  #next = 0;

  /** @param onStuck hears of a worker that does not let go; another one has to take its place. */
  constructor(onStuck: (worker: number) => void) {
    this.#onStuck = onStuck;
  }

  /** Adds a worker, or puts another one in its place. */
  add(worker: number, port: MessagePort): void {
    this.#workers.get(worker)?.close();
    this.#workers.set(worker, port);
    port.addEventListener("message", ({ data }: MessageEvent<FromBoot>) => this.#hear(worker, data));
    port.start();
    this.#idle.add(worker);
    this.#serve();
  }

  /** Runs a replication, as `ReplicationPool` does. */
  async run(task: ReplicationTask, watch: BootWatch = {}): Promise<ReplicationResult> {
    const reply = await this.#ask({ kind: "run", task, isShown: watch.onSoFar !== undefined }, watch);
    if (reply.kind === "result") return reply.result;
    const { message, place } = reply.kind === "error" ? reply : { message: "no result", place: {} };
    throw Object.assign(new Error(message), { ...place, replication: task.replication });
  }

  /** Tells a story; `undefined` if there is no such connection. */
  async tell(request: TellRequest, watch: BootWatch): Promise<PageStory | undefined> {
    const reply = await this.#ask({ kind: "tell", request }, watch);
    if (reply.kind === "story") return reply.story;
    throw new Error(reply.kind === "error" ? reply.message : "no story");
  }

  /** Takes a task out, by its own watch; a worker that has begun stops at its next slice. */
  drop(watch: TaskWatch): void {
    for (const job of this.#jobs.values()) {
      if (job.watch !== watch) continue;
      this.#jobs.delete(job.id);
      job.reject(droppedError());
      if (job.worker !== undefined) this.#recall(job.worker, job.id);
    }
  }

  #recall(worker: number, id: number): void {
    this.#post(worker, { kind: "drop", id });
    const port = this.#workers.get(worker);
    setTimeout(() => {
      if (this.#workers.get(worker) === port && !this.#idle.has(worker) && !this.#isBusy(worker)) this.#onStuck(worker);
    }, PATIENCE_MS);
  }

  /** Whether a worker has something to do that is still wanted. */
  #isBusy(worker: number): boolean {
    return [...this.#jobs.values()].some((job) => job.worker === worker);
  }

  #ask(asked: Asked, watch: BootWatch): Promise<FromBoot> {
    return new Promise((resolve, reject) => {
      this.#next += 1;
      this.#jobs.set(this.#next, { id: this.#next, asked, watch, resolve, reject, worker: undefined });
      this.#serve();
    });
  }

  #serve(): void {
    for (const job of this.#jobs.values()) {
      if (job.worker !== undefined) continue;
      const [worker] = this.#idle;
      if (worker === undefined) return;
      this.#idle.delete(worker);
      job.worker = worker;
      this.#post(worker, { ...job.asked, id: job.id });
    }
  }

  #post(worker: number, message: ToBoot): void {
    this.#workers.get(worker)?.postMessage(message, []);
  }

  #hear(worker: number, reply: FromBoot): void {
    const job = this.#jobs.get(reply.id);
    if (reply.kind === "slice") job?.watch.onSlice?.(reply.simulated, reply.failed);
    else if (reply.kind === "so-far") job?.watch.onSoFar?.(reply.result);
    else {
      // What was dropped ends here as well: its worker is free again.
      this.#jobs.delete(reply.id);
      this.#idle.add(worker);
      job?.resolve(reply);
      this.#serve();
    }
  }
}
