import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { Micros, Port } from "../../units.ts";
import { type Conntrack, NOTHING } from "../conntrack/conntrack.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { Netns } from "../netns.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { TIMEWAIT_LEN } from "../tcp/time_wait.ts";
import { packPorts } from "../tuple_index.ts";
import type { Exchange } from "./exchange.ts";
import type { ExchangeConstants, WaitFacts } from "./exchange_facts.ts";
import { EVENTS_MOST, ExchangeSchedule } from "./exchange_schedule.ts";
import { ENTRY_SEQUENCES, type SequenceRules, WAIT_SEQUENCES } from "./exchange_sequences.ts";
import { type FlowServer, type FlowTuple, replyDport } from "./flow.ts";
import { type CarriedConnection, EntryEnd, IpvsEnd, WaitEnd } from "./table_ends.ts";
import { type FlowTables, isTupleUnused } from "./unused_tuple.ts";

/** What takes longer never overlaps with another one: what follows from that one's end comes no sooner. */
const OVERLAP_MOST: Micros = 1000;

/** So many entries have room in tables that connections overlap beside: more do not begin in that time. */
const ROOM_LEAST = 256;

/** One that was deferred, and whether its TIME_WAIT entry is not over. */
export interface LateConnection {
  readonly port: Port;
  readonly begins: Micros;
  readonly isWaiting: boolean;
}

/**
 * What connections of a kind leave behind in tables, and when. Kinds that differ only in which pod they go to share one
 * of these: fewer lines of the processor's cache are touched so.
 */
export class ExchangeEnds {
  /** From connect() until its last packet has arrived, until the client is done, and until its handshake is complete. */
  readonly duration: Micros;
  readonly finishes: Micros;
  readonly connects: Micros;
  readonly #synArrives: Micros;
  readonly #tables: FlowTables;
  readonly #clientWait: WaitEnd | undefined;
  readonly #serverWait: WaitEnd | undefined;
  readonly #entries: readonly EntryEnd[];
  readonly #ipvs: IpvsEnd | undefined;
  /** Whether a service lies between. */
  readonly #hasService: boolean;
  readonly #connection: CarriedConnection = { begins: DOUBLE_ZERO, client: 0, server: 0 };
  /** Where the only entry stands, if what they leave behind may wait until somebody looks (see `DeferredConnections`). */
  readonly deferrable: Conntrack | undefined;
  /** From connect() until the client's TIME_WAIT entry begins and until the entry expires, of those. */
  readonly waitBegins: Micros;
  readonly expires: Micros;
  /** Its events, if others may begin or go on meanwhile at all. */
  readonly schedule: ExchangeSchedule | undefined;

  // oxlint-disable-next-line max-params -- made once per kind of connection
  constructor(
    constants: ExchangeConstants,
    rules: SequenceRules,
    namespaces: readonly Netns[],
    /** Those that its packets come by. */
    ipvs: readonly Ipvs[],
  ) {
    const { waits, entries } = constants;
    this.duration = constants.duration;
    this.finishes = constants.finishes;
    this.connects = constants.connects;
    this.#synArrives = constants.synArrives;
    const waitOf = (side: "client" | "server"): WaitEnd | undefined => {
      const index = waits.findIndex((wait) => wait.side === side);
      return index < 0 ? undefined : new WaitEnd(waits[index]!, rules, index * WAIT_SEQUENCES);
    };
    this.#clientWait = waitOf("client");
    this.#serverWait = waitOf("server");
    const first = waits.length * WAIT_SEQUENCES;
    this.#entries = entries.map(
      (entry, index) =>
        new EntryEnd(entry, namespaces[entry.netns]!.conntrack!, rules, first + index * ENTRY_SEQUENCES),
    );
    this.#ipvs = constants.ipvs && new IpvsEnd(constants.ipvs);
    this.#hasService = servedAt(constants) !== undefined;
    const [wait] = waits;
    const [entry] = entries;
    this.waitBegins = wait?.begins ?? 0;
    this.expires = entry?.expires ?? 0;
    const isDeferrable = isDeferrableWait(waits) && entries.length === 1 && entry!.timer < 0 && !this.#hasService;
    this.schedule = scheduleOf(constants);
    const outlasts = this.expires - this.waitBegins >= 2 * TIMEWAIT_LEN;
    this.deferrable = isDeferrable && outlasts ? namespaces[entry!.netns]!.conntrack : undefined;
    // Its entries look for themselves, since they may follow others; but none follows another behind a service.
    const conntracks = this.#hasService ? entries.map(({ netns }) => namespaces[netns]!.conntrack!) : [];
    this.#tables = { conntracks, ipvs, hasServerWaits: this.#serverWait !== undefined };
  }

  /** Whether all tables take a connection from this source port in as they took in those that were watched. */
  mayCarry(tuple: FlowTuple, server: FlowServer, port: Port): boolean {
    if (!isTupleUnused(tuple, server, port, this.#tables)) return false;
    if (this.#hasService) return true;
    const { saddr, daddr, dport } = tuple;
    for (const entry of this.#entries) {
      if (!entry.mayFollow(saddr, daddr, packPorts(port, dport))) return false;
    }
    return true;
  }

  /** Whether others may begin or go on meanwhile. */
  get mayOverlap(): boolean {
    return this.schedule !== undefined && this.#entries.every((entry) => entry.hasRoomFor(ROOM_LEAST));
  }

  /** Whether an entry takes the place of another one; ask after `mayCarry`. */
  get replaces(): boolean {
    return this.#entries.some(({ predecessor }) => predecessor !== NOTHING);
  }

  /** Leaves behind what a connection from this source port, which it owns and which begins now, would leave there. */
  apply(tuple: FlowTuple, server: FlowServer, port: Port): void {
    const { tcp, dport } = tuple;
    const portAtServer = replyDport(tuple, port);
    const connection = this.leaveEntries(tuple, server.tcp, packPorts(port, dport));
    if (this.#serverWait !== undefined) {
      const accepted = acceptedSocket(server, tuple, portAtServer);
      this.#serverWait.leave(server.tcp, accepted, connection);
    }
    const slot = connectedSocket(tuple, port);
    if (this.#clientWait === undefined) tcp.destroy(slot);
    else this.#clientWait.leave(tcp, slot, connection);
  }

  /** What conntrack and IPVS have of that. @param ports of the client's tuple. */
  leaveEntries(tuple: FlowTuple, server: Tcp, ports: number): CarriedConnection {
    const portAtServer = replyDport(tuple, ports >>> 16);
    const connection = this.#begin(tuple, server, ports, tuple.tcp.machine.loop.now, portAtServer);
    for (const entry of this.#entries) entry.leave(tuple, ports, connection, entry.predecessor);
    // As with every packet, so that of two timers that end in one microsecond conntrack's is the first.
    this.#ipvs?.leave(tuple, ports);
    tuple.dnat?.draws.take(tuple.dnat.count);
    tuple.masquerading?.takeForeseenPort();
    return connection;
  }

  /** The TIME_WAIT entry of a client's socket begins now, whose connection began at `begins`. */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  beginWait(exchange: Exchange, slot: number, begins: Micros, portAtServer: Port): void {
    const { tcp, server } = exchange;
    this.#begin(exchange, server, tcp.sockets.ports(slot), begins, portAtServer);
    this.#clientWait!.begin(tcp, slot, this.#connection);
  }

  /** Makes the rows of one that was deferred: those of its entries that are not over. */
  applyLate(exchange: Exchange, { port, begins, isWaiting }: LateConnection): void {
    const { tcp, dport, server } = exchange;
    const ports = packPorts(port, dport);
    const connection = this.#begin(exchange, server, ports, begins, port);
    for (const entry of this.#entries) entry.leave(exchange, ports, connection, NOTHING);
    if (isWaiting) this.#clientWait!.leaveLate(tcp, connectedSocket(exchange, port), connection);
  }

  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  #begin(tuple: FlowTuple, server: Tcp, ports: number, begins: Micros, portAtServer: Port): CarriedConnection {
    const connection = this.#connection;
    const { replySrc, replyDst, replySport } = tuple;
    const reply = packPorts(replySport, portAtServer);
    connection.begins = begins;
    connection.client = tuple.tcp.sequences.of(tuple.saddr, tuple.daddr, ports, begins);
    connection.server = server.sequences.of(replySrc, replyDst, reply, begins + this.#synArrives);
    return connection;
  }
}

/** When a service chooses the server of a connection, from connect() on; `undefined` if it goes through none. */
function servedAt({ ipvs, translated }: ExchangeConstants): Micros | undefined {
  return ipvs?.begins ?? translated;
}

/**
 * The events of connections that may overlap: all that is left of their ends is a TIME_WAIT entry at the client, and a
 * service chooses their server within connect(), if at all, before others that begin meanwhile.
 */
function scheduleOf(constants: ExchangeConstants): ExchangeSchedule | undefined {
  const { duration, schedule, waits } = constants;
  const isShort = duration <= OVERLAP_MOST && (servedAt(constants) ?? 0) === 0;
  const mayOverlap = isShort && isDeferrableWait(waits) && schedule !== undefined;
  return mayOverlap && schedule.after.length <= EVENTS_MOST ? new ExchangeSchedule(schedule) : undefined;
}

/** Whether all that is left of the connection's ends is a TIME_WAIT entry at the client, which owns its port. */
function isDeferrableWait(waits: readonly WaitFacts[]): boolean {
  const [wait] = waits;
  return waits.length === 1 && wait!.side === "client" && (wait!.flags & SocketFlag.HAS_PORT) !== 0;
}

/** The socket of a client, which owns its source port. */
function connectedSocket({ client, tcp, saddr, daddr, dport }: FlowTuple, port: Port): number {
  const { sockets } = tcp;
  const slot = sockets.allocate(client.id, undefined, 0);
  sockets.setTuple(slot, saddr, port, daddr, dport);
  sockets.set(slot, SocketFlag.HAS_PORT);
  sockets.hash(slot);
  return slot;
}

/** The socket that a server has accepted a connection with. @param port that it has for the client's. */
function acceptedSocket({ tcp, netns, listener }: FlowServer, tuple: FlowTuple, port: Port): number {
  const { sockets } = tcp;
  const { replySrc, replyDst, replySport } = tuple;
  const slot = sockets.allocate(netns.id, undefined, sockets.tag(listener));
  sockets.setTuple(slot, replySrc, replySport, replyDst, port);
  sockets.hash(slot);
  netns.ports.addExplicitOwner(replySport);
  if (sockets.has(listener, SocketFlag.REUSE_ADDRESS)) netns.ports.countSharer(replySport, 1);
  return slot;
}
