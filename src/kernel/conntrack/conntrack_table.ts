import { assert } from "../../sim/assert.ts";
import type { Ipv4, Micros } from "../../units.ts";
import { longerInt32 } from "../columns.ts";
import { hashTuple } from "../tuple_index.ts";
import { CtTcpInput } from "./tcp_state_table.ts";

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

/** An entry is 16 words in a row, one line of the processor's cache, and 8 more of what the tracker remembers. */
const ENTRY_BYTES = 64;
const MEMORY_BYTES = 32;

/** Words of a node, of which an entry has two. The last two are the entry's: of the first node, its expiry. */
const Node = { SRC: 0, DST: 1, PORTS: 2, NEXT: 3, MAX_ACK: 4, SENT_END: 5 } as const;

/** Words of an entry that its nodes leave. The marks are status (16 bits), state (4) and protocol (8). */
const Entry = { GENERATION: 14, MARKS: 15 } as const;
const STATE_SHIFT = 16;
const PROTOCOL_SHIFT = 20;

/** Words of what is remembered; the last segment is direction (1 bit), kind (3) and retransmissions (8). */
const Memory = { LAST_SEQ: 0, LAST_ACK: 1, LAST_END: 2, LAST: 3, MARK: 6, NEXT_FREE: 7 } as const;
const INPUT_SHIFT = 1;
const RETRANSMITS_SHIFT = 4;

/**
 * The entries of connection tracking, in the kernel's own hash of chains. An entry is a slot; each of its two tuples is a
 * node, `2 * slot` for the original and `2 * slot + 1` for the reply direction.
 *
 * Source: net/netfilter/nf_conntrack_core.c, v6.1.
 */
export class ConntrackTable {
  #words = new Int32Array(new ArrayBuffer(FIRST_CAPACITY * ENTRY_BYTES));
  /** The same memory, for the moments of expiry. */
  #times = new Float64Array(this.#words.buffer);
  #memory = new Int32Array(new ArrayBuffer(FIRST_CAPACITY * MEMORY_BYTES));
  /** The same memory, for the ticks in which UDP flows began. */
  #ticks = new Float64Array(this.#memory.buffer);
  readonly #heads: Int32Array;
  readonly #bucketMask: number;
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

  src(node: number): Ipv4 {
    return this.#words[8 * node + Node.SRC]!;
  }

  dst(node: number): Ipv4 {
    return this.#words[8 * node + Node.DST]!;
  }

  /** Source port in the high half, destination port in the low half. */
  ports(node: number): number {
    return this.#words[8 * node + Node.PORTS]!;
  }

  setTuple(node: number, src: Ipv4, dst: Ipv4, ports: number): void {
    const words = this.#words;
    words[8 * node + Node.SRC] = src;
    words[8 * node + Node.DST] = dst;
    words[8 * node + Node.PORTS] = ports;
  }

  /** The highest acknowledgement that this direction has sent. */
  maxAck(node: number): number {
    return this.#words[8 * node + Node.MAX_ACK]!;
  }

  setMaxAck(node: number, ack: number): void {
    this.#words[8 * node + Node.MAX_ACK] = ack;
  }

  /** The end of the last segment in sequence that this direction has sent (td_end). */
  sentEnd(node: number): number {
    return this.#words[8 * node + Node.SENT_END]!;
  }

  setSentEnd(node: number, end: number): void {
    this.#words[8 * node + Node.SENT_END] = end;
  }

  /** Before confirmation the timeout, afterwards the moment of expiry. */
  expires(slot: number): Micros {
    return this.#times[8 * slot + 3]!;
  }

  setExpires(slot: number, expires: Micros): void {
    this.#times[8 * slot + 3] = expires;
  }

  /** It changes when the slot is given back. */
  generation(slot: number): number {
    return this.#words[16 * slot + Entry.GENERATION]!;
  }

  /** 0 for a free slot. */
  protocol(slot: number): number {
    return this.#words[16 * slot + Entry.MARKS]! >>> PROTOCOL_SHIFT;
  }

  setProtocol(slot: number, protocol: number): void {
    const place = 16 * slot + Entry.MARKS;
    this.#words[place] = (this.#words[place]! & 0xfffff) | (protocol << PROTOCOL_SHIFT);
  }

  /** One of `CtTcpState`. */
  state(slot: number): number {
    return (this.#words[16 * slot + Entry.MARKS]! >>> STATE_SHIFT) & 0xf;
  }

  setState(slot: number, state: number): void {
    const place = 16 * slot + Entry.MARKS;
    this.#words[place] = (this.#words[place]! & ~0xf0000) | (state << STATE_SHIFT);
  }

  /** All bits of `CtStatus`. */
  status(slot: number): number {
    return this.#words[16 * slot + Entry.MARKS]! & 0xffff;
  }

  has(slot: number, status: number): boolean {
    return (this.#words[16 * slot + Entry.MARKS]! & status) !== 0;
  }

  set(slot: number, status: number): void {
    const place = 16 * slot + Entry.MARKS;
    this.#words[place] = this.#words[place]! | status;
  }

  unset(slot: number, status: number): void {
    const place = 16 * slot + Entry.MARKS;
    this.#words[place] = this.#words[place]! & ~status;
  }

  /** What the tracker remembers of the last segment: direction, kind, sequence, acknowledgement and end. */
  lastDirection(slot: number): number {
    return this.#memory[8 * slot + Memory.LAST]! & 1;
  }

  lastInput(slot: number): number {
    return (this.#memory[8 * slot + Memory.LAST]! >>> INPUT_SHIFT) & 7;
  }

  setLast(slot: number, direction: number, input: number, end: number): void {
    const memory = this.#memory;
    const place = 8 * slot + Memory.LAST;
    memory[place] = (memory[place]! & ~0xf) | (input << INPUT_SHIFT) | direction;
    memory[8 * slot + Memory.LAST_END] = end;
  }

  lastSeq(slot: number): number {
    return this.#memory[8 * slot + Memory.LAST_SEQ]!;
  }

  lastAck(slot: number): number {
    return this.#memory[8 * slot + Memory.LAST_ACK]!;
  }

  /** Of the last segment with payload. */
  setLastData(slot: number, seq: number, ack: number): void {
    this.#memory[8 * slot + Memory.LAST_SEQ] = seq;
    this.#memory[8 * slot + Memory.LAST_ACK] = ack;
  }

  lastEnd(slot: number): number {
    return this.#memory[8 * slot + Memory.LAST_END]!;
  }

  /** How often the last segment came again: 0 to 255. */
  retransmits(slot: number): number {
    return this.#memory[8 * slot + Memory.LAST]! >>> RETRANSMITS_SHIFT;
  }

  setRetransmits(slot: number, retransmits: number): void {
    const place = 8 * slot + Memory.LAST;
    this.#memory[place] = (this.#memory[place]! & 0xf) | (retransmits << RETRANSMITS_SHIFT);
  }

  mark(slot: number): number {
    return this.#memory[8 * slot + Memory.MARK]!;
  }

  /** The tick in which a UDP flow began: its stream_ts less the two seconds. */
  startedAt(slot: number): number {
    return this.#ticks[4 * slot + 2]!;
  }

  setStartedAt(slot: number, tick: number): void {
    this.#ticks[4 * slot + 2] = tick;
  }

  /** A fresh entry that is in no chain yet. */
  allocate(): number {
    let slot = this.#firstFree;
    if (slot >= 0) this.#firstFree = this.#memory[8 * slot + Memory.NEXT_FREE]!;
    else {
      if (this.#used === this.#capacity) this.#grow();
      slot = this.#used;
      this.#used += 1;
    }
    this.#count += 1;
    const words = this.#words;
    words[16 * slot + Entry.MARKS] = 0;
    words[16 * slot + Node.MAX_ACK] = 0;
    words[16 * slot + Node.SENT_END] = 0;
    words[16 * slot + 8 + Node.MAX_ACK] = 0;
    words[16 * slot + 8 + Node.SENT_END] = 0;
    this.setLastData(slot, 0, 0);
    this.#memory[8 * slot + Memory.LAST] = CtTcpInput.NONE << INPUT_SHIFT;
    this.#memory[8 * slot + Memory.MARK] = 0;
    this.setExpires(slot, 0);
    return slot;
  }

  /** Gives an entry back; it must be in no chain. */
  free(slot: number): void {
    if (!this.has(slot, CtStatus.DYING)) this.#count -= 1;
    const place = 16 * slot + Entry.GENERATION;
    this.#words[place] = (this.#words[place]! + 1) | 0;
    this.setProtocol(slot, 0);
    this.#memory[8 * slot + Memory.NEXT_FREE] = this.#firstFree;
    this.#firstFree = slot;
  }

  /** Takes an entry out of chains and count; its tuples can be read until it is given back. */
  retire(slot: number): void {
    this.remove(slot);
    this.set(slot, CtStatus.DYING);
    this.#count -= 1;
  }

  isUsed(slot: number): boolean {
    return this.protocol(slot) !== 0 && !this.has(slot, CtStatus.DYING);
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
    const words = this.#words;
    let node = this.#heads[this.bucketOf(src, dst, ports, protocol)]! - 1;
    while (node >= 0) {
      const place = 8 * node;
      if (
        words[place + Node.PORTS] === ports &&
        words[place + Node.SRC] === src &&
        words[place + Node.DST] === dst &&
        this.protocol(node >> 1) === protocol
      ) {
        return node;
      }
      node = words[place + Node.NEXT]! - 1;
    }
    return -1;
  }

  /** The first node of a bucket's chain, or -1. */
  firstInBucket(bucket: number): number {
    return this.#heads[bucket & this.#bucketMask]! - 1;
  }

  /** The node behind this one in its chain, or -1. */
  nextInBucket(node: number): number {
    return this.#words[8 * node + Node.NEXT]! - 1;
  }

  #bucketOfNode(node: number): number {
    return this.bucketOf(this.src(node), this.dst(node), this.ports(node), this.protocol(node >> 1));
  }

  #link(node: number): void {
    const bucket = this.#bucketOfNode(node);
    this.#words[8 * node + Node.NEXT] = this.#heads[bucket]!;
    this.#heads[bucket] = node + 1;
  }

  #unlink(node: number): void {
    const words = this.#words;
    const bucket = this.#bucketOfNode(node);
    const behind = words[8 * node + Node.NEXT]!;
    let at = this.#heads[bucket]! - 1;
    if (at === node) {
      this.#heads[bucket] = behind;
      return;
    }
    while (at >= 0) {
      const next = words[8 * at + Node.NEXT]! - 1;
      if (next === node) {
        words[8 * at + Node.NEXT] = behind;
        return;
      }
      at = next;
    }
    assert(false, "a tuple that is removed stands in its chain");
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#words = longerInt32(this.#words, (this.#capacity * ENTRY_BYTES) / 4);
    this.#times = new Float64Array(this.#words.buffer);
    this.#memory = longerInt32(this.#memory, (this.#capacity * MEMORY_BYTES) / 4);
    this.#ticks = new Float64Array(this.#memory.buffer);
  }
}
