import { assert } from "../sim/assert.ts";
import type { Ipv4, Port } from "../units.ts";
import { tellTunnel } from "./decisions/route_reasons.ts";
import type { Device } from "./device.ts";
import { KeyedHash } from "./keyed_hash.ts";
import type { Netns } from "./netns.ts";
import { type Packet, Protocol } from "./packet.ts";

/** The UDP port of Linux and flannel; IANA's, which Calico and Windows use, is 4789. Source: drivers/net/vxlan/vxlan_core.c vxlan_port, v6.1. */
export const VXLAN_PORT: Port = 8472;

/** VXLAN header and the inner Ethernet header. */
const HEADER_BYTES = 8 + 14;

/** What a tunnel is made of. */
export interface VxlanOptions {
  readonly name: string;
  /** The source of outer packets: an address of the node. */
  readonly local: Ipv4;
  /** The destination port of outer packets, and the port that is listened on. */
  readonly port: Port;
}

/**
 * A VXLAN device: what is routed to it leaves the namespace inside a UDP packet from the node's address to the node
 * behind which the next hop is. Neighbours and forwarding entries are permanent, as flannel writes them, so nothing
 * asks by ARP through the tunnel, and a next hop is known whether or not packets get there.
 *
 * An ICMP error about an outer packet ends here: nothing translates it into one about the inner packet.
 *
 * Source: drivers/net/vxlan/vxlan_core.c vxlan_xmit, vxlan_xmit_one, vxlan_rcv, v6.1; pkg/backend/vxlan/device.go AddARP, AddFDB, v0.20.
 * Not modelled: the VNI (there is one), MTU and fragments, learning, multicast, several tunnels in one namespace.
 */
export class Vxlan {
  readonly device: Device;
  readonly #netns: Netns;
  readonly #local: Ipv4;
  readonly #port: Port;
  readonly #flowHash: KeyedHash;
  /** Next hops by address: whose link address they have (`ip neigh`). */
  readonly #neighbours = new Map<Ipv4, Device>();
  /** Nodes behind which link addresses are (`bridge fdb`). */
  readonly #remotes = new Map<Device, Ipv4>();

  constructor(netns: Netns, { name, local, port }: VxlanOptions) {
    assert(netns.vxlan === undefined, "a namespace has one tunnel");
    this.device = netns.addDevice(name, "vxlan");
    this.device.vxlan = this;
    netns.vxlan = this;
    this.#netns = netns;
    this.#local = local;
    this.#port = port;
    this.#flowHash = new KeyedHash(netns.machine.random.stream(`kernel/vxlan/${netns.name}/flow-hash`));
  }

  /**
   * Adds a peer: the device of the other end, which has `address`, is behind the node with the address `remote`.
   * A peer that is there is replaced.
   */
  addPeer(address: Ipv4, device: Device, remote: Ipv4): void {
    this.#neighbours.set(address, device);
    this.#remotes.set(device, remote);
    this.#netns.machine.flushRoutes();
  }

  /** The device that has the address, or `undefined` if no permanent neighbour has it. */
  neighbour(address: Ipv4): Device | undefined {
    return this.#neighbours.get(address);
  }

  /** Puts a packet whose frame is addressed to a peer into a UDP packet and sends this. */
  transmit(packet: Packet): void {
    const netns = this.#netns;
    const remote = packet.target === undefined ? undefined : this.#remotes.get(packet.target);
    if (remote === undefined) {
      if (netns.machine.decisions !== undefined) tellTunnel(netns, packet, undefined);
      netns.drop(packet);
      return;
    }
    // The outer packet is another connection to netfilter (net/ipv4/ip_tunnel_core.c iptunnel_xmit scrubs the skb).
    netns.scrub(packet);
    const outer = netns.machine.packets.take();
    outer.protocol = Protocol.UDP;
    outer.src = this.#local;
    outer.dst = remote;
    outer.sport = this.#sourcePort(packet);
    outer.dport = this.#port;
    outer.flags = 0;
    outer.seq = 0;
    outer.ack = 0;
    outer.len = HEADER_BYTES + packet.bytes;
    outer.inner = packet;
    if (netns.machine.decisions !== undefined) tellTunnel(netns, packet, outer);
    netns.localOut(outer, netns.routes.lookup(remote));
  }

  /** Whether a UDP packet is for the device's own socket. */
  isFor(outer: Packet): boolean {
    return outer.dport === this.#port;
  }

  /** Takes the inner packet out of a UDP packet that came for this node; it comes in by the device. */
  receive(outer: Packet): void {
    const inner = outer.inner;
    if (inner === undefined || inner.target !== this.device) return;
    outer.inner = undefined;
    this.#netns.receive(inner, this.device);
  }

  /** One source port per inner flow. Source: include/net/udp.h udp_flow_src_port, v6.1. */
  #sourcePort(inner: Packet): Port {
    const [low, high] = this.#netns.sysctls.localPortRange;
    this.#flowHash.compute(inner.src, inner.dst, (inner.sport << 16) | inner.dport, inner.protocol);
    return low + Math.floor((this.#flowHash.low * (high - low)) / 0x1_0000_0000);
  }
}
