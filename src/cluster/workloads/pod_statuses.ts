import type { PodOptions } from "../options.ts";

/** What the API server knows of a pod. */
export interface PodStatus {
  readonly pod: PodOptions;
  /** Which rollout made it; 0 for the pods of the start. */
  readonly revision: number;
  readonly isReady: boolean;
  /** Whether it has a deletionTimestamp. */
  readonly isTerminating: boolean;
}

/** The status of every pod of the workloads that change or are selected; whoever watches hears of each change at once. */
export class PodStatuses {
  readonly #byWorkload = new Map<string, Map<string, PodStatus>>();
  readonly #watchers: ((workload: string) => void)[] = [];

  /** The pods of a workload in the order of their creation. */
  of(workload: string): readonly PodStatus[] {
    return [...(this.#byWorkload.get(workload)?.values() ?? [])];
  }

  watch(watcher: (workload: string) => void): void {
    this.#watchers.push(watcher);
  }

  /** Enters a pod. */
  add(pod: PodOptions, revision: number, isReady: boolean): void {
    const pods = this.#byWorkload.get(pod.workload) ?? new Map<string, PodStatus>();
    this.#byWorkload.set(pod.workload, pods);
    pods.set(pod.name, { pod, revision, isReady, isTerminating: false });
    this.#tell(pod.workload);
  }

  /** Sets the condition Ready; a pod that is not entered is nobody's concern. */
  setReady({ workload, name }: PodOptions, isReady: boolean): void {
    const pods = this.#byWorkload.get(workload);
    const status = pods?.get(name);
    if (pods === undefined || status === undefined || status.isReady === isReady) return;
    pods.set(name, { ...status, isReady });
    this.#tell(workload);
  }

  /** The pod is being deleted. */
  setTerminating({ workload, name }: PodOptions): void {
    const pods = this.#byWorkload.get(workload);
    const status = pods?.get(name);
    if (pods === undefined || status === undefined) return;
    pods.set(name, { ...status, isTerminating: true });
    this.#tell(workload);
  }

  /** The pod is gone. */
  remove({ workload, name }: PodOptions): void {
    if (this.#byWorkload.get(workload)?.delete(name) === true) this.#tell(workload);
  }

  #tell(workload: string): void {
    for (const watcher of this.#watchers) watcher(workload);
  }
}
