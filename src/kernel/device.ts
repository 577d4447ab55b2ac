import type { Ipv4, Micros } from "../units.ts";
import type { Netns } from "./netns.ts";
import type { Vxlan } from "./vxlan.ts";

/** What kind of interface a device is. A physical card is a `veth` whose peer stands for the network behind it. */
export type DeviceKind = "loopback" | "dummy" | "veth" | "bridge" | "vxlan";

/** An interface of a network namespace. */
export class Device {
  readonly name: string;
  readonly kind: DeviceKind;
  readonly isLoopback: boolean;
  readonly isBridge: boolean;
  readonly netns: Netns;
  /** The other end of a veth. */
  peer: Device | undefined = undefined;
  /** The bridge that this veth is a port of. */
  master: Device | undefined = undefined;
  /** The tunnel of a vxlan device. */
  vxlan: Vxlan | undefined = undefined;
  /** A bridge's ports, in the order in which they were attached. */
  readonly ports: Device[] = [];
  readonly addresses: { readonly address: Ipv4; readonly prefixLength: number }[] = [];
  /** One-way delay to the peer. */
  readonly delay: Micros;

  constructor(name: string, kind: DeviceKind, netns: Netns, delay: Micros) {
    this.name = name;
    this.kind = kind;
    this.isLoopback = kind === "loopback";
    this.isBridge = kind === "bridge";
    this.netns = netns;
    this.delay = delay;
  }

  /**
   * The device that answers an ARP request for `address` sent out here: the link's other end, or whoever hangs on the
   * same bridge. A namespace answers for all its addresses, whatever interface they stand on (`arp_ignore` 0).
   *
   * Source: net/ipv4/arp.c arp_process, v6.1. Not modelled: neighbour states.
   *
   * @returns `undefined` if nobody answers.
   */
  resolve(address: Ipv4): Device | undefined {
    if (this.isBridge) return resolveOnBridge(this, address, undefined);
    if (this.vxlan !== undefined) return this.vxlan.neighbour(address);
    const peer = this.peer;
    if (peer === undefined) return undefined;
    if (peer.master === undefined) return peer.netns.answersFor(address, peer) ? peer : undefined;
    if (peer.master.netns.answersFor(address, peer.master)) return peer.master;
    return resolveOnBridge(peer.master, address, peer);
  }
}

function resolveOnBridge(bridge: Device, address: Ipv4, from: Device | undefined): Device | undefined {
  for (const port of bridge.ports) {
    const station = port.peer;
    if (port !== from && station?.netns.answersFor(address, station) === true) return station;
  }
  return undefined;
}
