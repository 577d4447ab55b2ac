import type { PodOptions, WorkloadOptions } from "../options.ts";
import type { AddressPool } from "./address_pool.ts";
import type { PodStatus, PodStatuses } from "./pod_statuses.ts";

/** Where the pods of a workload run. */
export interface PodHost {
  /** Starts a pod that is entered as not ready, and sets its readiness from then on. */
  start(pod: PodOptions): void;
  /** Ends a pod that is entered as terminating; `gone` is called once it has removed it. */
  stop(pod: PodOptions, gone: () => void): void;
}

/**
 * A Deployment: a rollout replaces its pods by new ones with new addresses, never with more than `maxSurge` pods above
 * its replicas nor more than `maxUnavailable` below.
 *
 * Source: pkg/controller/deployment/rolling.go rolloutRolling, reconcileOldReplicaSets, v1.23.
 * Not modelled: the controller's and the scheduler's own delays, minReadySeconds, progressDeadlineSeconds: a rollout
 * takes as long as its pods take to get ready.
 */
export class Deployment {
  readonly #options: WorkloadOptions;
  readonly #replicas: number;
  readonly #statuses: PodStatuses;
  readonly #pool: AddressPool;
  readonly #host: PodHost;
  #revision = 0;
  #created = 0;
  #isReconciling = false;

  constructor(
    options: WorkloadOptions,
    parts: { readonly statuses: PodStatuses; readonly pool: AddressPool; readonly host: PodHost },
  ) {
    this.#options = options;
    this.#replicas = options.pods.length;
    this.#statuses = parts.statuses;
    this.#pool = parts.pool;
    this.#host = parts.host;
    this.#statuses.watch((workload) => {
      if (workload === options.name && this.#revision > 0) this.#reconcile();
    });
  }

  /** Begins a rollout; one that is still under way goes on with the new pods as its aim. */
  rollout(): void {
    this.#revision += 1;
    this.#reconcile();
  }

  /** Each step changes a status, which would begin the next step inside this one. */
  #reconcile(): void {
    if (this.#isReconciling) return;
    this.#isReconciling = true;
    let hasChanged = true;
    while (hasChanged) hasChanged = this.#scaleUp() || this.#scaleDown();
    this.#isReconciling = false;
  }

  #live(): readonly PodStatus[] {
    return this.#statuses.of(this.#options.name).filter(({ isTerminating }) => !isTerminating);
  }

  #scaleUp(): boolean {
    const live = this.#live();
    const fresh = live.filter(({ revision }) => revision === this.#revision).length;
    const room = this.#replicas + this.#options.maxSurge - live.length;
    const count = Math.min(room, this.#replicas - fresh);
    let created = 0;
    while (created < count && this.#create()) created += 1;
    return created > 0;
  }

  #scaleDown(): boolean {
    const live = this.#live();
    const old = live.filter(({ revision }) => revision !== this.#revision);
    const freshUnready = live.filter(isUnready).length - old.filter(isUnready).length;
    const least = this.#replicas - this.#options.maxUnavailable;
    const mayGo = live.length - least - freshUnready;
    const mayGoReady = live.filter(({ isReady }) => isReady).length - least;
    const leaving = [
      ...old.filter(isUnready).slice(0, Math.max(0, mayGo)),
      ...old.filter(({ isReady }) => isReady).slice(0, Math.max(0, mayGoReady)),
    ].slice(0, Math.max(0, mayGo));
    for (const { pod } of leaving) this.#terminate(pod);
    return leaving.length > 0;
  }

  /** @returns false if no address is free: the pod is made once one is. */
  #create(): boolean {
    const address = this.#pool.take();
    if (address === undefined) return false;
    const template = this.#options.pods[0]!;
    const name = `${this.#options.name}-r${this.#revision}-${this.#created}`;
    this.#created += 1;
    const pod: PodOptions = { ...template, name, address };
    this.#statuses.add(pod, this.#revision, false);
    this.#host.start(pod);
    return true;
  }

  #terminate(pod: PodOptions): void {
    this.#statuses.setTerminating(pod);
    this.#host.stop(pod, () => this.#pool.release(pod.address));
  }
}

function isUnready({ isReady }: PodStatus): boolean {
  return !isReady;
}
