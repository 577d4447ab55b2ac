import type { Device } from "../kernel/device.ts";
import { Machine } from "../kernel/machine.ts";
import { MachineGroup } from "../kernel/machine_group.ts";
import type { Netns } from "../kernel/netns.ts";
import type { TraceSink } from "../kernel/trace.ts";
import { assert } from "../sim/assert.ts";
import type { EventLoop } from "../sim/event_loop.ts";
import type { RandomStreams } from "../sim/random.ts";
import { type Ipv4, type Micros, prefixMask } from "../units.ts";
import { dropInvalid } from "./endpoint_hosts.ts";
import { filterFabric } from "./fabric_filter.ts";
import type { ClusterOptions, InterfaceOptions, NodeDescription, ServiceOptions } from "./options.ts";
import { serveOutside } from "./outside_server.ts";

/** One-way delay between a node and the switch or router in the middle; from node to node it is twice that. */
const LINK_DELAY: Micros = 50;

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

  /** Packets that hosts outside the nodes have sent. */
  get packetsSent(): number {
    return this.#machine.packetsSent;
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
   * Gives the network what is named and is on no node: endpoints of services elsewhere, and the servers that agents
   * connect to.
   */
  ownTheRest(options: ClusterOptions, services: readonly ServiceOptions[]): void {
    const elsewhere = new Set<Ipv4>(this.#nodeAddresses);
    for (const pod of options.pods) elsewhere.add(pod.address);
    for (const { clusterIp } of services) if (clusterIp !== undefined) elsewhere.add(clusterIp);
    for (const node of options.nodes ?? [])
      for (const { addresses } of node.interfaces) for (const { address } of addresses) elsewhere.add(address);
    const device = this.netns.addDevice("dummy0", "dummy");
    const own = (address: Ipv4): void => {
      if (!elsewhere.has(address) && !this.netns.hasAddress(address)) this.netns.addAddress(device, address, 32);
    };
    for (const service of services) for (const endpoint of service.endpoints) own(endpoint);
    for (const churn of options.churn) {
      own(churn.to.address);
      serveOutside(this.netns, churn);
    }
    if (options.endpointHostsDropInvalid) this.#machine.loadRules(this.netns, dropInvalid());
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
