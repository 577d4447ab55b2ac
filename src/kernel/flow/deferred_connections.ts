import type { Ipv4, Micros, Port } from "../../units.ts";
import { longerFloat64, longerInt32 } from "../../sim/columns.ts";
import type { Conntrack } from "../conntrack/conntrack.ts";
import type { Netns } from "../netns.ts";
import { PortBits } from "../ports/port_bits.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { reversePorts } from "../tuple_index.ts";
import type { Exchange } from "./exchange.ts";

const FIRST_CAPACITY = 1024;

/**
 * With more TIME_WAIT entries than this at the client, ports come again so soon that rows would be made all the same: and
 * one by one each has to find its place among those that began after it.
 */
const WAITS_MOST = 4096;

/** Where more than one in so many is looked for by its tuple, all are better served by rows. */
const LOOKED_FOR_MOST = 32;
/** Looked-for ones that say nothing yet. */
const LOOKED_FOR_LEAST = 64;

/**
 * What carried connections of a machine have left behind as long as nobody looks at it: each a TIME_WAIT entry at the
 * client and then, for longer, an entry of connection tracking. Ports, counts and peaks hold them from the start; rows of
 * the tables are made only for one that is looked for by its tuple, or for all of them when tables are read as a whole.
 * Most are over before, and have cost three numbers.
 *
 * They stand in the order in which they began, which is the order in which both of their entries end.
 */
export class DeferredConnections {
  readonly conntrack: Conntrack;
  readonly #tcp: Tcp;
  /** By a connection's number and the mask; a kind is absent from one whose rows have been made. */
  #begins = new Float64Array(FIRST_CAPACITY);
  #ports = new Int32Array(FIRST_CAPACITY);
  readonly #kinds: (Exchange | undefined)[] = Array.from({ length: FIRST_CAPACITY }, () => undefined);
  /** The number of the connection before it in its chain. */
  #older = new Float64Array(FIRST_CAPACITY);
  /** By the low bits of a port the youngest connection of its chain. */
  #youngest = new Float64Array(FIRST_CAPACITY).fill(-1);
  #mask = FIRST_CAPACITY - 1;
  /** The destination ports of all connections that ever came here. */
  readonly #serverPorts = new PortBits();
  /** Numbers of the oldest, of the oldest that is in TIME_WAIT, and of the next one to come. */
  #first = 0;
  #firstWaiting = 0;
  #next = 0;
  /** Connections that somebody has looked for by their tuple. */
  #lookedFor = 0;
  /** When the last one's entries began and will end. */
  #lastWaitBegins: Micros = -Infinity;
  #lastExpires: Micros = -Infinity;

  constructor(tcp: Tcp, conntrack: Conntrack) {
    this.#tcp = tcp;
    this.conntrack = conntrack;
    conntrack.deferred = this;
  }

  /**
   * Takes in a connection that begins now; its port has its owner already.
   *
   * @returns false if it is to have rows at once, since its entries would end before those of one that began earlier, or
   * since too many were looked for.
   */
  add(kind: Exchange, port: Port): boolean {
    const { ends, client } = kind;
    const { timeWaits, machine } = this.#tcp;
    const begins = machine.loop.now;
    const waitBegins = begins + ends.waitBegins;
    const expires = begins + ends.expires;
    if (waitBegins < this.#lastWaitBegins || expires < this.#lastExpires) return false;
    if (timeWaits.countOf(client) >= WAITS_MOST) {
      this.recallAll();
      return false;
    }
    if (this.#lookedFor > LOOKED_FOR_LEAST && this.#lookedFor * LOOKED_FOR_MOST > this.#next) return false;
    this.#lastWaitBegins = waitBegins;
    this.#lastExpires = expires;
    if (this.#next - this.#first > this.#mask) this.#grow();
    const number = this.#next;
    const row = number & this.#mask;
    const chain = chainOf(port) & this.#mask;
    this.#begins[row] = begins;
    this.#ports[row] = port;
    this.#kinds[row] = kind;
    this.#serverPorts.set(kind.dport);
    this.#older[row] = this.#youngest[chain]!;
    this.#youngest[chain] = number;
    this.#next += 1;
    this.conntrack.countDeferred(1);
    timeWaits.expire(waitBegins);
    timeWaits.countDeferred(client, 1);
    timeWaits.noteDeferred(waitBegins);
    return true;
  }

  /** Whether any connection has come here whose destination port this is. */
  isServerPort(port: Port): boolean {
    return this.#serverPorts.has(port);
  }

  /** Ends the TIME_WAIT entries whose time is over at `time`. */
  expireWaits(time: Micros): void {
    const { timeWaits, machine } = this.#tcp;
    const forgets = machine.era.bindBucketForgetsExplicitOwners;
    let due = this.#firstWaitEnd();
    while (due <= time) {
      const row = this.#firstWaiting & this.#mask;
      const kind = this.#kinds[row];
      if (kind !== undefined) {
        kind.client.ports.removeOwner(this.#ports[row]!, false, forgets);
        timeWaits.countDeferred(kind.client, -1);
      }
      this.#firstWaiting += 1;
      due = this.#firstWaitEnd();
    }
    timeWaits.deferredDue = due;
  }

  /** Evicts what garbage collection of connection tracking evicts now. */
  collect(): void {
    const { now } = this.#tcp.machine.loop;
    this.#tcp.timeWaits.expire();
    while (this.#first < this.#firstWaiting) {
      const row = this.#first & this.#mask;
      const kind = this.#kinds[row];
      if (kind !== undefined) {
        if (this.#begins[row]! + kind.ends.expires > now) return;
        this.#kinds[row] = undefined;
        this.conntrack.countDeferred(-1);
      }
      this.#first += 1;
    }
  }

  /** Makes the rows of the connection to which a tuple belongs, in either direction. @returns whether there was one. */
  recallEntry(src: Ipv4, dst: Ipv4, ports: number): boolean {
    let number = this.#find(src, dst, ports);
    if (number < 0) number = this.#find(dst, src, reversePorts(ports));
    if (number < 0) return false;
    this.#lookedFor += 1;
    this.#recall(number);
    return true;
  }

  /** Makes the rows of the connection whose TIME_WAIT entry has this tuple. @returns whether there was one. */
  recallWait(netns: Netns, local: Ipv4, remote: Ipv4, ports: number): boolean {
    const number = this.#find(local, remote, ports);
    if (number < this.#firstWaiting || this.#kinds[number & this.#mask]!.client !== netns) return false;
    this.#lookedFor += 1;
    this.#recall(number);
    return true;
  }

  /** Makes all rows, the oldest first. */
  recallAll(): void {
    for (let number = this.#first; number < this.#next; number += 1) {
      if (this.#kinds[number & this.#mask] !== undefined) this.#recall(number);
    }
    this.#first = this.#next;
    this.#firstWaiting = this.#next;
    this.#tcp.timeWaits.deferredDue = Infinity;
  }

  #recall(number: number): void {
    const row = number & this.#mask;
    const kind = this.#kinds[row]!;
    const isWaiting = number >= this.#firstWaiting;
    this.#kinds[row] = undefined;
    this.conntrack.countDeferred(-1);
    if (isWaiting) this.#tcp.timeWaits.countDeferred(kind.client, -1);
    kind.ends.applyLate(kind, { port: this.#ports[row]!, begins: this.#begins[row]!, isWaiting });
  }

  /** The number of the connection with this original tuple, or -1. */
  #find(src: Ipv4, dst: Ipv4, ports: number): number {
    const port = ports >>> 16;
    const dport = ports & 0xffff;
    if (!this.isServerPort(dport)) return -1;
    let number = this.#youngest[chainOf(port) & this.#mask]!;
    while (number >= this.#first) {
      const row = number & this.#mask;
      if (this.#ports[row] === port) {
        const kind = this.#kinds[row];
        if (kind?.dport === dport && kind.daddr === dst && kind.saddr === src) return number;
      }
      number = this.#older[row]!;
    }
    return -1;
  }

  /** When the first TIME_WAIT entry ends that has not lasted its time; at once if its rows have been made. */
  #firstWaitEnd(): Micros {
    if (this.#firstWaiting === this.#next) return Infinity;
    const row = this.#firstWaiting & this.#mask;
    const kind = this.#kinds[row];
    return kind === undefined ? -1 : this.#tcp.timeWaits.endOf(this.#begins[row]! + kind.ends.waitBegins);
  }

  #grow(): void {
    const before = this.#mask + 1;
    this.#begins = longerFloat64(this.#begins, 2 * before);
    this.#ports = longerInt32(this.#ports, 2 * before);
    this.#older = new Float64Array(2 * before);
    this.#youngest = new Float64Array(2 * before).fill(-1);
    for (let row = 0; row < before; row += 1) this.#kinds.push(undefined);
    this.#mask = 2 * before - 1;
    for (let number = this.#first; number < this.#next; number += 1) {
      const row = number & this.#mask;
      const from = number & (before - 1);
      const port = this.#ports[from]!;
      this.#begins[row] = this.#begins[from]!;
      this.#ports[row] = port;
      this.#kinds[row] = this.#kinds[from];
      if (row !== from) this.#kinds[from] = undefined;
      const chain = chainOf(port) & this.#mask;
      this.#older[row] = this.#youngest[chain]!;
      this.#youngest[chain] = number;
    }
  }
}

/** Ports of one parity are picked mostly. */
function chainOf(port: Port): number {
  return port ^ (port >> 1);
}
