import type { Device } from "../../kernel/device.ts";
import type { Netns } from "../../kernel/netns.ts";
import { assert } from "../../sim/assert.ts";
import type { ProxiedService } from "../kube_proxy/proxier.ts";
import type { NodeOptions, PodOptions, ServiceOptions, WorkloadOptions } from "../options.ts";
import { AddressPool } from "./address_pool.ts";
import { Deployment, type PodHost } from "./deployment.ts";
import { EndpointSlices } from "./endpoint_slices.ts";
import { NetworkPolicy } from "./network_policy.ts";
import { PodStatuses } from "./pod_statuses.ts";
import { PodsElsewhere } from "./pods_elsewhere.ts";

/** What the control plane needs of the node and of the network behind it. */
export interface WorkloadsPlace {
  readonly node: Netns;
  /** Absent for one of several nodes, where nothing is elsewhere and no network policy is served. */
  readonly network: Netns | undefined;
  readonly startOnNode: (pod: PodOptions) => void;
  /** A pod of the node is being deleted; it ends some time later. */
  readonly terminateOnNode: (pod: PodOptions) => void;
  readonly endOnNode: (pod: PodOptions) => void;
  /** Hears of services whose endpoints have changed. */
  readonly changed: (services: readonly ProxiedService[]) => void;
}

/** The control plane's view of the node's workloads: pods with their status, Deployments, EndpointSlices. */
export class Workloads {
  readonly statuses = new PodStatuses();
  readonly #options: NodeOptions;
  readonly #place: WorkloadsPlace;
  readonly #slices: EndpointSlices;
  readonly #policy: NetworkPolicy | undefined;
  readonly #deployments = new Map<string, Deployment>();
  readonly #pools: readonly AddressPool[];

  constructor(options: NodeOptions, services: readonly ServiceOptions[], place: WorkloadsPlace) {
    this.#options = options;
    this.#place = place;
    this.#pools = options.addressPools.map((addresses, pool) => new AddressPool(addresses, takenOf(options, pool)));
    for (const { pods } of options.workloads) for (const pod of pods) this.statuses.add(pod, 0, true);
    this.#slices = new EndpointSlices(services, {
      loop: place.node.machine.loop,
      statuses: this.statuses,
      delay: options.endpointSliceDelay,
      changed: place.changed,
    });
    this.#policy = options.workloads.some(({ deniesIngress }) => deniesIngress) ? newPolicy(place) : undefined;
    for (const workload of options.workloads) {
      if (!workload.isElsewhere) this.#deploy(workload, this.#onNode(workload));
    }
  }

  /** All services with their endpoints of this moment. */
  get services(): readonly ProxiedService[] {
    return this.#slices.services;
  }

  /** Those workloads that can be rolled out, by name. */
  get deployments(): ReadonlyMap<string, Deployment> {
    return this.#deployments;
  }

  /** Puts the pods of other nodes into the network, on this device of it. */
  buildElsewhere(device: Device): void {
    for (const workload of this.#options.workloads) {
      if (!workload.isElsewhere) continue;
      const host = new PodsElsewhere(workload, { device, statuses: this.statuses });
      for (const pod of workload.pods) host.add(pod);
      this.#deploy(workload, host);
    }
  }

  #deploy(workload: WorkloadOptions, host: PodHost): void {
    const pool = this.#pools[workload.pool];
    if (workload.deniesIngress) for (const { address } of workload.pods) this.#policy?.deny(address);
    if (pool === undefined || workload.pods.length === 0) return;
    const guarded = workload.deniesIngress ? this.#guard(host) : host;
    this.#deployments.set(workload.name, new Deployment(workload, { statuses: this.statuses, pool, host: guarded }));
  }

  /** A host whose pods nobody reaches. */
  #guard(host: PodHost): PodHost {
    return {
      start: (pod) => {
        this.#policy?.deny(pod.address);
        host.start(pod);
      },
      stop: (pod, gone) =>
        host.stop(pod, () => {
          this.#policy?.forget(pod.address);
          gone();
        }),
    };
  }

  /** The node as the host of a workload's pods. */
  #onNode(workload: WorkloadOptions): PodHost {
    const { loop } = this.#place.node.machine;
    const ending: { readonly pod: PodOptions; readonly gone: () => void }[] = [];
    const handler = loop.handler(`kubelet/${workload.name}/gone`, () => {
      // All pods of a workload take equally long to end, so they end in the order in which they were told to.
      const { pod, gone } = ending.shift()!;
      this.#place.endOnNode(pod);
      gone();
      this.statuses.remove(pod);
    });
    return {
      start: (pod) => this.#place.startOnNode(pod),
      stop: (pod, gone) => {
        this.#place.terminateOnNode(pod);
        ending.push({ pod, gone });
        loop.after(workload.containerStop, handler, 0);
      },
    };
  }
}

function newPolicy({ node, network }: WorkloadsPlace): NetworkPolicy {
  assert(network !== undefined, "a node with network policies is by itself");
  return new NetworkPolicy(node, network);
}

/** The addresses of a pool that pods have from the start. */
function takenOf(options: NodeOptions, pool: number): PodOptions["address"][] {
  return options.workloads
    .filter((workload) => workload.pool === pool)
    .flatMap(({ pods }) => pods.map(({ address }) => address));
}
