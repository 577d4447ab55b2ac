import { assert } from "../sim/assert.ts";
import type { Netns } from "../kernel/netns.ts";
import type { KubeProxy } from "./kube_proxy/kube_proxy.ts";
import type { TimelineAction, TimelineEntry } from "./options.ts";
import type { Deployment } from "./workloads/deployment.ts";

/** What a timeline acts on. */
export interface TimelineTargets {
  readonly node: Netns;
  readonly kubeProxy: KubeProxy;
  readonly deployments: ReadonlyMap<string, Deployment>;
}

/** Carries out the entries of a timeline, those of one moment in their order. */
export class Timeline {
  readonly #entries: readonly TimelineEntry[];
  readonly #targets: TimelineTargets;
  readonly #handler: number;

  constructor(entries: readonly TimelineEntry[], targets: TimelineTargets) {
    this.#entries = entries;
    this.#targets = targets;
    this.#handler = targets.node.machine.loop.handler("timeline", (number) => this.#perform(number));
  }

  /** Schedules the first time of every entry. */
  start(): void {
    for (const [number, { at }] of this.#entries.entries())
      this.#targets.node.machine.loop.at(at, this.#handler, number);
  }

  #perform(number: number): void {
    const { every, actions } = this.#entries[number]!;
    if (every !== undefined) this.#targets.node.machine.loop.after(every, this.#handler, number);
    for (const action of actions) this.#act(action);
  }

  #act(action: TimelineAction): void {
    const { node, kubeProxy, deployments } = this.#targets;
    switch (action.kind) {
      case "kubeProxyVersion":
        kubeProxy.restart(action.version);
        return;
      case "restartKubeProxy":
        kubeProxy.restart();
        return;
      case "rollout": {
        const deployment = deployments.get(action.workload);
        assert(deployment !== undefined, `the workload ${action.workload} can be rolled out`);
        deployment.rollout();
        return;
      }
      case "sysctl": {
        const problem = node.sysctls.set(action.name, action.text);
        assert(problem === undefined, `the checked sysctl ${action.name} is accepted`);
      }
    }
  }
}
