import { type Ipv4, type Micros, type Port, SECOND } from "../units.ts";
import { Counters } from "./counters.ts";
import { RuleLog } from "./decisions/rule_log.ts";
import { tellInputRoute, tellNoWayOut } from "./decisions/route_reasons.ts";
import { TracedHooks } from "./decisions/traced_hooks.ts";
import { Device, type DeviceKind } from "./device.ts";
import type { Machine } from "./machine.ts";
import { type Packet, Protocol, Standing } from "./packet.ts";
import { RoutingTable, type Route, type RouteEntry } from "./routes.ts";
import { bridgeReceive, bridgeTransmit } from "./bridge.ts";
import { sendIcmpError } from "./icmp.ts";
import { IcmpLimit } from "./icmp_limit.ts";
import { Hook, NetfilterHooks, Verdict } from "./netfilter/hooks.ts";
import { CandidateCounts } from "./ports/candidate_counts.ts";
import { PortBuckets } from "./ports/port_buckets.ts";
import { SourceValidation } from "./source_validation.ts";
import type { RulePorts } from "./netfilter/rule_ports.ts";
import type { RuleTally } from "./netfilter/rule_tally.ts";
import { deviceSysctl, type SysctlValues } from "./sysctl.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import type { Nat } from "./nat/nat.ts";
import type { Ipvs } from "./ipvs/ipvs.ts";
import type { Vxlan } from "./vxlan.ts";

/** The delay of the loopback device: the kernel's own path, as captures on a node show it. */
const LOOPBACK_DELAY: Micros = 8;

/** The one-way delay of a veth, as captures on a node show it. */
export const VETH_DELAY: Micros = 10;

/**
 * A network namespace: interfaces, addresses, routes, sysctls, netfilter hooks, and the way of a packet through them.
 *
 * Before working on this file read net/ipv4/ip_input.c, ip_forward.c, ip_output.c (v6.1).
 */
export class Netns {
  readonly id: number;
  readonly name: string;
  readonly machine: Machine;
  readonly sysctls: SysctlValues;
  readonly routes: RoutingTable;
  readonly hooks: NetfilterHooks;
  /** Where rules note that they matched; only on a machine that is explained. */
  readonly ruleLog: RuleLog | undefined;
  readonly counters = new Counters();
  readonly icmpLimit = new IcmpLimit();
  readonly ports = new PortBuckets();
  /** Candidates that this namespace's connects examined. */
  readonly candidates = new CandidateCounts();
  readonly #devices = new Map<string, Device>();
  readonly #loopback: Device;
  readonly #sources: SourceValidation;
  /** Present once something needs connection tracking. */
  conntrack: Conntrack | undefined = undefined;
  nat: Nat | undefined = undefined;
  ipvs: Ipvs | undefined = undefined;
  /** The tunnel whose UDP socket is open here. */
  vxlan: Vxlan | undefined = undefined;
  /** Where rules that are loaded from then on count the packets they test; they count nothing while it is absent. */
  ruleTally: RuleTally | undefined = undefined;
  /** The ports that rules here name; absent as long as there are none. */
  rulePorts: RulePorts | undefined = undefined;
  /** How many connections got each port when their source was translated; it is only counted where it is present. */
  sourceNatPorts: Uint32Array | undefined = undefined;
  /** Whether packets for others are forwarded: `net.ipv4.ip_forward`. */
  mayForward = false;
  /** How long an orphan stays in FIN_WAIT2, and how many TIME_WAIT entries there may be. */
  finTimeout: Micros = 0;
  maxTimeWaits = 0;
  /** `net.ipv4.ip_local_port_step_width`: 0 where it is off, and on kernels that do not have it. */
  portStepWidth = 0;
  /** `tcp_timestamps`, `tcp_tw_reuse` and `tcp_tw_reuse_delay` (milliseconds): a port search asks for them at every TIME_WAIT entry. */
  hasTimestamps = true;
  timeWaitReuseMode = 0;
  timeWaitReuseDelayMs = 0;
  #bridgeCallsIptables = false;
  #hasBrNetfilter = false;

  constructor(machine: Machine, id: number, name: string, sysctls: SysctlValues) {
    this.machine = machine;
    this.id = id;
    this.name = name;
    this.sysctls = sysctls;
    const isExplained = machine.decisions !== undefined;
    this.hooks = isExplained ? new TracedHooks(this) : new NetfilterHooks(() => machine.group.noteChange());
    this.ruleLog = isExplained ? new RuleLog() : undefined;
    this.#sources = new SourceValidation(this);
    this.routes = new RoutingTable(() => this.#loopback);
    this.#loopback = this.addDevice("lo", "loopback", LOOPBACK_DELAY);
    sysctls.onChange(() => this.#readSysctls());
    this.#readSysctls();
  }

  /** Loads br_netfilter: from then on `bridge-nf-call-iptables` decides whether bridged packets meet the IPv4 hooks. */
  loadBrNetfilter(): void {
    this.#hasBrNetfilter = true;
    this.#readSysctls();
  }

  /** Whether bridged packets pass the IPv4 hooks. */
  get bridgeCallsIptables(): boolean {
    return this.#bridgeCallsIptables;
  }

  addDevice(name: string, kind: DeviceKind, delay: Micros = VETH_DELAY): Device {
    const device = new Device(name, kind, this, delay);
    this.#devices.set(name, device);
    return device;
  }

  device(name: string): Device | undefined {
    return this.#devices.get(name);
  }

  devices(): Iterable<Device> {
    return this.#devices.values();
  }

  /** Adds an address, its local route and the route to its network. */
  addAddress(device: Device, address: Ipv4, prefixLength: number): void {
    device.addresses.push({ address, prefixLength });
    this.routes.addLocal(address, device);
    if (prefixLength < 32)
      this.addRoute({ destination: address, prefixLength, kind: "unicast", device, source: address });
    this.machine.flushRoutes();
  }

  /** Removes an address with its local route; sockets that are bound to it stay, as in the kernel. */
  removeAddress(device: Device, address: Ipv4): void {
    const place = device.addresses.findIndex((own) => own.address === address);
    if (place < 0) return;
    device.addresses.splice(place, 1);
    this.routes.removeLocal(address);
    this.machine.flushRoutes();
  }

  /** Removes the route to exactly this network. */
  removeRoute(destination: Ipv4, prefixLength: number): void {
    this.routes.remove(destination, prefixLength);
    this.machine.flushRoutes();
  }

  addRoute(entry: RouteEntry): void {
    this.routes.add(entry);
    this.machine.flushRoutes();
  }

  /** Counts a connection whose source was translated to this port, where that is counted. */
  countSourceNat(port: Port): void {
    const ports = this.sourceNatPorts;
    if (ports !== undefined) ports[port] = ports[port]! + 1;
  }

  hasAddress(address: Ipv4): boolean {
    return this.routes.isLocal(address);
  }

  /**
   * Whether an ARP request for this address that comes in by `device` is answered: for an address of its own, and with
   * `proxy_arp` for any that it would forward to by another device.
   *
   * Source: net/ipv4/arp.c arp_process, arp_fwd_proxy, v6.1. Not modelled: `arp_ignore`, `arp_filter`, proxy_arp_pvlan.
   */
  answersFor(address: Ipv4, device: Device): boolean {
    if (this.hasAddress(address)) return true;
    const isProxy = (name: string): boolean => this.sysctls.number(deviceSysctl(name, "proxy_arp")) !== 0;
    if (!this.mayForward || !(isProxy("all") || isProxy(device.name))) return false;
    const route = this.routes.lookup(address);
    return route.kind === "unicast" && route.device !== device;
  }

  /** Sends a packet that this namespace's own stack made: LOCAL_OUT, routing, POST_ROUTING, device. */
  localOut(packet: Packet, route: Route): void {
    const dst = packet.dst;
    if (!this.runHook(Hook.LOCAL_OUT, packet)) return;
    this.output(packet, packet.dst === dst ? route : this.routes.lookup(packet.dst));
  }

  /** The last part of every way out: POST_ROUTING, then the device. Source: net/ipv4/ip_output.c ip_output, v6.1. */
  output(packet: Packet, route: Route): void {
    if (route.kind !== "unicast" && route.kind !== "local") {
      this.counters.IpOutNoRoutes += 1;
      if (this.machine.decisions !== undefined) tellNoWayOut(this, packet, route);
      this.drop(packet);
      return;
    }
    const device = route.device!;
    packet.outDevice = device.name;
    if (!this.runHook(Hook.POST_ROUTING, packet)) return;
    if (route.neighbour === undefined) {
      if (this.machine.decisions !== undefined) tellNoWayOut(this, packet, route);
      this.machine.neighbours.fail(this, packet, route);
    } else this.transmit(packet, device, route.neighbour);
  }

  /** Puts a packet on a device, addressed to the device `target` of its next hop. */
  transmit(packet: Packet, device: Device, target: Device): void {
    packet.target = target;
    this.machine.trace?.packet(this.machine.loop.now, device, "out", packet);
    if (device.isBridge) {
      bridgeTransmit(packet, device, target);
      return;
    }
    this.cross(packet, device);
  }

  /** Sends a frame over a link; it arrives at the other end after the link's delay. */
  cross(packet: Packet, device: Device): void {
    if (device.isLoopback) {
      packet.device = device;
    } else {
      const peer = device.peer;
      if (peer === undefined) {
        if (device.vxlan === undefined) this.drop(packet);
        else device.vxlan.transmit(packet);
        return;
      }
      packet.device = peer;
      // Crossing into another namespace strips what this one hung on the packet (net/core/skbuff.c skb_scrub_packet).
      if (peer.netns !== this) this.scrub(packet);
    }
    this.machine.arriveLater(packet, device.delay);
  }

  /** A frame arrives at one of this namespace's devices. */
  receive(packet: Packet, device: Device): void {
    packet.device = device;
    packet.outDevice = undefined;
    packet.inDevice = device.name;
    this.machine.trace?.packet(this.machine.loop.now, device, "in", packet);
    if (device.master !== undefined) bridgeReceive(packet, device);
    else this.input(packet);
  }

  /** The way in of a packet addressed to this host: PRE_ROUTING and what follows. */
  input(packet: Packet): void {
    if (!this.runHook(Hook.PRE_ROUTING, packet)) return;
    this.routeInput(packet);
  }

  /**
   * Decides between local delivery and forwarding.
   *
   * Source: net/ipv4/route.c ip_route_input_slow, v6.1. Not modelled: broadcast and multicast.
   */
  routeInput(packet: Packet): void {
    this.counters.IpInReceives += 1;
    if (!this.#sources.accepts(packet)) {
      if (this.machine.decisions !== undefined) tellInputRoute(this, packet, "source");
      this.drop(packet);
      return;
    }
    if (this.routes.isLocal(packet.dst)) {
      if (this.machine.decisions !== undefined) tellInputRoute(this, packet, "local");
      if (!this.runHook(Hook.LOCAL_IN, packet)) return;
      this.deliver(packet);
      return;
    }
    this.#forward(packet);
  }

  /** Hands a packet to the protocol it is for. */
  deliver(packet: Packet): void {
    this.counters.IpInDelivers += 1;
    if (packet.protocol === Protocol.TCP) this.machine.tcp.receive(this, packet);
    else if (packet.protocol === Protocol.UDP) this.#deliverUdp(packet);
    else if (packet.quotedProtocol === Protocol.UDP) this.machine.udp.receiveIcmpError(this, packet);
    else this.machine.tcp.receiveIcmpError(this, packet);
    this.machine.packets.release(packet);
  }

  /** A VXLAN device has a UDP socket of the kernel's own; all else goes to the sockets of processes. */
  #deliverUdp(packet: Packet): void {
    if (this.vxlan?.isFor(packet) === true) this.vxlan.receive(packet);
    else this.machine.udp.receive(this, packet);
  }

  /** Throws a packet away; a connection it would have begun is forgotten. */
  drop(packet: Packet): void {
    if (packet.ct >= 0) this.conntrack?.forgetUnconfirmed(packet);
    this.machine.packets.release(packet);
  }

  /** Passes a packet through a hook. @returns whether the caller still owns it. */
  runHook(hook: (typeof Hook)[keyof typeof Hook], packet: Packet): boolean {
    if (!this.hooks.concerns(hook, packet.standing)) return true;
    const verdict = this.hooks.run(hook, packet);
    if (verdict === Verdict.ACCEPT) return true;
    if (verdict === Verdict.DROP) this.drop(packet);
    return false;
  }

  /** Strips conntrack entry, mark and IPVS flag from a packet that leaves the namespace. */
  scrub(packet: Packet): void {
    packet.ct = -1;
    packet.ctState = 0;
    packet.ctDirection = 0;
    packet.mark = 0;
    packet.isIpvsDone = false;
    packet.standing = Standing.FRESH;
  }

  /** Source: net/ipv4/ip_forward.c ip_forward, v6.1. Not modelled: ICMP redirects, MTU. */
  #forward(packet: Packet): void {
    if (!this.mayForward) {
      this.counters.IpInAddrErrors += 1;
      if (this.machine.decisions !== undefined) tellInputRoute(this, packet, "no-forwarding");
      this.drop(packet);
      return;
    }
    const route = this.routes.lookup(packet.dst);
    if (route.kind !== "unicast") {
      if (this.machine.decisions !== undefined) tellInputRoute(this, packet, "no-route");
      this.#refuseForwarding(packet, route);
      return;
    }
    if (packet.ttl <= 1) {
      if (this.machine.decisions !== undefined) tellInputRoute(this, packet, "ttl");
      sendIcmpError(this, packet, 11, 0);
      this.drop(packet);
      return;
    }
    packet.ttl -= 1;
    packet.outDevice = route.device!.name;
    if (this.machine.decisions !== undefined) tellInputRoute(this, packet, "forward");
    if (!this.runHook(Hook.FORWARD, packet)) return;
    this.counters.IpForwDatagrams += 1;
    this.output(packet, route);
  }

  /** Source: net/ipv4/route.c ip_error, v6.1: unreachable and prohibit routes answer, a blackhole is silent. */
  #refuseForwarding(packet: Packet, route: Route): void {
    if (route.kind === "none") {
      this.counters.IpExtInNoRoutes += 1;
      sendIcmpError(this, packet, 3, 0);
    } else if (route.kind === "unreachable") sendIcmpError(this, packet, 3, 1);
    else if (route.kind === "prohibit") sendIcmpError(this, packet, 3, 13);
    this.drop(packet);
  }

  #readSysctls(): void {
    this.mayForward = this.sysctls.number("net.ipv4.ip_forward") !== 0;
    this.finTimeout = this.sysctls.number("net.ipv4.tcp_fin_timeout") * SECOND;
    this.maxTimeWaits = this.sysctls.number("net.ipv4.tcp_max_tw_buckets");
    this.portStepWidth = this.sysctls.number("net.ipv4.ip_local_port_step_width");
    this.hasTimestamps = this.sysctls.number("net.ipv4.tcp_timestamps") !== 0;
    this.timeWaitReuseMode = this.sysctls.number("net.ipv4.tcp_tw_reuse");
    this.timeWaitReuseDelayMs = this.sysctls.number("net.ipv4.tcp_tw_reuse_delay");
    // Whether a neighbour answers for others depends on its sysctls.
    this.machine.flushRoutes();
    this.#bridgeCallsIptables = this.#hasBrNetfilter && this.sysctls.number("net.bridge.bridge-nf-call-iptables") !== 0;
  }
}
