import { assert } from "../../sim/assert.ts";
import type { Ipv4, Port } from "../../units.ts";
import { longerFloat64, longerInt32, longerUint16, longerUint8 } from "../columns.ts";
import type { Route } from "../routes.ts";
import { packPorts, TupleIndex } from "../tuple_index.ts";
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

/**
 * All TCP sockets of a machine as columns: full sockets, request sockets (`SYN_RECV`) and TIME_WAIT entries are rows of
 * one table, as they share one hash in the kernel. A row is named by its slot; `generation` changes whenever its
 * timer is armed or cancelled or the row is given back, so that a stale timer knows itself.
 */
export class SocketTable {
  // The key columns, named as `TupleColumns` wants them: scope is the namespace's number.
  local = new Int32Array(FIRST_CAPACITY);
  remote = new Int32Array(FIRST_CAPACITY);
  ports = new Int32Array(FIRST_CAPACITY);
  scope = new Int32Array(FIRST_CAPACITY);
  state = new Uint8Array(FIRST_CAPACITY);
  flags = new Uint16Array(FIRST_CAPACITY);
  /** Initial send sequence, next to send, oldest unacknowledged, next expected: signed 32-bit. */
  iss = new Int32Array(FIRST_CAPACITY);
  sndNxt = new Int32Array(FIRST_CAPACITY);
  sndUna = new Int32Array(FIRST_CAPACITY);
  rcvNxt = new Int32Array(FIRST_CAPACITY);
  /** Timeouts so far, and how often the interval was doubled. */
  retransmits = new Uint8Array(FIRST_CAPACITY);
  backoff = new Uint8Array(FIRST_CAPACITY);
  generation = new Int32Array(FIRST_CAPACITY);
  ackGeneration = new Int32Array(FIRST_CAPACITY);
  /** The moment that the running timer was set to (TIME_WAIT: the end of the entry), as `ss` counts down to it; it fires up to a granule later. */
  due = new Float64Array(FIRST_CAPACITY);
  /** When a segment that was none of the connection's was last answered, for the rate limit; -1 for never. */
  lastAnswer = new Float64Array(FIRST_CAPACITY);
  /** TIME_WAIT: when the last segment with a timestamp came; -1 if none had one. */
  lastTimestamp = new Float64Array(FIRST_CAPACITY);
  /** The listening socket that a request or a child came from, or -1. */
  listener = new Int32Array(FIRST_CAPACITY);
  /** A number of the owner's own. */
  tag = new Int32Array(FIRST_CAPACITY);
  readonly owner: (SocketOwner | undefined)[] = [];
  readonly route: (Route | undefined)[] = [];
  readonly index = new TupleIndex(this, FIRST_CAPACITY);
  #nextFree = new Int32Array(FIRST_CAPACITY);
  #firstFree = -1;
  #used = 0;
  #capacity = FIRST_CAPACITY;

  /** Rows that have ever been used: scans go from 0 to here and skip CLOSE. */
  get extent(): number {
    return this.#used;
  }

  /** A fresh row in state CLOSE. */
  allocate(netns: number, owner: SocketOwner | undefined, tag: number): number {
    let slot = this.#firstFree;
    if (slot >= 0) this.#firstFree = this.#nextFree[slot]!;
    else {
      if (this.#used === this.#capacity) this.#grow();
      slot = this.#used;
      this.#used += 1;
    }
    this.scope[slot] = netns;
    this.local[slot] = 0;
    this.remote[slot] = 0;
    this.ports[slot] = 0;
    this.flags[slot] = 0;
    this.iss[slot] = 0;
    this.retransmits[slot] = 0;
    this.backoff[slot] = 0;
    this.listener[slot] = -1;
    this.lastTimestamp[slot] = -1;
    this.lastAnswer[slot] = -1;
    this.tag[slot] = tag;
    this.owner[slot] = owner;
    this.route[slot] = undefined;
    this.state[slot] = TcpState.CLOSE;
    return slot;
  }

  /** Gives a row back; it must have left the index and its bucket. */
  free(slot: number): void {
    assert((this.flags[slot]! & SocketFlag.HASHED) === 0, "a freed socket has left the index");
    this.state[slot] = TcpState.CLOSE;
    this.generation[slot] = (this.generation[slot]! + 1) | 0;
    this.ackGeneration[slot] = (this.ackGeneration[slot]! + 1) | 0;
    this.owner[slot] = undefined;
    this.route[slot] = undefined;
    this.#nextFree[slot] = this.#firstFree;
    this.#firstFree = slot;
  }

  has(slot: number, flag: number): boolean {
    return (this.flags[slot]! & flag) !== 0;
  }

  set(slot: number, flag: number): void {
    this.flags[slot] = this.flags[slot]! | flag;
  }

  unset(slot: number, flag: number): void {
    this.flags[slot] = this.flags[slot]! & ~flag;
  }

  localPort(slot: number): Port {
    return this.ports[slot]! >>> 16;
  }

  remotePort(slot: number): Port {
    return this.ports[slot]! & 0xffff;
  }

  /** Fills in the key of a row that is not in the index, and puts it there. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  hash(slot: number, local: Ipv4, localPort: Port, remote: Ipv4, remotePort: Port): void {
    this.local[slot] = local;
    this.remote[slot] = remote;
    this.ports[slot] = packPorts(localPort, remotePort);
    this.index.insert(slot);
    this.set(slot, SocketFlag.HASHED);
  }

  unhash(slot: number): void {
    if (!this.has(slot, SocketFlag.HASHED)) return;
    this.index.remove(slot);
    this.unset(slot, SocketFlag.HASHED);
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.local = longerInt32(this.local, capacity);
    this.remote = longerInt32(this.remote, capacity);
    this.ports = longerInt32(this.ports, capacity);
    this.scope = longerInt32(this.scope, capacity);
    this.state = longerUint8(this.state, capacity);
    this.flags = longerUint16(this.flags, capacity);
    this.iss = longerInt32(this.iss, capacity);
    this.sndNxt = longerInt32(this.sndNxt, capacity);
    this.sndUna = longerInt32(this.sndUna, capacity);
    this.rcvNxt = longerInt32(this.rcvNxt, capacity);
    this.retransmits = longerUint8(this.retransmits, capacity);
    this.backoff = longerUint8(this.backoff, capacity);
    this.generation = longerInt32(this.generation, capacity);
    this.ackGeneration = longerInt32(this.ackGeneration, capacity);
    this.due = longerFloat64(this.due, capacity);
    this.lastTimestamp = longerFloat64(this.lastTimestamp, capacity);
    this.lastAnswer = longerFloat64(this.lastAnswer, capacity);
    this.listener = longerInt32(this.listener, capacity);
    this.tag = longerInt32(this.tag, capacity);
    this.#nextFree = longerInt32(this.#nextFree, capacity);
    this.#capacity = capacity;
    this.index.rebind(this);
  }
}
