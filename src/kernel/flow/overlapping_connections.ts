import { assert } from "../../sim/assert.ts";
import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { EventLoop, HandlerId } from "../../sim/event_loop.ts";
import type { Micros } from "../../units.ts";
import type { MachineGroup } from "../machine_group.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Exchange } from "./exchange.ts";
import { EVENT_BITS, EVENTS_MOST } from "./exchange_schedule.ts";
import type { FlowServer } from "./flow.ts";

/** One of them, from connect() until its last packet would have arrived; its row serves again. */
interface Overlapping {
  exchange: Exchange | undefined;
  server: FlowServer | undefined;
  /** The client's socket. */
  slot: number;
  begins: Micros;
  /** Events that have not fired yet. */
  left: number;
  /** `MachineGroup.changes` and `listenerChanges` when it began, and its server's socket. */
  changes: number;
  listenerChanges: number;
  generation: number;
}

/**
 * A route, a rule or a sysctl has changed, or a server has ceased to listen, while a connection was being carried whose
 * packets would have met that. What it has left behind cannot be taken back: the run is to be made anew with all packets.
 */
export class OverlapError extends Error {
  constructor() {
    super("something has changed while connections that overlap were carried: send their packets");
  }
}

/**
 * Connections that are carried while others begin or go on. Each has its client's socket and the events that its packets
 * would be, at their times and scheduled in their order, so that of two things in one microsecond the same one comes
 * first. But nothing is sent: two of the events have something to do. In one the client is told that it is done, in one its
 * TIME_WAIT entry begins. All else that it leaves behind stands in tables from the start.
 */
export class OverlappingConnections {
  readonly #group: MachineGroup;
  readonly #loop: EventLoop;
  readonly #handler: HandlerId;
  readonly #rows: Overlapping[] = [];
  readonly #free: number[] = [];

  constructor(group: MachineGroup, loop: EventLoop) {
    this.#group = group;
    this.#loop = loop;
    this.#handler = loop.handler("flow/overlapping", (argument) => this.#fire(argument));
    loop.letOverlap(this.#handler);
  }

  /** How many there are now. */
  get count(): number {
    return this.#rows.length - this.#free.length;
  }

  /** Takes in a connection that begins now from a socket that has its tuple and port. */
  add(exchange: Exchange, server: FlowServer, slot: number): void {
    const number = this.#free.pop() ?? this.#addRow();
    const row = this.#rows[number]!;
    const schedule = exchange.ends.schedule!;
    row.exchange = exchange;
    row.server = server;
    row.slot = slot;
    row.begins = this.#loop.now;
    row.left = schedule.count;
    row.changes = this.#group.changes;
    row.listenerChanges = this.#group.listenerChanges;
    row.generation = server.tcp.sockets.generation(server.listener);
    this.#schedule(number, schedule.firstOf(-1), schedule.endOf(-1));
  }

  #addRow(): number {
    const nothing = { exchange: undefined, server: undefined, slot: 0, begins: DOUBLE_ZERO, left: 0 };
    return this.#rows.push({ ...nothing, changes: 0, listenerChanges: 0, generation: 0 }) - 1;
  }

  #schedule(number: number, first: number, end: number): void {
    const { exchange, begins } = this.#rows[number]!;
    const { after } = exchange!.ends.schedule!;
    for (let event = first; event < end; event += 1)
      this.#loop.at(begins + after[event]!, this.#handler, (number << EVENT_BITS) + event);
  }

  #fire(argument: number): void {
    const number = argument >> EVENT_BITS;
    const event = argument & (EVENTS_MOST - 1);
    const row = this.#rows[number]!;
    const exchange = row.exchange!;
    const schedule = exchange.ends.schedule!;
    const afterFinish = schedule.afterFinishOf(event);
    row.left -= 1;
    this.#schedule(number, schedule.firstOf(event), afterFinish);
    if (event === schedule.finish) this.#finish(exchange, row.slot);
    if (event === schedule.wait) exchange.ends.beginWait(exchange, row.slot, row.begins);
    this.#schedule(number, afterFinish, schedule.endOf(event));
    if (row.left === 0) this.#end(number);
  }

  #finish({ tcp, ends }: Exchange, slot: number): void {
    const { sockets } = tcp;
    const owner = sockets.owner(slot);
    const tag = sockets.tag(slot);
    assert(owner?.carried !== undefined, "a connection that is carried has a client that is told so");
    sockets.setOwner(slot, undefined);
    sockets.set(slot, SocketFlag.ORPHAN);
    owner.carried(tag, ends.connects);
  }

  #end(number: number): void {
    const row = this.#rows[number]!;
    this.#loop.countEvents(-row.exchange!.ends.schedule!.count);
    if (row.changes !== this.#group.changes || !this.#isServed(row)) throw new OverlapError();
    row.exchange = undefined;
    row.server = undefined;
    this.#free.push(number);
  }

  /** Whether the socket that listened when a connection began listens still. */
  #isServed({ exchange, server, listenerChanges, generation }: Overlapping): boolean {
    if (listenerChanges === this.#group.listenerChanges) return true;
    const { netns, tcp, listener } = server!;
    const { daddr, dport } = exchange!;
    const found = tcp.listeners.find(tcp.sockets, netns.id, daddr, dport);
    return found === listener && tcp.sockets.generation(listener) === generation;
  }
}
