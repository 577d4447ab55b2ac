import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { Machine } from "../../kernel/machine.ts";
import type { Netns } from "../../kernel/netns.ts";
import { type Micros, SECOND } from "../../units.ts";
import type { PodOptions } from "../options.ts";
import type { Server } from "../server.ts";

/** Back-off of restarts: backOffPeriod, MaxContainerBackOff; its entry is forgotten twice the maximum after the last start. */
const BACKOFF_FIRST: Micros = 10 * SECOND;
const BACKOFF_MOST: Micros = 300 * SECOND;

/** Watches a container's life: its probe workers do. */
export interface ContainerWatcher {
  /** The container was killed. */
  containerStopped(): void;
  /** A new container runs; its startup probe, if it has one, has yet to succeed. */
  containerStarted(): void;
  /** Its startup probe has succeeded. */
  startupPassed?(): void;
}

/**
 * The one container of a pod: it listens while it runs. A failed liveness or startup probe kills it; it comes back
 * after the back-off, if it is in one, and its own start-up time.
 *
 * Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go SyncPod, doBackOff, v1.23 v1.26; util/flowcontrol/backoff.go
 * IsInBackOffSince, Next, GC, v0.23.
 * Not modelled: terminationGracePeriodSeconds (it ends at once), init containers, more than one container; the pod
 * worker, which looks 10 to 15 s apart whether a back-off is over, so that the container starts up to 15 s later.
 */
export class Container {
  readonly options: PodOptions;
  readonly #netns: Netns;
  readonly #machine: Machine;
  readonly #server: Server;
  readonly #handler: number;
  readonly #watchers: ContainerWatcher[] = [];
  #isRunning = false;
  #isStarted = false;
  #isEnded = false;
  #restarts = 0;
  #firstRestart: Micros | null = null;
  #startedAt: Micros = DOUBLE_ZERO;
  /** The entry of the back-off, 0 while there is none, and when it was written: at the container's last start. */
  #backoff: Micros = 0;
  #backoffWritten: Micros = DOUBLE_ZERO;
  /** When the container before this one ended. */
  #lastEnd: Micros = DOUBLE_ZERO;

  constructor(options: PodOptions, netns: Netns, server: Server) {
    this.options = options;
    this.#netns = netns;
    this.#machine = netns.machine;
    this.#server = server;
    this.#handler = this.#machine.loop.handler(`kubelet/${options.name}/starts`, () =>
      this.#begin(!hasStartupProbe(options)),
    );
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The field `started` of its status: it runs, and its startup probe has succeeded, if it has one that connects. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Looks for a first restart from here on; the back-off stays. */
  forget(): void {
    this.#firstRestart = null;
  }

  /** When it was killed for the first time, if it was. */
  get firstRestart(): Micros | null {
    return this.#firstRestart;
  }

  get startedAt(): Micros {
    return this.#startedAt;
  }

  watch(watcher: ContainerWatcher): void {
    this.#watchers.push(watcher);
  }

  /** The pod is gone, and its container for good. */
  end(): void {
    this.#server.stop();
    this.#isRunning = false;
    this.#isStarted = false;
    this.#isEnded = true;
  }

  /** Starts it for the first time while the run goes on: it listens after its start-up time. */
  startLater(): void {
    this.#machine.loop.after(this.options.containerStart, this.#handler, 0);
  }

  /** The process runs and listens, and has passed its startup probe: it is long up when the run begins. */
  start(): void {
    this.#begin(true);
  }

  /** Its startup probe has succeeded. */
  passStartup(): void {
    if (!this.#isRunning || this.#isStarted) return;
    this.#isStarted = true;
    for (const watcher of this.#watchers) watcher.startupPassed?.();
  }

  #begin(isStarted: boolean): void {
    if (this.#isEnded) return;
    const address = this.options.hostNetwork ? this.options.address : 0;
    for (const port of this.options.listen) this.#server.listen(this.#netns, address, port);
    this.#isRunning = true;
    this.#isStarted = isStarted;
    this.#startedAt = this.#machine.loop.now;
    for (const watcher of this.#watchers) watcher.containerStarted();
  }

  /** Kills the container and starts it again. @returns the back-off that it waits for, before its start-up time. */
  restart(): Micros {
    this.#server.stop();
    this.#isRunning = false;
    this.#isStarted = false;
    this.#restarts += 1;
    this.#firstRestart ??= this.#machine.loop.now;
    for (const watcher of this.#watchers) watcher.containerStopped();
    const wait = this.#nextBackoff();
    this.#machine.loop.after(wait + this.options.containerStart, this.#handler, 0);
    return wait;
  }

  /**
   * Kill and start are one sync of the pod, and the sync knows only containers that had ended before it. So the time of
   * the container before counts: a container that ran longer than the back-off starts at once, though its entry doubles.
   */
  #nextBackoff(): Micros {
    const now = this.#machine.loop.now;
    const isKnownToHaveEnded = this.#restarts > 1;
    if (now - this.#backoffWritten > 2 * BACKOFF_MOST) this.#backoff = 0;
    const wait = now - this.#lastEnd < this.#backoff ? this.#backoff : 0;
    if (isKnownToHaveEnded) {
      this.#backoff = this.#backoff === 0 ? BACKOFF_FIRST : Math.min(2 * this.#backoff, BACKOFF_MOST);
      this.#backoffWritten = now + wait;
    }
    this.#lastEnd = now;
    return wait;
  }
}

/** Whether a pod has a startup probe that opens connections; one by exec succeeds at once here. */
export function hasStartupProbe({ startupProbe }: PodOptions): boolean {
  return startupProbe !== undefined && startupProbe.handler.kind !== "exec";
}
