import { assert } from "../../sim/assert.ts";
import type { Ipv4 } from "../../units.ts";
import { longerFloat64, longerInt32, longerUint16, longerUint8 } from "../columns.ts";
import { hashTuple } from "../tuple_index.ts";

/** Status bits of an entry, named as in include/uapi/linux/netfilter/nf_conntrack_common.h. */
export const CtStatus = {
  SEEN_REPLY: 2,
  ASSURED: 4,
  CONFIRMED: 8,
  SRC_NAT: 16,
  DST_NAT: 32,
  SRC_NAT_DONE: 128,
  DST_NAT_DONE: 256,
  /** It is out of the chains, and the packet that killed it is still under way with it. */
  DYING: 512,
  /** This side sent the first FIN (IP_CT_TCP_FLAG_CLOSE_INIT of the original and of the reply direction). */
  CLOSE_INIT_ORIGINAL: 1024,
  CLOSE_INIT_REPLY: 2048,
  /** The acknowledgement number of this direction is known (IP_CT_TCP_FLAG_MAXACK_SET). */
  MAXACK_ORIGINAL: 4096,
  MAXACK_REPLY: 8192,
  /** This direction's data is not acknowledged yet (IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED). */
  UNACKNOWLEDGED_ORIGINAL: 16_384,
  UNACKNOWLEDGED_REPLY: 32_768,
} as const;

const FIRST_CAPACITY = 1024;

/**
 * The entries of connection tracking as columns, in the kernel's own hash of chains. An entry is a slot; each of its
 * two tuples is a node, `2 * slot` for the original and `2 * slot + 1` for the reply direction.
 *
 * Source: net/netfilter/nf_conntrack_core.c, v6.1.
 */
export class ConntrackTable {
  src = new Int32Array(2 * FIRST_CAPACITY);
  dst = new Int32Array(2 * FIRST_CAPACITY);
  /** Source port in the high half, destination port in the low half. */
  ports = new Int32Array(2 * FIRST_CAPACITY);
  protocol = new Uint8Array(FIRST_CAPACITY);
  state = new Uint8Array(FIRST_CAPACITY);
  status = new Uint16Array(FIRST_CAPACITY);
  /** Before confirmation the timeout, afterwards the moment of expiry: microseconds. */
  expires = new Float64Array(FIRST_CAPACITY);
  generation = new Int32Array(FIRST_CAPACITY);
  mark = new Int32Array(FIRST_CAPACITY);
  /** What the tracker remembers of the last segment: direction, kind, sequence end and ack, retransmissions. */
  lastDirection = new Uint8Array(FIRST_CAPACITY);
  lastInput = new Uint8Array(FIRST_CAPACITY);
  lastSeq = new Int32Array(FIRST_CAPACITY);
  lastAck = new Int32Array(FIRST_CAPACITY);
  lastEnd = new Int32Array(FIRST_CAPACITY);
  retransmits = new Uint8Array(FIRST_CAPACITY);
  /** The highest acknowledgement that each direction has sent: indexed by node. */
  maxAck = new Int32Array(2 * FIRST_CAPACITY);
  /** The end of the last segment in sequence that each direction has sent (td_end): indexed by node. */
  sentEnd = new Int32Array(2 * FIRST_CAPACITY);
  /** The tick in which a UDP flow began: its stream_ts less the two seconds. */
  startedAt = new Float64Array(FIRST_CAPACITY);
  readonly #heads: Int32Array;
  readonly #bucketMask: number;
  #next = new Int32Array(2 * FIRST_CAPACITY);
  #nextFree = new Int32Array(FIRST_CAPACITY);
  #firstFree = -1;
  #used = 0;
  #count = 0;
  #capacity = FIRST_CAPACITY;

  /** @param buckets `nf_conntrack_buckets`; rounded up to a power of two. */
  constructor(buckets: number) {
    let size = 1;
    while (size < buckets) size *= 2;
    this.#heads = new Int32Array(size);
    this.#bucketMask = size - 1;
  }

  /** Entries, confirmed or not: `nf_conntrack_count`. */
  get count(): number {
    return this.#count;
  }

  get buckets(): number {
    return this.#bucketMask + 1;
  }

  /** Slots that have ever been used; a slot is in use if `isUsed`. */
  get extent(): number {
    return this.#used;
  }

  /** A fresh entry that is in no chain yet. */
  allocate(): number {
    let slot = this.#firstFree;
    if (slot >= 0) this.#firstFree = this.#nextFree[slot]!;
    else {
      if (this.#used === this.#capacity) this.#grow();
      slot = this.#used;
      this.#used += 1;
    }
    this.#count += 1;
    this.status[slot] = 0;
    this.state[slot] = 0;
    this.mark[slot] = 0;
    this.retransmits[slot] = 0;
    this.lastInput[slot] = 5;
    this.expires[slot] = 0;
    return slot;
  }

  /** Gives an entry back; it must be in no chain. */
  free(slot: number): void {
    this.generation[slot] = (this.generation[slot]! + 1) | 0;
    this.protocol[slot] = 0;
    this.#nextFree[slot] = this.#firstFree;
    this.#firstFree = slot;
    if (!this.has(slot, CtStatus.DYING)) this.#count -= 1;
  }

  /** Takes an entry out of chains and count; its tuples can be read until it is given back. */
  retire(slot: number): void {
    this.remove(slot);
    this.set(slot, CtStatus.DYING);
    this.#count -= 1;
  }

  isUsed(slot: number): boolean {
    return this.protocol[slot] !== 0 && !this.has(slot, CtStatus.DYING);
  }

  has(slot: number, status: number): boolean {
    return (this.status[slot]! & status) !== 0;
  }

  set(slot: number, status: number): void {
    this.status[slot] = this.status[slot]! | status;
  }

  unset(slot: number, status: number): void {
    this.status[slot] = this.status[slot]! & ~status;
  }

  setTuple(node: number, src: Ipv4, dst: Ipv4, ports: number): void {
    this.src[node] = src;
    this.dst[node] = dst;
    this.ports[node] = ports;
  }

  /** Puts both tuples into their chains. */
  insert(slot: number): void {
    this.#link(2 * slot);
    this.#link(2 * slot + 1);
  }

  /** Takes both tuples out of their chains. */
  remove(slot: number): void {
    this.#unlink(2 * slot);
    this.#unlink(2 * slot + 1);
  }

  /** The bucket of a tuple. */
  bucketOf(src: Ipv4, dst: Ipv4, ports: number, protocol: number): number {
    return hashTuple(src, dst, ports, protocol) & this.#bucketMask;
  }

  /** The node of a tuple, or -1. */
  find(src: Ipv4, dst: Ipv4, ports: number, protocol: number): number {
    let node = this.#heads[this.bucketOf(src, dst, ports, protocol)]! - 1;
    while (node >= 0) {
      if (
        this.ports[node] === ports &&
        this.src[node] === src &&
        this.dst[node] === dst &&
        this.protocol[node >> 1] === protocol
      ) {
        return node;
      }
      node = this.#next[node]! - 1;
    }
    return -1;
  }

  /** The first node of a bucket's chain, or -1. */
  firstInBucket(bucket: number): number {
    return this.#heads[bucket & this.#bucketMask]! - 1;
  }

  /** The node behind this one in its chain, or -1. */
  nextInBucket(node: number): number {
    return this.#next[node]! - 1;
  }

  #bucketOfNode(node: number): number {
    return this.bucketOf(this.src[node]!, this.dst[node]!, this.ports[node]!, this.protocol[node >> 1]!);
  }

  #link(node: number): void {
    const bucket = this.#bucketOfNode(node);
    this.#next[node] = this.#heads[bucket]!;
    this.#heads[bucket] = node + 1;
  }

  #unlink(node: number): void {
    const bucket = this.#bucketOfNode(node);
    let at = this.#heads[bucket]! - 1;
    if (at === node) {
      this.#heads[bucket] = this.#next[node]!;
      return;
    }
    while (at >= 0) {
      const next = this.#next[at]! - 1;
      if (next === node) {
        this.#next[at] = this.#next[node]!;
        return;
      }
      at = next;
    }
    assert(false, "a tuple that is removed stands in its chain");
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.src = longerInt32(this.src, 2 * capacity);
    this.dst = longerInt32(this.dst, 2 * capacity);
    this.ports = longerInt32(this.ports, 2 * capacity);
    this.maxAck = longerInt32(this.maxAck, 2 * capacity);
    this.sentEnd = longerInt32(this.sentEnd, 2 * capacity);
    this.#next = longerInt32(this.#next, 2 * capacity);
    this.protocol = longerUint8(this.protocol, capacity);
    this.state = longerUint8(this.state, capacity);
    this.status = longerUint16(this.status, capacity);
    this.expires = longerFloat64(this.expires, capacity);
    this.startedAt = longerFloat64(this.startedAt, capacity);
    this.generation = longerInt32(this.generation, capacity);
    this.mark = longerInt32(this.mark, capacity);
    this.lastDirection = longerUint8(this.lastDirection, capacity);
    this.lastInput = longerUint8(this.lastInput, capacity);
    this.lastSeq = longerInt32(this.lastSeq, capacity);
    this.lastAck = longerInt32(this.lastAck, capacity);
    this.lastEnd = longerInt32(this.lastEnd, capacity);
    this.retransmits = longerUint8(this.retransmits, capacity);
    this.#nextFree = longerInt32(this.#nextFree, capacity);
    this.#capacity = capacity;
  }
}
