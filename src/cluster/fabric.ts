import type { Device } from "../kernel/device.ts";
import { Machine } from "../kernel/machine.ts";
import { MachineGroup } from "../kernel/machine_group.ts";
import type { Netns } from "../kernel/netns.ts";
import type { TraceSink } from "../kernel/trace.ts";
import { assert } from "../sim/assert.ts";
import type { EventLoop } from "../sim/event_loop.ts";
import { Fingerprint } from "../sim/fingerprint.ts";
import type { RandomStreams } from "../sim/random.ts";
import { type Ipv4, type Micros, prefixMask } from "../units.ts";
import { Churn } from "./churn.ts";
import { Clients } from "./clients.ts";
import { filterFabric } from "./fabric_filter.ts";
import type { ClusterOptions, InterfaceOptions, NodeDescription, ServiceOptions } from "./options.ts";
import { addOutsideHosts } from "./outside_hosts.ts";
import type { WorkloadResult } from "./replication_result.ts";
import type { Site } from "./workload.ts";

/** One-way delay between a node and the switch or router in the middle; from node to node it is twice that. */
const LINK_DELAY: Micros = 50;

/** What hosts outside several nodes have lived through by the end of a run. */
export interface OutsideResult {
  /** Packets that they have sent. */
  readonly packets: number;
  /** Connections that they have begun. */
  readonly connections: number;
  /** Those of agents there, in the scenario's order. */
  readonly workloads: readonly WorkloadResult[];
  readonly fingerprint: string;
}

/**
 * The network that nodes share: a machine of its own, with a bridge for each subnet and the gateway on it, and with all
 * addresses that are on no node. Interfaces whose addresses are of one subnet hang on one bridge; between subnets the
 * gateway routes. A node's frames get to it as they would to a switch, so a node that asks by ARP for an address that
 * nobody has is left without an answer.
 */
export class Fabric {
  readonly loop: EventLoop;
  readonly group = new MachineGroup();
  readonly netns: Netns;
  readonly #machine: Machine;
  readonly #subnets = new Map<string, Device>();
  readonly #nodeAddresses = new Set<Ipv4>();
  /** Agents that connect from outside the nodes, and the outcomes of their connections. */
  readonly #churn: Churn[] = [];
  #clients: Clients | undefined = undefined;
  readonly #fingerprint = new Fingerprint();

  constructor(options: ClusterOptions, loop: EventLoop, random: RandomStreams, trace?: TraceSink) {
    this.loop = loop;
    this.#machine = new Machine({
      loop,
      era: options.kernel.era,
      random: random.within("fabric"),
      group: this.group,
      ...(trace === undefined ? {} : { trace }),
    });
    this.netns = this.#machine.createNetns("network");
    const problem = this.netns.sysctls.set("net.ipv4.ip_forward", "1");
    assert(problem === undefined, "a router forwards");
    filterFabric(this.netns, options, (address) => this.#nodeAddresses.has(address) || this.netns.hasAddress(address));
  }

  /** Connects a physical interface of a node to its subnet. @returns the interface, without its addresses. */
  join(node: Netns, { name, addresses }: InterfaceOptions, gateway: Ipv4 | undefined): Device {
    const bridge = this.#subnet(name, addresses[0], gateway);
    const place = `${bridge.name}p${bridge.ports.length}`;
    const [nodeEnd, port] = this.#machine.createVeth(
      { netns: node, name },
      { netns: this.netns, name: place },
      LINK_DELAY,
    );
    this.#machine.attachPort(bridge, port);
    for (const { address } of addresses) this.#nodeAddresses.add(address);
    return nodeEnd;
  }

  /** Routes a node's pod network to the node, as the route table of a cloud does. */
  routePods({ podCidr, primaryAddress }: NodeDescription): void {
    if (podCidr === undefined) return;
    const device = this.netns.routes.lookup(primaryAddress).device;
    assert(device !== undefined, "a node's primary address is in a subnet of the fabric");
    const { address, prefixLength } = podCidr;
    this.netns.addRoute({ destination: address, prefixLength, kind: "unicast", device, via: primaryAddress });
  }

  /**
   * Gives the network what is named and is on no node: endpoints of services elsewhere, agents that connect from there,
   * and the servers that agents connect to.
   */
  ownTheRest(options: ClusterOptions, services: readonly ServiceOptions[]): void {
    const onNodes = new Set<Ipv4>(this.#nodeAddresses);
    for (const node of options.nodes ?? [])
      for (const { addresses } of node.interfaces) for (const { address } of addresses) onNodes.add(address);
    addOutsideHosts(this.netns, options, { services, isOnNode: (address) => onNodes.has(address) });
    const clients = new Clients(this.#machine, this.#fingerprint);
    this.#clients = clients;
    for (const churn of options.churn) {
      if (churn.source !== undefined) this.#churn.push(new Churn(churn, this.netns, clients));
    }
  }

  /** Sets the agents outside the nodes going. */
  start(): void {
    for (const churn of this.#churn) churn.start();
  }

  /** Where connections of hosts outside the nodes begin; `undefined` before `ownTheRest`. */
  get site(): Site | undefined {
    return this.#clients === undefined
      ? undefined
      : { netns: this.netns, clients: this.#clients, workloads: this.#churn };
  }

  /** What the hosts outside the nodes have lived through. */
  result(): OutsideResult {
    return {
      packets: this.#machine.packetsSent,
      connections: this.#machine.tcp.connections,
      workloads: this.#churn.map(({ counts }) => counts.result()),
      fingerprint: this.#fingerprint.hex(),
    };
  }

  #subnet(name: string, network: InterfaceOptions["addresses"][number] | undefined, gateway: Ipv4 | undefined): Device {
    const mask = network === undefined ? 0 : prefixMask(network.prefixLength);
    const first = network === undefined ? 0 : network.address & mask;
    const key = network === undefined ? name : `${first}/${network.prefixLength}`;
    let bridge = this.#subnets.get(key);
    if (bridge === undefined) {
      bridge = this.netns.addDevice(`subnet${this.#subnets.size}`, "bridge");
      this.#subnets.set(key, bridge);
      if (network !== undefined) {
        const { prefixLength } = network;
        this.netns.addRoute({ destination: first, prefixLength, kind: "unicast", device: bridge });
      }
    }
    const isInside = gateway !== undefined && network !== undefined && ((gateway ^ first) & mask) === 0;
    if (isInside && !this.netns.hasAddress(gateway)) this.netns.addAddress(bridge, gateway, 32);
    return bridge;
  }
}
