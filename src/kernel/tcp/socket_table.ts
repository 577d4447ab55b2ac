import { assert } from "../../sim/assert.ts";
import type { Ipv4, Micros, Port } from "../../units.ts";
import { longerInt32 } from "../../sim/columns.ts";
import { PortCounts } from "../ports/port_counts.ts";
import { type TakenPorts, TakenPortsTable } from "../ports/taken_ports.ts";
import type { Route } from "../routes.ts";
import { packPorts, TupleIndex, type TupleRows } from "../tuple_index.ts";
import { OpenSockets, OpenWord } from "./open_sockets.ts";
import type { SocketOwner } from "./socket_owner.ts";
import { SocketFlag } from "./socket_flag.ts";
import { TcpState } from "./tcp_states.ts";

export { SocketFlag } from "./socket_flag.ts";

const FIRST_CAPACITY = 1024;
/** Words of a row that every socket has. The small ones are state (8 bits), retransmissions (8), back-off (8) and marks. */
const Word = {
  LOCAL: 0,
  REMOTE: 1,
  PORTS: 2,
  /** Flags in the low half, the namespace in the high half. */
  FLAGS: 3,
  SMALL: 4,
  SND_NXT: 5,
  RCV_NXT: 6,
  GENERATION: 7,
  /** The place in `OpenSockets`; of a TIME_WAIT entry, which has none, below 0: the entry before it in the queue. */
  OPEN: 10,
  /** The owner's tag; the next row of the TIME_WAIT queue or of the free list. */
  TAG: 11,
} as const;
const ROW_WORDS = 12;
const ROW_TIMES = 6;
/** The place of the due moment, counted in times, which are two words. */
const DUE = 4;
const SCOPE_SHIFT = 16;
const RETRANSMITS_SHIFT = 8;
const BACKOFF_SHIFT = 16;
/** Marks of a row that has a moment in `#lastAnswers`. */
const HAS_ANSWERED = 1 << 24;
/** Marks of a row that a set of taken ports has, or has had. */
const IS_NOTED = 1 << 25;

/**
 * All TCP sockets of a machine: full sockets, request sockets (`SYN_RECV`) and TIME_WAIT entries are rows of one table, as
 * they share one hash in the kernel. A row is named by its slot; its generation changes whenever its timer is armed or
 * cancelled or the row is given back, so that a stale timer knows itself.
 *
 * What only an open socket needs stands apart, and is given back when it enters TIME_WAIT: of these entries there may be
 * 10^6, and each takes 48 bytes and 8 in the index. In the kernel they are smaller than sockets, too.
 *
 * Source: include/net/inet_timewait_sock.h inet_timewait_sock, v6.1.
 */
export class SocketTable implements TupleRows {
  #words = new Int32Array(new ArrayBuffer(FIRST_CAPACITY * ROW_WORDS * 4));
  /** The same memory, for `due`. */
  #times = new Float64Array(this.#words.buffer);
  readonly #open = new OpenSockets();
  /** Of all rows in the index; made when somebody asks. */
  #portCounts: PortCounts | undefined = undefined;
  readonly #lastAnswers = new Map<number, Micros>();
  readonly index = new TupleIndex(this, FIRST_CAPACITY);
  readonly takenPorts = new TakenPortsTable();
  #firstFree = -1;
  #used = 0;
  #capacity = FIRST_CAPACITY;

  /** Rows that have ever been used: scans go from 0 to here and skip CLOSE. */
  get extent(): number {
    return this.#used;
  }

  /** Rows that there is room for before the table grows. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Memory of all rows that there is room for, with the index; without what only open sockets need. */
  get bytes(): number {
    return this.#words.byteLength + this.index.bytes;
  }

  local(slot: number): Ipv4 {
    return this.#words[ROW_WORDS * slot + Word.LOCAL]!;
  }

  setLocal(slot: number, local: Ipv4): void {
    this.#words[ROW_WORDS * slot + Word.LOCAL] = local;
  }

  remote(slot: number): Ipv4 {
    return this.#words[ROW_WORDS * slot + Word.REMOTE]!;
  }

  /** The local port in the high half, the remote port in the low half. */
  ports(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.PORTS]!;
  }

  setPorts(slot: number, ports: number): void {
    this.#words[ROW_WORDS * slot + Word.PORTS] = ports;
  }

  localPort(slot: number): Port {
    return this.ports(slot) >>> 16;
  }

  remotePort(slot: number): Port {
    return this.ports(slot) & 0xffff;
  }

  /** A small number that no other open socket has, for what an owner keeps of its sockets; below 0 for a row that is none. */
  place(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.OPEN]!;
  }

  /** The namespace's number: 0 to 65,535. */
  scope(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.FLAGS]! >>> SCOPE_SHIFT;
  }

  /** One of `TcpState`. */
  state(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.SMALL]! & 0xff;
  }

  setState(slot: number, state: number): void {
    const place = ROW_WORDS * slot + Word.SMALL;
    this.#words[place] = (this.#words[place]! & ~0xff) | state;
  }

  /** Timeouts so far: 0 to 255. */
  retransmits(slot: number): number {
    return (this.#words[ROW_WORDS * slot + Word.SMALL]! >>> RETRANSMITS_SHIFT) & 0xff;
  }

  setRetransmits(slot: number, retransmits: number): void {
    const place = ROW_WORDS * slot + Word.SMALL;
    this.#words[place] = (this.#words[place]! & ~0xff00) | (retransmits << RETRANSMITS_SHIFT);
  }

  /** How often the interval was doubled: 0 to 255. */
  backoff(slot: number): number {
    return (this.#words[ROW_WORDS * slot + Word.SMALL]! >>> BACKOFF_SHIFT) & 0xff;
  }

  setBackoff(slot: number, backoff: number): void {
    const place = ROW_WORDS * slot + Word.SMALL;
    this.#words[place] = (this.#words[place]! & ~0xff0000) | (backoff << BACKOFF_SHIFT);
  }

  /** All bits of `SocketFlag`. */
  flags(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.FLAGS]! & 0xffff;
  }

  has(slot: number, flag: number): boolean {
    return (this.#words[ROW_WORDS * slot + Word.FLAGS]! & flag) !== 0;
  }

  set(slot: number, flag: number): void {
    this.#words[ROW_WORDS * slot + Word.FLAGS]! |= flag;
  }

  unset(slot: number, flag: number): void {
    this.#words[ROW_WORDS * slot + Word.FLAGS]! &= ~flag;
  }

  /** The initial send sequence of an open socket; sequences are signed 32-bit numbers. */
  iss(slot: number): number {
    return this.#open.word(this.place(slot), OpenWord.ISS);
  }

  setIss(slot: number, iss: number): void {
    this.#open.setWord(this.place(slot), OpenWord.ISS, iss);
  }

  /** Next to send. */
  sndNxt(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.SND_NXT]!;
  }

  setSndNxt(slot: number, sndNxt: number): void {
    this.#words[ROW_WORDS * slot + Word.SND_NXT] = sndNxt;
  }

  /** Oldest unacknowledged, of an open socket. */
  sndUna(slot: number): number {
    return this.#open.word(this.place(slot), OpenWord.SND_UNA);
  }

  setSndUna(slot: number, sndUna: number): void {
    this.#open.setWord(this.place(slot), OpenWord.SND_UNA, sndUna);
  }

  /** Next expected. */
  rcvNxt(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.RCV_NXT]!;
  }

  setRcvNxt(slot: number, rcvNxt: number): void {
    this.#words[ROW_WORDS * slot + Word.RCV_NXT] = rcvNxt;
  }

  generation(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.GENERATION]!;
  }

  setGeneration(slot: number, generation: number): void {
    this.#words[ROW_WORDS * slot + Word.GENERATION] = generation;
  }

  /** Changes whenever an ACK goes out that was owed; no two sockets have had the same. 0 for one that is not open. */
  ackGeneration(slot: number): number {
    const open = this.place(slot);
    return open < 0 ? 0 : this.#open.word(open, OpenWord.ACK_GENERATION);
  }

  renewAckGeneration(slot: number): void {
    this.#open.renewAckGeneration(this.place(slot));
  }

  /** The listening socket that a request or a child came from, or -1, of an open socket. */
  listener(slot: number): number {
    return this.#open.word(this.place(slot), OpenWord.LISTENER);
  }

  setListener(slot: number, listener: number): void {
    this.#open.setWord(this.place(slot), OpenWord.LISTENER, listener);
  }

  /** A number of the owner's own. */
  tag(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.TAG]!;
  }

  /**
   * The moment that the running timer was set to (TIME_WAIT: the end of the entry), as `ss` counts down to it; it fires up
   * to a granule later.
   */
  due(slot: number): Micros {
    return this.#times[ROW_TIMES * slot + DUE]!;
  }

  setDue(slot: number, due: Micros): void {
    this.#times[ROW_TIMES * slot + DUE] = due;
  }

  /** When a segment that was none of the connection's was last answered, for the rate limit; -1 for never. */
  lastAnswer(slot: number): Micros {
    return this.#isMarked(slot, HAS_ANSWERED) ? this.#lastAnswers.get(slot)! : -1;
  }

  setLastAnswer(slot: number, time: Micros): void {
    this.#words[ROW_WORDS * slot + Word.SMALL]! |= HAS_ANSWERED;
    this.#lastAnswers.set(slot, time);
  }

  owner(slot: number): SocketOwner | undefined {
    const open = this.place(slot);
    return open < 0 ? undefined : this.#open.owners[open];
  }

  setOwner(slot: number, owner: SocketOwner | undefined): void {
    this.#open.owners[this.place(slot)] = owner;
  }

  /** The cached route to the peer; `undefined` before connect() and in TIME_WAIT. */
  route(slot: number): Route | undefined {
    const open = this.place(slot);
    return open < 0 ? undefined : this.#open.routes[open];
  }

  setRoute(slot: number, route: Route | undefined): void {
    this.#open.routes[this.place(slot)] = route;
  }

  /** A fresh row in state CLOSE. */
  allocate(netns: number, owner: SocketOwner | undefined, tag: number): number {
    let slot = this.#firstFree;
    if (slot >= 0) this.#firstFree = this.tag(slot);
    else {
      if (this.#used === this.#capacity) this.#grow();
      slot = this.#used;
      this.#used += 1;
    }
    const words = this.#words;
    const first = ROW_WORDS * slot;
    words[first + Word.LOCAL] = 0;
    words[first + Word.REMOTE] = 0;
    words[first + Word.PORTS] = 0;
    words[first + Word.FLAGS] = netns << SCOPE_SHIFT;
    words[first + Word.SMALL] = TcpState.CLOSE;
    words[first + Word.TAG] = tag;
    words[first + Word.OPEN] = this.#open.take(owner);
    return slot;
  }

  /** Gives a row back; it must have left the index, its bucket and the TIME_WAIT queue. Its tag names the next free row. */
  free(slot: number): void {
    assert(!this.has(slot, SocketFlag.HASHED), "a freed socket has left the index");
    const words = this.#words;
    if (this.#isMarked(slot, HAS_ANSWERED)) this.#lastAnswers.delete(slot);
    words[ROW_WORDS * slot + Word.SMALL] = TcpState.CLOSE;
    this.setGeneration(slot, (this.generation(slot) + 1) | 0);
    this.#giveOpenBack(slot);
    words[ROW_WORDS * slot + Word.TAG] = this.#firstFree;
    this.#firstFree = slot;
  }

  /** The rows that were given back and wait to be used again. */
  *freeRows(): Generator<number> {
    for (let slot = this.#firstFree; slot >= 0; slot = this.tag(slot)) yield slot;
  }

  /** Turns an open socket into a TIME_WAIT entry, which keeps its tuple, its flags and its sequences, and nothing else. */
  becomeTimeWait(slot: number): void {
    if (this.#isMarked(slot, IS_NOTED)) this.takenPorts.noteTimeWait(this, slot);
    this.setState(slot, TcpState.TIME_WAIT);
    this.#giveOpenBack(slot);
  }

  /** The TIME_WAIT entry before this one in their queue, or -1. */
  previousTimeWait(slot: number): number {
    return -2 - this.#words[ROW_WORDS * slot + Word.OPEN]!;
  }

  setPreviousTimeWait(slot: number, previous: number): void {
    this.#words[ROW_WORDS * slot + Word.OPEN] = -2 - previous;
  }

  /** The TIME_WAIT entry behind this one in their queue, or -1. */
  nextTimeWait(slot: number): number {
    return this.#words[ROW_WORDS * slot + Word.TAG]!;
  }

  setNextTimeWait(slot: number, next: number): void {
    this.#words[ROW_WORDS * slot + Word.TAG] = next;
  }

  /** Fills in the key of a row that is not in the index. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  setTuple(slot: number, local: Ipv4, localPort: Port, remote: Ipv4, remotePort: Port): void {
    this.setLocal(slot, local);
    this.#words[ROW_WORDS * slot + Word.REMOTE] = remote;
    this.setPorts(slot, packPorts(localPort, remotePort));
  }

  /** Puts a row that has its key into the index. */
  hash(slot: number): void {
    this.index.insert(slot);
    this.#portCounts?.add(this.ports(slot), 1);
    this.set(slot, SocketFlag.HASHED);
  }

  unhash(slot: number): void {
    if (!this.has(slot, SocketFlag.HASHED)) return;
    if (this.#isMarked(slot, IS_NOTED)) this.takenPorts.noteFree(this, slot);
    this.index.remove(slot);
    this.#portCounts?.add(this.ports(slot), -1);
    this.unset(slot, SocketFlag.HASHED);
  }

  /** Whether any row in the index has a port, its own or its peer's. Whoever asks once makes all changes cost a little more. */
  hasPort(port: Port): boolean {
    if (this.#portCounts === undefined) {
      this.#portCounts = new PortCounts();
      for (let slot = 0; slot < this.#used; slot += 1) {
        if (this.has(slot, SocketFlag.HASHED)) this.#portCounts.add(this.ports(slot), 1);
      }
    }
    return this.#portCounts.has(port);
  }

  /** A search has met a hashed row: its port is kept as one that is taken, for as long as the row is hashed. */
  noteTaken(slot: number, taken: TakenPorts): void {
    taken.add(this.localPort(slot), this.state(slot) !== TcpState.TIME_WAIT);
    this.#words[ROW_WORDS * slot + Word.SMALL]! |= IS_NOTED;
  }

  #isMarked(slot: number, mark: number): boolean {
    return (this.#words[ROW_WORDS * slot + Word.SMALL]! & mark) !== 0;
  }

  #giveOpenBack(slot: number): void {
    const open = this.place(slot);
    if (open < 0) return;
    this.#open.giveBack(open);
    this.#words[ROW_WORDS * slot + Word.OPEN] = -1;
  }

  #grow(): void {
    this.#capacity *= 4;
    this.#words = longerInt32(this.#words, this.#capacity * ROW_WORDS);
    this.#times = new Float64Array(this.#words.buffer);
  }
}
