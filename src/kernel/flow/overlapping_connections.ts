import { assert } from "../../sim/assert.ts";
import { longerFloat64, longerInt32 } from "../../sim/columns.ts";
import type { EventLoop, HandlerId } from "../../sim/event_loop.ts";
import type { Port } from "../../units.ts";
import type { MachineGroup } from "../machine_group.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Exchange } from "./exchange.ts";
import { EVENT_BITS, EVENTS_MOST } from "./exchange_schedule.ts";
import type { FlowServer } from "./flow.ts";

/**
 * A route, a rule or a sysctl has changed, or a server has ceased to listen, while a connection was being carried whose
 * packets would have met that. What it has left behind cannot be taken back: the run is to be made anew with all packets.
 */
export class OverlapError extends Error {
  constructor() {
    super("something has changed while connections that overlap were carried: send their packets");
  }
}

const FIRST_CAPACITY = 16;

/**
 * Connections that are carried while others begin or go on. Each has its client's socket and the events that its packets
 * would be, at their times and scheduled in their order, so that of two things in one microsecond the same one comes
 * first. But nothing is sent: two of the events have something to do. In one the client is told that it is done, in one its
 * TIME_WAIT entry begins. All else that it leaves behind stands in tables from the start.
 */
export class OverlappingConnections {
  readonly #group: MachineGroup;
  readonly #loop: EventLoop;
  /** That of their events. */
  readonly handler: HandlerId;
  /** By row what it does, its server, and its client's socket; of a free row the next free one. */
  readonly #exchanges: Exchange[] = [];
  readonly #servers: FlowServer[] = [];
  #slots = new Int32Array(FIRST_CAPACITY);
  #begins = new Float64Array(FIRST_CAPACITY);
  /** What the server has for the client's port. */
  #portsAtServers = new Int32Array(FIRST_CAPACITY);
  /** Events that have not fired yet. */
  #left = new Int32Array(FIRST_CAPACITY);
  /** `MachineGroup.changes` and `listenerChanges` when it began, and the generation of its server's socket. */
  #changes = new Int32Array(FIRST_CAPACITY);
  #listenerChanges = new Int32Array(FIRST_CAPACITY);
  #generations = new Int32Array(FIRST_CAPACITY);
  #firstFree = -1;
  #count = 0;

  constructor(group: MachineGroup, loop: EventLoop) {
    this.#group = group;
    this.#loop = loop;
    this.handler = loop.handler("flow/overlapping", (argument) => this.#fire(argument));
    loop.letOverlap(this.handler, "begins");
  }

  /** How many there are now. */
  get count(): number {
    return this.#count;
  }

  /** Takes in a connection that begins now from a socket that has its tuple and port. @param portAtServer what the server has for that. */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  add(exchange: Exchange, server: FlowServer, slot: number, portAtServer: Port): void {
    const row = this.#takeRow();
    const { schedule } = exchange.ends;
    this.#exchanges[row] = exchange;
    this.#servers[row] = server;
    this.#slots[row] = slot;
    this.#begins[row] = this.#loop.now;
    this.#portsAtServers[row] = portAtServer;
    this.#left[row] = schedule!.count;
    this.#changes[row] = this.#group.changes;
    this.#listenerChanges[row] = this.#group.listenerChanges;
    this.#generations[row] = server.tcp.sockets.generation(server.listener);
    this.#schedule(row, schedule!.firstOf(-1), schedule!.endOf(-1));
  }

  #takeRow(): number {
    this.#count += 1;
    const row = this.#firstFree;
    if (row < 0) {
      if (this.#exchanges.length === this.#slots.length) this.#grow();
      return this.#exchanges.length;
    }
    this.#firstFree = this.#slots[row]!;
    return row;
  }

  #grow(): void {
    const capacity = 2 * this.#slots.length;
    this.#slots = longerInt32(this.#slots, capacity);
    this.#begins = longerFloat64(this.#begins, capacity);
    this.#portsAtServers = longerInt32(this.#portsAtServers, capacity);
    this.#left = longerInt32(this.#left, capacity);
    this.#changes = longerInt32(this.#changes, capacity);
    this.#listenerChanges = longerInt32(this.#listenerChanges, capacity);
    this.#generations = longerInt32(this.#generations, capacity);
  }

  /** Schedules the events of a row from `first` on and before `end`. */
  #schedule(row: number, first: number, end: number): void {
    const { after } = this.#exchanges[row]!.ends.schedule!;
    const begins = this.#begins[row]!;
    for (let event = first; event < end; event += 1)
      this.#loop.at(begins + after[event]!, this.handler, (row << EVENT_BITS) + event);
  }

  #fire(argument: number): void {
    const row = argument >> EVENT_BITS;
    const event = argument & (EVENTS_MOST - 1);
    const exchange = this.#exchanges[row]!;
    const schedule = exchange.ends.schedule!;
    const afterFinish = schedule.afterFinishOf(event);
    this.#schedule(row, schedule.firstOf(event), afterFinish);
    if (event === schedule.finish) this.#finish(exchange, this.#slots[row]!);
    if (event === schedule.wait) {
      exchange.ends.beginWait(exchange, this.#slots[row]!, this.#begins[row]!, this.#portsAtServers[row]!);
    }
    this.#schedule(row, afterFinish, schedule.endOf(event));
    this.#left[row] = this.#left[row]! - 1;
    if (this.#left[row] === 0) this.#end(row);
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

  #end(row: number): void {
    this.#loop.countEvents(-this.#exchanges[row]!.ends.schedule!.count);
    if (this.#changes[row] !== this.#group.changes || !this.#isServed(row)) throw new OverlapError();
    this.#slots[row] = this.#firstFree;
    this.#firstFree = row;
    this.#count -= 1;
  }

  /** Whether the socket that listened when a connection began listens still. */
  #isServed(row: number): boolean {
    if (this.#listenerChanges[row] === this.#group.listenerChanges) return true;
    const { netns, tcp, listener } = this.#servers[row]!;
    const { replySrc, replySport } = this.#exchanges[row]!;
    const found = tcp.listeners.find(tcp.sockets, netns.id, replySrc, replySport);
    return found === listener && tcp.sockets.generation(listener) === this.#generations[row];
  }
}
