import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import { type Ipv4, type Micros, SECOND } from "../../units.ts";
import type { KernelEra } from "../kernel_era.ts";
import type { DeferredConnections } from "../flow/deferred_connections.ts";
import { Hook, type HookFunction, Priority, Verdict, type VerdictValue } from "../netfilter/hooks.ts";
import type { Netns } from "../netns.ts";
import { CtState, type Packet, Protocol, Standing, TcpFlag } from "../packet.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import { packPorts } from "../tuple_index.ts";
import { ConntrackTable } from "./conntrack_table.ts";
import { CtStatus } from "./ct_status.ts";
import { dropEarly } from "./early_drop.ts";
import { EntryTimers } from "./entry_timers.ts";
import { collectGarbage } from "./garbage_collection.ts";
import { isReopenedBySyn, startTcp, TcpTimeouts, trackTcp } from "./tcp_tracking.ts";

/** Bits that tell whether an entry is confirmed and not translated. */
const NAT_OR_CONFIRMED = CtStatus.CONFIRMED | CtStatus.SRC_NAT | CtStatus.DST_NAT;

/** Of `Conntrack.findPredecessor`: no entry has the tuple. */
export const NOTHING = -1;

/** Of `Conntrack.findPredecessor`: a connection cannot begin as if it were the first with its tuple. */
export const IN_THE_WAY = -2;

/** Source: net/netfilter/nf_conntrack_core.c __nf_conntrack_alloc, v6.1. */
const TABLE_FULL = "nf_conntrack: nf_conntrack: table full, dropping packet";

/**
 * Connection tracking of one namespace. Its hooks exist only while something needs them; then every TCP and UDP packet
 * belongs to an entry, or is INVALID.
 *
 * Before working on this file read net/netfilter/nf_conntrack_core.c (v6.1).
 *
 * Not modelled: ICMP echo entries, helpers and expectations, zones, accounting, the random limit on chain length; that
 * before 5.17 (5.16.5) a SYN which reopens an entry counts as `invalid`, too.
 */
export class Conntrack {
  readonly table: ConntrackTable;
  readonly netns: Netns;
  /** Entries of carried connections whose rows have not been made; absent until the flow path has some. */
  deferred: DeferredConnections | undefined = undefined;
  #timeouts: TcpTimeouts;
  #udpTimeout: Micros = 0;
  #udpStreamTimeout: Micros = 0;
  #max = 0;
  #peak = 0;
  /** What a RST does to an ESTABLISHED entry whose sequence it does not meet exactly. */
  readonly inexactRst: KernelEra["conntrackInexactRst"];
  /** Whether a RST on an entry that is closing must not lie before what the other side has acknowledged. */
  readonly checksClosingRst: boolean;
  /** Whether a SYN that comes again without an answer renews its entry's timeout. */
  readonly renewsUnanswered: boolean;
  /** Those of entries; absent where a garbage collector does their work. */
  readonly timers: EntryTimers | undefined;
  readonly #gcHandler: number;
  readonly #dying: number[] = [];
  #dyingSince: Micros = DOUBLE_ZERO;

  constructor(netns: Netns) {
    this.netns = netns;
    this.table = new ConntrackTable(netns.sysctls.number("net.netfilter.nf_conntrack_buckets"));
    this.#timeouts = new TcpTimeouts(netns.sysctls);
    this.#readSysctls();
    netns.sysctls.onChange(() => this.#readSysctls());
    // They only call methods: V8 compiles a closure that each boot makes anew without the names of its module at hand.
    const track: HookFunction = (packet) => this.track(packet);
    const confirm: HookFunction = (packet) => this.confirm(packet);
    netns.hooks.register(Hook.PRE_ROUTING, Priority.CONNTRACK, track, "conntrack");
    netns.hooks.register(Hook.LOCAL_OUT, Priority.CONNTRACK, track, "conntrack");
    netns.hooks.register(Hook.LOCAL_IN, Priority.CONNTRACK_CONFIRM, confirm, "confirm");
    netns.hooks.register(Hook.POST_ROUTING, Priority.CONNTRACK_CONFIRM, confirm, "confirm");
    const { loop, era } = netns.machine;
    this.inexactRst = era.conntrackInexactRst;
    this.checksClosingRst = era.conntrackChecksClosingRst;
    this.renewsUnanswered = era.conntrackRenewsUnanswered;
    const hasTimers = era.conntrackExpiry === "timer";
    this.timers = hasTimers ? new EntryTimers(loop, this.table, (slot) => this.kill(slot)) : undefined;
    this.#gcHandler = loop.handler("conntrack/gc", () => this.#collectGarbage());
    if (!hasTimers) loop.after(era.conntrackGcSeconds * SECOND, this.#gcHandler, 0);
  }

  /**
   * Finds a packet's entry or makes one, and follows the connection by it.
   *
   * Source: net/netfilter/nf_conntrack_core.c nf_conntrack_in, v6.1.
   */
  track(packet: Packet): VerdictValue {
    if (this.#dying.length > 0 && this.netns.machine.loop.now > this.#dyingSince) this.#freeDying();
    if (packet.ctState === CtState.UNTRACKED) return Verdict.ACCEPT;
    if (packet.ct >= 0) {
      // It crossed the loopback device with its entry, or IPVS sent it again.
      if (this.isAlive(packet)) return Verdict.ACCEPT;
      packet.ct = -1;
      packet.standing = Standing.FRESH;
    }
    if (packet.protocol === Protocol.ICMP) return this.#trackIcmpError(packet);
    const ports = packPorts(packet.sport, packet.dport);
    const node = this.findNode(packet.src, packet.dst, ports, packet.protocol);
    if (node < 0) return this.#trackNew(packet, ports);
    const table = this.table;
    const slot = node >> 1;
    const direction = node & 1;
    packet.ct = slot;
    packet.ctGeneration = table.generation(slot);
    packet.ctDirection = direction;
    packet.ctState = direction === 1 || table.has(slot, CtStatus.SEEN_REPLY) ? CtState.ESTABLISHED : CtState.NEW;
    return this.#trackKnown(packet, slot, direction, ports);
  }

  /**
   * The packet has survived all hooks: its entry enters the table. Another entry with one of its tuples there means
   * that a TCP packet is dropped.
   *
   * Source: net/netfilter/nf_conntrack_core.c __nf_conntrack_confirm, v6.1. Not modelled: clash resolution for UDP.
   */
  confirm(packet: Packet): VerdictValue {
    if (packet.standing !== Standing.FRESH) return Verdict.ACCEPT;
    const slot = packet.ct;
    const table = this.table;
    if (!this.isAlive(packet) || table.has(slot, CtStatus.CONFIRMED)) return Verdict.ACCEPT;
    const protocol = table.protocol(slot);
    for (let node = 2 * slot; node <= 2 * slot + 1; node += 1) {
      if (this.findNode(table.src(node), table.dst(node), table.ports(node), protocol) >= 0) {
        this.netns.counters.nf_conntrack_insert_failed += 1;
        this.netns.counters.nf_conntrack_drop += 1;
        return Verdict.DROP;
      }
    }
    table.setExpires(slot, table.expires(slot) + this.netns.machine.loop.now);
    table.set(slot, CtStatus.CONFIRMED);
    table.insert(slot);
    this.timers?.start(slot, table.expires(slot));
    return Verdict.ACCEPT;
  }

  /** `nf_conntrack_max`. */
  get max(): number {
    return this.#max;
  }

  /** The most entries there were at once. */
  get peak(): number {
    return this.#peak;
  }

  /** Entries that the packets which killed them may still be under way with. */
  get dying(): readonly number[] {
    return this.#dying;
  }

  get timeouts(): TcpTimeouts {
    return this.#timeouts;
  }

  /** Destroys an entry. */
  kill(slot: number): void {
    const table = this.table;
    if (table.has(slot, CtStatus.DYING)) return;
    if (table.has(slot, CtStatus.CONFIRMED)) table.remove(slot);
    table.free(slot);
  }

  /**
   * Destroys an entry by a packet that goes on with it: nobody finds it any more, but the packet is still translated
   * by it. It is given back when the next packet comes at a later moment.
   *
   * Source: net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet, nf_ct_kill_acct, v6.1: an skb holds its entry.
   */
  killBy(packet: Packet): void {
    this.table.retire(packet.ct);
    this.#dying.push(packet.ct);
    this.#dyingSince = this.netns.machine.loop.now;
  }

  /** A packet that is dropped or stolen before confirmation takes its entry with it. */
  forgetUnconfirmed(packet: Packet): void {
    if (this.isAlive(packet) && !this.table.has(packet.ct, CtStatus.CONFIRMED)) this.table.free(packet.ct);
  }

  /**
   * What a TCP connection that begins now finds of its own tuple: `NOTHING`, an entry that its SYN will replace (its
   * slot), or `IN_THE_WAY` where the entry is another one's or the table is full.
   */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  findPredecessor(src: Ipv4, dst: Ipv4, ports: number, reversePorts: number): number {
    const { table } = this;
    if (!this.hasRoomFor(1)) return IN_THE_WAY;
    this.deferred?.recallEntry(src, dst, ports);
    if (!table.hasPort(ports >>> 16)) return NOTHING;
    const node = table.find(src, dst, ports, Protocol.TCP);
    const reply = table.find(dst, src, reversePorts, Protocol.TCP);
    if (node < 0) return reply < 0 ? NOTHING : IN_THE_WAY;
    if ((node & 1) === 1 || reply !== node + 1) return IN_THE_WAY;
    const slot = node >> 1;
    const isOver = table.expires(slot) <= this.netns.machine.loop.now || isReopenedBySyn(table, slot);
    return isOver ? slot : IN_THE_WAY;
  }

  /** Whether so many entries may come before the table is full. */
  hasRoomFor(entries: number): boolean {
    return this.#max === 0 || this.table.count + entries <= this.#max;
  }

  /** A slot for a connection without a packet. @param predecessor what `findPredecessor` said: `NOTHING`, or an entry that goes. */
  allocateAfter(predecessor: number, protocol: number): number {
    if (predecessor >= 0) this.kill(predecessor);
    if (this.#dying.length > 0 && this.netns.machine.loop.now > this.#dyingSince) this.#freeDying();
    const slot = this.table.allocate();
    this.#notePeak();
    this.table.setProtocol(slot, protocol);
    return slot;
  }

  /** Counts an entry that has no row (1), or that has one from now on or is gone (-1). */
  countDeferred(change: 1 | -1): void {
    this.table.countDeferred(change);
    this.#notePeak();
  }

  /** Puts an entry of `allocateAfter` into the table. @param timer when the event of an entry with a timer fires. */
  insert(slot: number, timer: Micros): void {
    this.table.insert(slot);
    this.timers?.start(slot, timer);
  }

  /** Whether the packet's entry is still the one it was given. */
  isAlive(packet: Packet): boolean {
    return packet.ct >= 0 && this.table.generation(packet.ct) === packet.ctGeneration;
  }

  /** Whether the packet belongs to an entry that stands in the table. */
  hasConfirmed(packet: Packet): boolean {
    return this.isAlive(packet) && this.table.has(packet.ct, CtStatus.CONFIRMED);
  }

  /** The live entry with this tuple in either direction, as a node; expired ones met on the way are evicted. */
  findNode(src: Ipv4, dst: Ipv4, ports: number, protocol: number): number {
    let node = this.table.find(src, dst, ports, protocol);
    if (node < 0 && protocol === Protocol.TCP && this.deferred?.recallEntry(src, dst, ports) === true)
      node = this.table.find(src, dst, ports, protocol);
    if (node < 0) return -1;
    if (this.table.expires(node >> 1) > this.netns.machine.loop.now) return node;
    this.kill(node >> 1);
    return -1;
  }

  #trackKnown(packet: Packet, slot: number, direction: number, ports: number): VerdictValue {
    const table = this.table;
    if (packet.protocol === Protocol.TCP) {
      const outcome = trackTcp(this, slot, packet);
      if (outcome === "invalid") return this.#callInvalid(packet);
      if (outcome === "repeat") {
        this.kill(slot);
        packet.ct = -1;
        return this.#trackNew(packet, ports);
      }
      if (outcome === "killed") return Verdict.ACCEPT;
    } else {
      this.#trackUdp(slot);
    }
    if (direction === 1) table.set(slot, CtStatus.SEEN_REPLY);
    if (packet.ctState === CtState.ESTABLISHED && (table.status(slot) & NAT_OR_CONFIRMED) === CtStatus.CONFIRMED) {
      const beginsNothing = packet.protocol === Protocol.TCP && (packet.flags & TcpFlag.SYN) === 0;
      packet.standing = beginsNothing ? Standing.MIDWAY : Standing.SETTLED;
    }
    return Verdict.ACCEPT;
  }

  /** Sets an entry's timeout, which counts from confirmation for an entry that is not confirmed yet. */
  refresh(slot: number, timeout: Micros): void {
    const isConfirmed = this.table.has(slot, CtStatus.CONFIRMED);
    this.table.setExpires(slot, isConfirmed ? this.netns.machine.loop.now + timeout : timeout);
    if (isConfirmed) this.timers?.arm(slot);
  }

  #notePeak(): void {
    if (this.table.count > this.#peak) this.#peak = this.table.count;
  }

  #freeDying(): void {
    for (const slot of this.#dying) this.table.free(slot);
    this.#dying.length = 0;
  }

  /** Source: net/netfilter/nf_conntrack_core.c init_conntrack, v6.1. */
  #trackNew(packet: Packet, ports: number): VerdictValue {
    if (packet.protocol === Protocol.TCP && !this.#mayStartTcp(packet)) return this.#callInvalid(packet);
    const slot = this.#allocate(packet, ports);
    if (slot < 0) return Verdict.DROP;
    const table = this.table;
    table.setProtocol(slot, packet.protocol);
    table.setOriginal(slot, packet.src, packet.dst, ports);
    packet.ct = slot;
    packet.ctGeneration = table.generation(slot);
    packet.ctDirection = 0;
    packet.ctState = CtState.NEW;
    if (packet.protocol === Protocol.TCP) startTcp(this, slot, packet);
    else {
      table.memory.setStartedAt(slot, this.netns.machine.jiffies.at(this.netns.machine.loop.now));
      this.refresh(slot, this.#udpTimeout);
    }
    return Verdict.ACCEPT;
  }

  /**
   * A datagram of a known flow. An answered flow is a stream: ASSURED, and with the longer timeout. From 5.0 on the
   * timeout waits until the flow is 2 s old, and from 5.17 on ASSURED does, too.
   *
   * Source: net/netfilter/nf_conntrack_proto_udp.c nf_conntrack_udp_packet, v5.10 and v6.1.
   */
  #trackUdp(slot: number): void {
    const { table } = this;
    if (!table.has(slot, CtStatus.SEEN_REPLY)) {
      this.refresh(slot, this.#udpTimeout);
      return;
    }
    const { jiffies, loop, era } = this.netns.machine;
    const rule = era.conntrackUdpStream;
    const isStream = rule === "at-once" || jiffies.at(loop.now) > table.memory.startedAt(slot) + 2 * jiffies.hz;
    this.refresh(slot, isStream ? this.#udpStreamTimeout : this.#udpTimeout);
    if (isStream || rule === "timeout-waits") table.set(slot, CtStatus.ASSURED);
  }

  /** A SYN begins a connection; so does a bare ACK if `nf_conntrack_tcp_loose`. Source: net/netfilter/nf_conntrack_proto_tcp.c tcp_new, v6.1. */
  #mayStartTcp(packet: Packet): boolean {
    const flags = packet.flags & (TcpFlag.SYN | TcpFlag.ACK | TcpFlag.RST | TcpFlag.FIN);
    return flags === TcpFlag.SYN || (flags === TcpFlag.ACK && this.#timeouts.isLoose);
  }

  /** @returns a slot, or -1 when the table is full and nothing could be dropped early. */
  #allocate(packet: Packet, ports: number): number {
    const { table, netns } = this;
    if (this.#max !== 0 && table.count >= this.#max && !dropEarly(this, packet, ports)) {
      netns.counters.nf_conntrack_drop += 1;
      netns.machine.log?.warnRateLimited(TABLE_FULL);
      this.#noteRefused(packet);
      return -1;
    }
    const slot = table.allocate();
    this.#notePeak();
    return slot;
  }

  /** Marks the TCP socket that sent a refused packet, in whatever namespace of whatever machine, and the one it was meant for. */
  #noteRefused(packet: Packet): void {
    if (packet.protocol !== Protocol.TCP) return;
    const { machine } = this.netns;
    machine.tcp.noteLostPacket(this.netns, packet, SocketFlag.CONNTRACK_FULL);
    for (const { tcp, namespaces } of machine.group.machines) {
      for (const sender of namespaces) {
        const slot = tcp.find(sender, packet.src, packet.sport, packet.dst, packet.dport);
        if (slot >= 0) tcp.sockets.set(slot, SocketFlag.CONNTRACK_FULL);
      }
    }
  }

  #callInvalid(packet: Packet): VerdictValue {
    packet.ct = -1;
    packet.ctState = CtState.INVALID;
    this.netns.counters.nf_conntrack_invalid += 1;
    return Verdict.ACCEPT;
  }

  /**
   * An ICMP error belongs to the connection of the packet it quotes, as its answer would: the quoted header, which may be
   * a translated one, is looked up the other way round.
   *
   * Source: net/netfilter/nf_conntrack_proto_icmp.c nf_conntrack_inet_error, v6.1.
   */
  #trackIcmpError(packet: Packet): VerdictValue {
    const ports = packPorts(packet.quotedDport, packet.quotedSport);
    const node = this.findNode(packet.quotedDst, packet.quotedSrc, ports, packet.quotedProtocol);
    if (node < 0 || this.table.dst(node) !== packet.dst) return this.#callInvalid(packet);
    packet.ct = node >> 1;
    packet.ctGeneration = this.table.generation(node >> 1);
    packet.ctDirection = node & 1;
    packet.ctState = CtState.RELATED;
    return Verdict.ACCEPT;
  }

  #collectGarbage(): void {
    collectGarbage(this);
    const { loop, era } = this.netns.machine;
    loop.after(era.conntrackGcSeconds * SECOND, this.#gcHandler, 0);
  }

  #readSysctls(): void {
    const sysctls = this.netns.sysctls;
    this.#max = sysctls.number("net.netfilter.nf_conntrack_max");
    this.#timeouts = new TcpTimeouts(sysctls);
    this.#udpTimeout = sysctls.number("net.netfilter.nf_conntrack_udp_timeout") * SECOND;
    this.#udpStreamTimeout = sysctls.number("net.netfilter.nf_conntrack_udp_timeout_stream") * SECOND;
  }
}
