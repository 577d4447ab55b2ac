import type { HandlerId } from "../../sim/event_loop.ts";
import type { Micros, Port } from "../../units.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import { Protocol } from "../packet.ts";
import type { MatchView } from "../netfilter/rule_match.ts";
import type { Netns } from "../netns.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { TcpState } from "../tcp/tcp_states.ts";
import { packPorts, reversePorts } from "../tuple_index.ts";
import { CtStatus } from "../conntrack/ct_status.ts";
import type { EntryFacts, ExchangeConstants, ExchangeFacts, WaitFacts } from "./exchange_facts.ts";
import { type ScheduleFacts, ScheduleRecorder } from "./exchange_schedule.ts";
import { entrySequences, waitSequences } from "./exchange_sequences.ts";
import { type Flow, type FlowServer, type FlowTuple, replyDport } from "./flow.ts";
import { findEntry, type Tuple } from "./find_entry.ts";
import type { GroupTables } from "./group_tables.ts";
import { IpvsWatch } from "./ipvs_watch.ts";

/** What stands in the kernels of a group before a connection, beside meters, to be compared with what stands there after it. */
interface Before {
  /** Calls of connect() on all machines that had not been carried. */
  readonly connections: number;
  readonly carried: number;
  readonly chances: number;
  readonly packets: readonly number[];
  /** By conntrack those that there are or that timers or IPVS have taken out, so that an end beside this one changes nothing; by IPVS all that ever were. */
  readonly entries: readonly number[];
  readonly ipvsConnections: readonly number[];
}

/** What the flow path knows when it begins to watch a connection. */
export interface WatchOptions {
  /** That of the real server where the connection goes through a service. */
  readonly flow: Flow;
  readonly server: FlowServer;
  readonly conduct: number;
  /** The client's socket. */
  readonly tcp: Tcp;
  readonly slot: number;
  readonly tables: GroupTables;
  /** Handlers whose events are not the connection's own, that of `poll` among them. */
  readonly notOwn: readonly HandlerId[];
  /** Whether others may send packets. */
  readonly mayJoin: boolean;
}

/**
 * Watches one connection packet by packet, from connect() on, and tells what it did. It may turn out that there is nothing
 * to learn from it: it failed, something else came in between, a rule drew lots otherwise than was foreseen, a packet was
 * translated otherwise than by a service and masquerading behind it. Others may be carried or end meanwhile: of the first
 * no meter shows anything before all settle, of the others none at all. Others may send packets, too: what rises in their
 * events is left out, and how long this one took is not known then.
 */
export class ExchangeWatch {
  readonly conduct: number;
  readonly flow: Flow;
  readonly #server: FlowServer;
  readonly #tcp: Tcp;
  readonly #slot: number;
  readonly #begins: Micros;
  readonly #tables: GroupTables;
  #before: Before;
  /** How all stood before the event of others that fires now. */
  #marked: Before;
  /** Whether others have sent packets. */
  #isJoined = false;
  /** The tuple from the client to the server, as either has it. */
  readonly #asClient: Tuple;
  readonly #asServer: Tuple;
  readonly #clientInitial: number;
  /** That which the server has for the client's if masquerading behind a service draws it. */
  readonly #foreseenPort: Port;
  #translated: Micros | undefined = undefined;
  readonly #mayJoin: boolean;
  readonly #recorder: ScheduleRecorder;
  #schedule: ScheduleFacts | undefined = undefined;
  #serverInitial: number | undefined = undefined;
  /** What IPVS has seen of it; absent where it goes through no service. */
  readonly #ipvs: IpvsWatch | undefined;
  #finishes: Micros = -Infinity;
  #connects: Micros = -Infinity;

  constructor({ flow, server, conduct, tcp, slot, tables, notOwn, mayJoin }: WatchOptions) {
    const { sockets, machine } = tcp;
    this.conduct = conduct;
    this.flow = flow;
    this.#server = server;
    this.#tcp = tcp;
    this.#slot = slot;
    this.#begins = machine.loop.now;
    this.#tables = tables;
    this.#before = this.#lookAround();
    this.#marked = this.#before;
    tables.sheet.take();
    const { saddr, daddr, replySrc, replyDst, replySport, ipvs, dnat } = flow.tuple!;
    const port = sockets.localPort(slot);
    this.#asClient = { src: saddr, dst: daddr, ports: sockets.ports(slot) };
    this.#asServer = { src: replyDst, dst: replySrc, ports: packPorts(replyDport(flow.tuple!, port), replySport) };
    this.#foreseenPort = translatorOf(flow.tuple!)?.nat?.foreseePort(port, dnat) ?? -1;
    this.#ipvs = ipvs && new IpvsWatch(flow.tuple!, sockets.ports(slot), this.#begins);
    this.#clientInitial = tcp.sequences.of(saddr, daddr, sockets.ports(slot));
    this.#mayJoin = mayJoin;
    const ownEnds = (time: Micros): boolean => {
      this.#ipvs?.look(time);
      return sockets.state(slot) === TcpState.TIME_WAIT;
    };
    this.#recorder = new ScheduleRecorder(machine.loop, notOwn, ownEnds, {
      begin: () => this.#mark(),
      end: () => this.#leaveOut(),
    });
  }

  /** The client has got what it wanted. */
  finish(time: Micros, connectTime: Micros): void {
    this.#finishes = time - this.#begins;
    this.#connects = connectTime;
    this.#recorder.finish();
  }

  /** Another connection begins packet by packet; it has been counted. */
  join(): void {
    if (this.#recorder.join()) this.#marked = { ...this.#marked, connections: this.#marked.connections - 1 };
  }

  /** Counters are brought up to date. */
  disturb(): void {
    this.#recorder.disturb();
  }

  /** Whether something came in between, so that another connection of the kind may teach what this one does not. */
  get isDisturbed(): boolean {
    return this.#recorder.isDisturbed;
  }

  #mark(): void {
    if (!this.#mayJoin) {
      this.#recorder.disturb();
      return;
    }
    this.#isJoined = true;
    this.#marked = this.#lookAround();
    this.#tables.sheet.mark();
  }

  #leaveOut(): void {
    if (!this.#isJoined) return;
    const [before, marked, now] = [this.#before, this.#marked, this.#lookAround()];
    this.#before = {
      connections: before.connections + now.connections - marked.connections,
      carried: before.carried,
      chances: before.chances + now.chances - marked.chances,
      packets: plusRise(before.packets, marked.packets, now.packets),
      entries: before.entries,
      ipvsConnections: plusRise(before.ipvsConnections, marked.ipvsConnections, now.ipvsConnections),
    };
    this.#tables.sheet.leaveOut();
  }

  /** Since connect(). */
  get elapsed(): Micros {
    return this.#tcp.machine.loop.now - this.#begins;
  }

  /** Looks how far the connection is. @returns `spoilt` as soon as it is clear that nothing can be learnt. */
  poll(): "goes on" | "over" | "spoilt" {
    const progress = this.#progress();
    if (progress !== "goes on") this.#schedule = this.#recorder.end();
    return progress;
  }

  #progress(): "goes on" | "over" | "spoilt" {
    const { machine } = this.#tcp;
    const { group } = machine;
    if (this.isDisturbed) return "spoilt";
    if (this.flow.changes !== group.changes || this.flow.listenerChanges !== group.listenerChanges) return "spoilt";
    this.#readServerInitial();
    const isOpen = this.#isOpen(this.#clientSlot(), this.#tcp) || this.#isOpen(this.#serverSlot(), this.#server.tcp);
    if ((isOpen || group.packets.inUse > 0) && !this.#isLate()) return "goes on";
    return isOpen || this.#finishes < 0 ? "spoilt" : "over";
  }

  /** Whether others have sent packets and none of those that are known lasts so long: it is over by now, or nothing is learnt from it. */
  #isLate(): boolean {
    return this.#isJoined && this.#tcp.machine.loop.now >= this.#begins + 2 * this.#tables.longest;
  }

  /** Whether others have sent packets. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  /** What the connection did, once it is over; `undefined` if another one might do something else. */
  facts(): ExchangeFacts | undefined {
    const { loop, group } = this.#tcp.machine;
    const before = this.#before;
    const now = this.#lookAround();
    const synArrives = this.#synArrives();
    // A client that opens another connection as soon as this one has succeeded would be taken for a part of it.
    const isPlain =
      now.connections === before.connections &&
      now.chances === before.chances + (this.flow.tuple!.dnat?.count ?? 0) &&
      now.ipvsConnections.every((count, index) => count === before.ipvsConnections[index]! + this.#madeIn(index));
    const ipvs = this.#ipvs?.facts();
    if (this.#ipvs?.isShared === true) this.disturb();
    if (!isPlain || synArrives === undefined || (this.#ipvs !== undefined && ipvs === undefined)) return undefined;
    const sequences: number[] = [];
    const waits = this.#waits(sequences);
    const isAlone = now.carried === before.carried && !this.#isJoined;
    const entries = this.#entries(sequences, now.entries, isAlone);
    if (waits === undefined || entries === undefined) return undefined;
    const constants: ExchangeConstants = {
      duration: loop.now - this.#begins,
      finishes: this.#finishes,
      connects: this.#connects,
      synArrives,
      events: this.#recorder.events,
      schedule: this.#schedule,
      packets: group.machines.map((_, index) => now.packets[index]! - before.packets[index]!),
      rises: this.#tables.sheet.rises(),
      waits,
      entries,
      ipvs,
      translated: this.#translated,
    };
    const initial = [this.#clientInitial, this.#serverInitial!] as const;
    return { constants, initial, sequences, isAlone };
  }

  /** Rules have chosen another destination for the first packet of a connection. */
  noteDnat({ protocol, src, dst, sport, dport }: MatchView): void {
    const { src: saddr, dst: daddr, ports } = this.#asClient;
    const isIts = protocol === Protocol.TCP && src === saddr && dst === daddr && packPorts(sport, dport) === ports;
    if (isIts) this.#translated = this.elapsed;
  }

  /** Connections that this one makes in an IPVS. */
  #madeIn(index: number): number {
    return this.#ipvs !== undefined && this.#tables.ipvs[index] === this.flow.tuple!.ipvs ? 1 : 0;
  }

  /**
   * The tuple as masquerading behind a service has made it, which tells only now; `undefined` if it has done nothing, or something
   * that the next connection's tuple does not tell.
   */
  masqueradedTuple(): FlowTuple | undefined {
    const tuple = this.flow.tuple!;
    const { conntrack, nat } = translatorOf(tuple) ?? {};
    const { src, dst, ports } = this.#asClient;
    const node = conntrack?.table.find(src, dst, ports, Protocol.TCP) ?? -1;
    if (node < 0) return undefined;
    const [replyDst, replyPort] = [conntrack!.table.dst(node ^ 1), conntrack!.table.ports(node ^ 1) & 0xffff];
    const keepsPort = replyPort === ports >>> 16;
    if ((keepsPort && replyDst === tuple.replyDst) || (!keepsPort && replyPort !== this.#foreseenPort))
      return undefined;
    return { ...tuple, replyDst, masquerading: keepsPort ? undefined : nat };
  }

  #lookAround(): Before {
    const { group } = this.#tcp.machine;
    const { carried } = group.flowPath!;
    return {
      connections: group.machines.reduce((sum, { tcp }) => sum + tcp.connections, 0) - carried,
      carried,
      chances: group.chances,
      packets: group.machines.map(({ packetsSent }) => packetsSent),
      entries: this.#tables.conntracks.map(
        ({ table, timers, netns }) => table.count + (timers?.fired ?? 0) + (netns.ipvs?.endedEntries ?? 0),
      ),
      ipvsConnections: this.#tables.ipvs.map(({ connections, ended }) => connections.count + ended),
    };
  }

  #clientSlot(): number {
    const { src, dst, ports } = this.#asClient;
    return this.#tcp.sockets.index.find(src, dst, ports, this.#tcp.sockets.scope(this.#slot));
  }

  #serverSlot(): number {
    const { tcp, netns } = this.#server;
    const { src, dst, ports } = this.#asServer;
    return tcp.sockets.index.find(dst, src, reversePorts(ports), netns.id);
  }

  #isOpen(slot: number, { sockets }: Tcp): boolean {
    return slot >= 0 && sockets.state(slot) !== TcpState.TIME_WAIT;
  }

  #readServerInitial(): void {
    const slot = this.#serverSlot();
    if (this.#isOpen(slot, this.#server.tcp)) this.#serverInitial ??= this.#server.tcp.sockets.iss(slot);
  }

  /** When the server took its number: the only moment at which the clock gives it. */
  #synArrives(): Micros | undefined {
    if (this.#serverInitial === undefined) return undefined;
    const { sequences } = this.#server.tcp;
    const { src, dst, ports } = this.#asServer;
    const numberAt = (after: Micros): number => sequences.of(dst, src, reversePorts(ports), this.#begins + after);
    const estimate = ((this.#serverInitial - numberAt(0)) | 0) / 15.625;
    for (let after = Math.max(0, Math.floor(estimate) - 1); after <= estimate + 1; after += 1) {
      if (numberAt(after) === this.#serverInitial) return after;
    }
    return undefined;
  }

  #waits(sequences: number[]): readonly WaitFacts[] | undefined {
    const waits: WaitFacts[] = [];
    for (const side of ["client", "server"] as const) {
      const { sockets, timeWaits } = side === "client" ? this.#tcp : this.#server.tcp;
      const slot = side === "client" ? this.#clientSlot() : this.#serverSlot();
      if (slot < 0) continue;
      const since = timeWaits.lastTimestamp(slot);
      const isPlain = since >= this.#begins && sockets.retransmits(slot) === 0 && sockets.backoff(slot) === 0;
      if (!isPlain || (side === "client" && slot !== this.#slot)) return undefined;
      waits.push({ side, begins: since - this.#begins, flags: sockets.flags(slot) & ~SocketFlag.HASHED });
      sequences.push(...waitSequences(sockets, slot));
    }
    return waits;
  }

  /** @param isAlone whether the tables have changed by this connection only. */
  #entries(sequences: number[], counts: readonly number[], isAlone: boolean): readonly EntryFacts[] | undefined {
    const entries: EntryFacts[] = [];
    for (const [index, { place, conntrack }] of this.#tables.placedConntracks.entries()) {
      const { table } = conntrack;
      const isTranslator = this.flow.tuple!.dnat?.nat.netns.conntrack === conntrack;
      const found = findEntry(table, this.#asClient, this.#asServer, isTranslator);
      const more = counts[index]! - this.#before.entries[index]!;
      if (isAlone && more !== (found === undefined ? 0 : 1)) return undefined;
      if (found === undefined) continue;
      const { slot, tuples } = found;
      if (tuples === undefined || !table.has(slot, CtStatus.CONFIRMED)) return undefined;
      const timer = conntrack.timers?.dueOf(slot) ?? Infinity;
      entries.push({
        netns: place,
        tuples,
        status: table.status(slot),
        state: table.state(slot),
        lastDirection: table.lastDirection(slot),
        lastInput: table.lastInput(slot),
        retransmits: table.retransmits(slot),
        expires: table.expires(slot) - this.#begins,
        timer: timer === Infinity ? -1 : timer - this.#begins,
      });
      sequences.push(...entrySequences(table, slot));
    }
    return entries;
  }
}

/** The namespace that gives a connection another destination, if one does. */
function translatorOf({ ipvs, dnat }: FlowTuple): Netns | undefined {
  return ipvs?.netns ?? dnat?.nat.netns;
}

/** Each of `values` plus what the same one of others has risen by. */
function plusRise(values: readonly number[], from: readonly number[], to: readonly number[]): readonly number[] {
  return values.map((value, index) => value + to[index]! - from[index]!);
}
