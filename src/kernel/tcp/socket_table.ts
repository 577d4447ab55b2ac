import { assert } from "../../sim/assert.ts";
import type { Ipv4, Micros, Port } from "../../units.ts";
import { longerFloat64, longerInt32 } from "../columns.ts";
import type { Route } from "../routes.ts";
import { packPorts, TupleIndex, type TupleRows } from "../tuple_index.ts";
import type { SocketOwner } from "./socket_owner.ts";
import { TcpState } from "./tcp_states.ts";

/** Flags of a socket. */
export const SocketFlag = {
  /** It stands in the index of 4-tuples. */
  HASHED: 1,
  /** It owns a bind bucket. */
  HAS_PORT: 2,
  /** Its port was bound explicitly, by bind, listen or bind(0). */
  BOUND: 4,
  REUSE_ADDRESS: 8,
  /** SO_LINGER {1, 0}: close sends a RST. */
  LINGER_RESET: 16,
  /** The application has closed it. */
  ORPHAN: 32,
  /** A FIN has been sent. */
  FIN_SENT: 64,
  /** An ACK is owed and waits for the delayed-ACK timer. */
  ACK_PENDING: 128,
  /** Payload has come in, so ACKs are quick. */
  HAS_RECEIVED: 256,
  /** It has answered payload with payload, so ACKs are delayed (ping-pong mode). */
  PINGPONG: 512,
  /** IPVS took a packet meant for it. */
  DIVERTED: 1024,
  /** Conntrack refused one of its packets because the table was full. */
  CONNTRACK_FULL: 2048,
  /** The peer's FIN has come in. */
  FIN_RECEIVED: 4096,
  /** IP_BIND_ADDRESS_NO_PORT: bind stores the address only. */
  NO_PORT: 8192,
  /** IP_LOCAL_PORT_RANGE: the socket has a range of its own. */
  PORT_RANGE: 16384,
  REUSE_PORT: 32_768,
} as const;

const FIRST_CAPACITY = 1024;

/** A row is 16 words, one line of the processor's cache. */
const ROW_BYTES = 64;

/** Words of a row. The small ones are the state (8 bits), retransmissions (8) and back-off (8); the last two are a time. */
const Word = {
  LOCAL: 0,
  REMOTE: 1,
  PORTS: 2,
  SCOPE: 3,
  SMALL: 4,
  FLAGS: 5,
  ISS: 6,
  SND_NXT: 7,
  SND_UNA: 8,
  RCV_NXT: 9,
  GENERATION: 10,
  ACK_GENERATION: 11,
  LISTENER: 12,
  TAG: 13,
} as const;
const RETRANSMITS_SHIFT = 8;
const BACKOFF_SHIFT = 16;

/**
 * All TCP sockets of a machine: full sockets, request sockets (`SYN_RECV`) and TIME_WAIT entries are rows of one table, as
 * they share one hash in the kernel. A row is named by its slot; its generation changes whenever its timer is armed or
 * cancelled or the row is given back, so that a stale timer knows itself.
 */
export class SocketTable implements TupleRows {
  #words = new Int32Array(new ArrayBuffer(FIRST_CAPACITY * ROW_BYTES));
  /** The same memory, for `due`. */
  #times = new Float64Array(this.#words.buffer);
  #lastAnswers = new Float64Array(FIRST_CAPACITY);
  #lastTimestamps = new Float64Array(FIRST_CAPACITY);
  readonly #owners: (SocketOwner | undefined)[] = [];
  readonly #routes: (Route | undefined)[] = [];
  readonly index = new TupleIndex(this, FIRST_CAPACITY);
  #firstFree = -1;
  #used = 0;
  #capacity = FIRST_CAPACITY;

  /** Rows that have ever been used: scans go from 0 to here and skip CLOSE. */
  get extent(): number {
    return this.#used;
  }

  local(slot: number): Ipv4 {
    return this.#words[16 * slot + Word.LOCAL]!;
  }

  setLocal(slot: number, local: Ipv4): void {
    this.#words[16 * slot + Word.LOCAL] = local;
  }

  remote(slot: number): Ipv4 {
    return this.#words[16 * slot + Word.REMOTE]!;
  }

  /** The local port in the high half, the remote port in the low half. */
  ports(slot: number): number {
    return this.#words[16 * slot + Word.PORTS]!;
  }

  setPorts(slot: number, ports: number): void {
    this.#words[16 * slot + Word.PORTS] = ports;
  }

  localPort(slot: number): Port {
    return this.ports(slot) >>> 16;
  }

  remotePort(slot: number): Port {
    return this.ports(slot) & 0xffff;
  }

  /** The namespace's number. */
  scope(slot: number): number {
    return this.#words[16 * slot + Word.SCOPE]!;
  }

  /** One of `TcpState`. */
  state(slot: number): number {
    return this.#words[16 * slot + Word.SMALL]! & 0xff;
  }

  setState(slot: number, state: number): void {
    const place = 16 * slot + Word.SMALL;
    this.#words[place] = (this.#words[place]! & ~0xff) | state;
  }

  /** Timeouts so far: 0 to 255. */
  retransmits(slot: number): number {
    return (this.#words[16 * slot + Word.SMALL]! >>> RETRANSMITS_SHIFT) & 0xff;
  }

  setRetransmits(slot: number, retransmits: number): void {
    const place = 16 * slot + Word.SMALL;
    this.#words[place] = (this.#words[place]! & ~0xff00) | (retransmits << RETRANSMITS_SHIFT);
  }

  /** How often the interval was doubled: 0 to 255. */
  backoff(slot: number): number {
    return (this.#words[16 * slot + Word.SMALL]! >>> BACKOFF_SHIFT) & 0xff;
  }

  setBackoff(slot: number, backoff: number): void {
    const place = 16 * slot + Word.SMALL;
    this.#words[place] = (this.#words[place]! & ~0xff0000) | (backoff << BACKOFF_SHIFT);
  }

  /** All bits of `SocketFlag`. */
  flags(slot: number): number {
    return this.#words[16 * slot + Word.FLAGS]!;
  }

  has(slot: number, flag: number): boolean {
    return (this.flags(slot) & flag) !== 0;
  }

  set(slot: number, flag: number): void {
    this.#words[16 * slot + Word.FLAGS] = this.flags(slot) | flag;
  }

  unset(slot: number, flag: number): void {
    this.#words[16 * slot + Word.FLAGS] = this.flags(slot) & ~flag;
  }

  /** The initial send sequence; sequences are signed 32-bit numbers. */
  iss(slot: number): number {
    return this.#words[16 * slot + Word.ISS]!;
  }

  setIss(slot: number, iss: number): void {
    this.#words[16 * slot + Word.ISS] = iss;
  }

  /** Next to send. */
  sndNxt(slot: number): number {
    return this.#words[16 * slot + Word.SND_NXT]!;
  }

  setSndNxt(slot: number, sndNxt: number): void {
    this.#words[16 * slot + Word.SND_NXT] = sndNxt;
  }

  /** Oldest unacknowledged. */
  sndUna(slot: number): number {
    return this.#words[16 * slot + Word.SND_UNA]!;
  }

  setSndUna(slot: number, sndUna: number): void {
    this.#words[16 * slot + Word.SND_UNA] = sndUna;
  }

  /** Next expected. */
  rcvNxt(slot: number): number {
    return this.#words[16 * slot + Word.RCV_NXT]!;
  }

  setRcvNxt(slot: number, rcvNxt: number): void {
    this.#words[16 * slot + Word.RCV_NXT] = rcvNxt;
  }

  generation(slot: number): number {
    return this.#words[16 * slot + Word.GENERATION]!;
  }

  setGeneration(slot: number, generation: number): void {
    this.#words[16 * slot + Word.GENERATION] = generation;
  }

  ackGeneration(slot: number): number {
    return this.#words[16 * slot + Word.ACK_GENERATION]!;
  }

  setAckGeneration(slot: number, ackGeneration: number): void {
    this.#words[16 * slot + Word.ACK_GENERATION] = ackGeneration;
  }

  /** The listening socket that a request or a child came from, or -1. */
  listener(slot: number): number {
    return this.#words[16 * slot + Word.LISTENER]!;
  }

  setListener(slot: number, listener: number): void {
    this.#words[16 * slot + Word.LISTENER] = listener;
  }

  /** A number of the owner's own. */
  tag(slot: number): number {
    return this.#words[16 * slot + Word.TAG]!;
  }

  /**
   * The moment that the running timer was set to (TIME_WAIT: the end of the entry), as `ss` counts down to it; it fires up
   * to a granule later.
   */
  due(slot: number): Micros {
    return this.#times[8 * slot + 7]!;
  }

  setDue(slot: number, due: Micros): void {
    this.#times[8 * slot + 7] = due;
  }

  /** When a segment that was none of the connection's was last answered, for the rate limit; -1 for never. */
  lastAnswer(slot: number): Micros {
    return this.#lastAnswers[slot]!;
  }

  setLastAnswer(slot: number, time: Micros): void {
    this.#lastAnswers[slot] = time;
  }

  /** TIME_WAIT: when the last segment with a timestamp came; -1 if none had one. */
  lastTimestamp(slot: number): Micros {
    return this.#lastTimestamps[slot]!;
  }

  setLastTimestamp(slot: number, time: Micros): void {
    this.#lastTimestamps[slot] = time;
  }

  owner(slot: number): SocketOwner | undefined {
    return this.#owners[slot];
  }

  setOwner(slot: number, owner: SocketOwner | undefined): void {
    this.#owners[slot] = owner;
  }

  /** The cached route to the peer; `undefined` before connect(). */
  route(slot: number): Route | undefined {
    return this.#routes[slot];
  }

  setRoute(slot: number, route: Route | undefined): void {
    this.#routes[slot] = route;
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
    const first = 16 * slot;
    words[first + Word.LOCAL] = 0;
    words[first + Word.REMOTE] = 0;
    words[first + Word.PORTS] = 0;
    words[first + Word.SCOPE] = netns;
    words[first + Word.SMALL] = TcpState.CLOSE;
    words[first + Word.FLAGS] = 0;
    words[first + Word.ISS] = 0;
    words[first + Word.LISTENER] = -1;
    words[first + Word.TAG] = tag;
    this.#lastTimestamps[slot] = -1;
    this.#lastAnswers[slot] = -1;
    this.#owners[slot] = owner;
    this.#routes[slot] = undefined;
    return slot;
  }

  /** Gives a row back; it must have left the index and its bucket. Its tag names the next free row. */
  free(slot: number): void {
    assert(!this.has(slot, SocketFlag.HASHED), "a freed socket has left the index");
    this.setState(slot, TcpState.CLOSE);
    this.setGeneration(slot, (this.generation(slot) + 1) | 0);
    this.setAckGeneration(slot, (this.ackGeneration(slot) + 1) | 0);
    this.#owners[slot] = undefined;
    this.#routes[slot] = undefined;
    this.#words[16 * slot + Word.TAG] = this.#firstFree;
    this.#firstFree = slot;
  }

  /** The rows that were given back and wait to be used again. */
  *freeRows(): Generator<number> {
    for (let slot = this.#firstFree; slot >= 0; slot = this.tag(slot)) yield slot;
  }

  /** Fills in the key of a row that is not in the index, and puts it there. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  hash(slot: number, local: Ipv4, localPort: Port, remote: Ipv4, remotePort: Port): void {
    const words = this.#words;
    words[16 * slot + Word.LOCAL] = local;
    words[16 * slot + Word.REMOTE] = remote;
    words[16 * slot + Word.PORTS] = packPorts(localPort, remotePort);
    this.index.insert(slot);
    this.set(slot, SocketFlag.HASHED);
  }

  unhash(slot: number): void {
    if (!this.has(slot, SocketFlag.HASHED)) return;
    this.index.remove(slot);
    this.unset(slot, SocketFlag.HASHED);
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#words = longerInt32(this.#words, (this.#capacity * ROW_BYTES) / 4);
    this.#times = new Float64Array(this.#words.buffer);
    this.#lastAnswers = longerFloat64(this.#lastAnswers, this.#capacity);
    this.#lastTimestamps = longerFloat64(this.#lastTimestamps, this.#capacity);
  }
}
