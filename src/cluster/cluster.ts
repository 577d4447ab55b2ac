import { FlowPath } from "../kernel/flow/flow_path.ts";
import type { Machine } from "../kernel/machine.ts";
import type { Netns } from "../kernel/netns.ts";
import type { TraceSink } from "../kernel/trace.ts";
import { assert } from "../sim/assert.ts";
import type { EventLoop } from "../sim/event_loop.ts";
import type { RandomStreams } from "../sim/random.ts";
import { Fabric } from "./fabric.ts";
import { Node } from "./node.ts";
import type { ClusterOptions, NodeDescription, NodeOptions, OverlayOptions } from "./options.ts";
import { joinPodNetworks } from "./overlay.ts";
import { drawServices } from "./service_generator.ts";
import type { Site } from "./workload.ts";

/** Without an `overlay` the nodes route pod networks to each other as they are. */
const PLAIN_ROUTES: OverlayOptions = { kind: "host-gw", port: 0, blocked: "off", masquerade: true };

/** A node of the cluster and the part of the options that is its own. */
export interface ClusterNode {
  readonly node: Node;
  readonly options: NodeOptions;
}

/**
 * The nodes of a scenario on one clock. A node by itself is what `Node` makes of it. Several nodes are a machine each,
 * with a kernel, a boot secret and tables of its own, joined by a fabric and by the routes or tunnels of an overlay.
 * Services are the same on all of them; their NodePorts are drawn once.
 */
export class Cluster {
  readonly nodes: readonly ClusterNode[];
  /** What joins several nodes. */
  readonly fabric: Fabric | undefined;

  constructor(options: ClusterOptions, loop: EventLoop, random: RandomStreams, trace?: TraceSink) {
    const descriptions = options.nodes ?? [];
    if (descriptions.length <= 1) {
      this.fabric = undefined;
      this.nodes = [{ node: new Node(options, loop, random, trace), options }];
      return;
    }
    const fabric = new Fabric(options, loop, random, trace);
    this.fabric = fabric;
    const services = [...options.services, ...drawServices(options, random)];
    this.nodes = descriptions.map((description, index) => {
      const own = optionsOf({ ...options, services, serviceGenerators: [] }, description, index);
      return { node: new Node(own, fabric, random.within(`node/${description.name ?? index}`), trace), options: own };
    });
    const overlay = options.overlay ?? PLAIN_ROUTES;
    joinPodNetworks(
      this.nodes.map(({ node: { netns }, options: { node: description } }) => ({ netns, description })),
      overlay,
    );
    if (overlay.kind === "host-gw") for (const description of descriptions) fabric.routePods(description);
    fabric.ownTheRest(options, services);
  }

  /** Sets everything going: all nodes in their order, then the hosts outside them. */
  start(): void {
    for (const { node } of this.nodes) node.start();
    this.fabric?.start();
  }

  /** Carries whole connections at once from now on, where that makes no difference; nobody watches packets. */
  carryFlows(): void {
    const [machine] = this.machines();
    assert(machine !== undefined && machine.trace === undefined, "packets that are watched are sent");
    machine.group.flowPath = new FlowPath(machine.group, machine.loop);
  }

  /** Brings counters up to date with the connections that were carried at once. */
  settle(): void {
    this.machines()[0]?.group.flowPath?.settle();
  }

  /** Failed probes of all nodes so far. */
  failedProbes(): number {
    return this.nodes.reduce((sum, { node }) => sum + node.kubelet.totals.failed, 0);
  }

  /** The kernels of all nodes in their order, then that of the network between them. */
  machines(): readonly Machine[] {
    const machines = this.nodes.map(({ node }) => node.machine);
    return this.fabric === undefined ? machines : [...machines, this.fabric.netns.machine];
  }

  /** All places that connections begin at, in the same order. */
  sites(): readonly Site[] {
    const outside = this.fabric?.site;
    const nodes = this.nodes.map(({ node }) => node);
    return outside === undefined ? nodes : [...nodes, outside];
  }

  /** The namespace of a pod, on whatever node it is, or `undefined`. */
  netnsOf(pod: string): Netns | undefined {
    for (const { node } of this.nodes) {
      const netns = node.machine.netns(pod);
      if (netns !== undefined) return netns;
    }
    return undefined;
  }
}

/**
 * What one of several nodes gets: its own description and sysctls, its pods, and the workloads that begin on it; those
 * that begin on no node are the fabric's.
 */
function optionsOf(options: ClusterOptions, description: NodeDescription, index: number): NodeOptions {
  const isHere = (nodeName: string | undefined): boolean =>
    nodeName === undefined ? index === 0 : nodeName === description.name;
  const pods = options.pods.filter((pod) => isHere(pod.nodeName));
  const startsHere = (from: string): boolean =>
    from === "node" ? index === 0 : from === description.name || pods.some(({ name }) => name === from);
  return {
    ...options,
    node: description,
    sysctls: [...options.sysctls, ...(description.sysctls ?? [])],
    pods,
    churn: options.churn.filter(({ from, source }) => source === undefined && startsHere(from)),
  };
}
