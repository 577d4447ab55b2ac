import { assert } from "../../sim/assert.ts";
import type { Ipv4, Micros, Port } from "../../units.ts";
import { longerInt32 } from "../../sim/columns.ts";
import type { PortCounts } from "../ports/port_counts.ts";
import { hashTuple, reversePorts } from "../tuple_index.ts";
import { CtStatus } from "./ct_status.ts";
import { countPorts } from "./entry_ports.ts";
import { codeOf, protocolOf } from "./protocol_code.ts";
import { ReplyTuples } from "./reply_tuples.ts";
import { CtTcpInput } from "./tcp_state_table.ts";
import { TrackerMemory } from "./tracker_memory.ts";

const FIRST_CAPACITY = 1024;

/**
 * Words of an entry that every look-up reads: eight of them, half a line of the processor's cache. The marks are status
 * (16 bits), state (4), protocol (2), retransmissions (8), direction of the last segment (1), and whether the reply tuple
 * is another than the original one reversed (1). The wide word is the high end of the expiry (14 bits), the kind of the
 * last segment (3) and the generation (15).
 */
const Word = { SRC: 0, DST: 1, PORTS: 2, NEXT: 3, NEXT_REPLY: 4, EXPIRES_LOW: 5, MARKS: 6, WIDE: 7 } as const;
const ENTRY_BYTES = 32;
const STATE_SHIFT = 16;
const PROTOCOL_SHIFT = 20;
const RETRANSMITS_SHIFT = 22;
const DIRECTION_SHIFT = 30;
const IS_TRANSLATED = 1 << 31;
/** The marks that `isInOrder` looks at. */
const DISORDER =
  (0xff << RETRANSMITS_SHIFT) | CtStatus.SEEN_REPLY | CtStatus.UNACKNOWLEDGED_ORIGINAL | CtStatus.UNACKNOWLEDGED_REPLY;
const HIGH_MASK = 0x3fff;
const INPUT_SHIFT = 14;
const GENERATION_SHIFT = 17;
const TWO_TO_32 = 4_294_967_296;

/**
 * The entries of connection tracking in a hash of chains. An entry is a slot; each of its two tuples is a node, `2 * slot`
 * for the original and `2 * slot + 1` for the reply direction. An entry takes 56 bytes and its part of the chains' heads 2
 * to 4; once any entry is translated, each takes 12 more.
 *
 * The number of chains follows the number of entries, so that finding one is O(1) whatever `nf_conntrack_buckets` is. The
 * kernel's own buckets are worked out where they matter, which is for early_drop.
 *
 * Source: net/netfilter/nf_conntrack_core.c, v6.1.
 */
export class ConntrackTable {
  readonly memory = new TrackerMemory(FIRST_CAPACITY);
  #words = new Int32Array((FIRST_CAPACITY * ENTRY_BYTES) / 4);
  readonly #replies = new ReplyTuples();
  #heads = new Int32Array(FIRST_CAPACITY);
  /** The kernel's own, a power of two. */
  readonly buckets: number;
  #firstFree = -1;
  #used = 0;
  #count = 0;
  #capacity = FIRST_CAPACITY;
  /** Of all tuples in chains; made when somebody asks. */
  #portCounts: PortCounts | undefined = undefined;

  /** @param buckets `nf_conntrack_buckets`; rounded up to a power of two. */
  constructor(buckets: number) {
    this.buckets = 1 << (32 - Math.clz32(buckets - 1));
  }

  /** Entries, confirmed or not, with a row or without: `nf_conntrack_count`. */
  get count(): number {
    return this.#count;
  }

  /** An entry without a row has come, or has got one or gone. */
  countDeferred(change: 1 | -1): void {
    this.#count += change;
  }

  /** Slots that have ever been used; a slot is in use if `isUsed`. */
  get extent(): number {
    return this.#used;
  }

  /** Memory of all entries that there is room for, and of the chains. */
  get bytes(): number {
    return this.#words.byteLength + this.memory.bytes + this.#replies.bytes + this.#heads.byteLength;
  }

  src(node: number): Ipv4 {
    if ((node & 1) === 0) return this.#words[4 * node + Word.SRC]!;
    const slot = node >> 1;
    return this.#isTranslated(slot) ? this.#replies.src(slot) : this.#words[8 * slot + Word.DST]!;
  }

  dst(node: number): Ipv4 {
    if ((node & 1) === 0) return this.#words[4 * node + Word.DST]!;
    const slot = node >> 1;
    return this.#isTranslated(slot) ? this.#replies.dst(slot) : this.#words[8 * slot + Word.SRC]!;
  }

  /** Source port in the high half, destination port in the low half. */
  ports(node: number): number {
    if ((node & 1) === 0) return this.#words[4 * node + Word.PORTS]!;
    const slot = node >> 1;
    if (this.#isTranslated(slot)) return this.#replies.ports(slot);
    return reversePorts(this.#words[8 * slot + Word.PORTS]!);
  }

  /** Sets both tuples of an entry that is in no chain: the reply tuple is the original one reversed. */
  setOriginal(slot: number, src: Ipv4, dst: Ipv4, ports: number): void {
    const words = this.#words;
    const place = 8 * slot;
    words[place + Word.SRC] = src;
    words[place + Word.DST] = dst;
    words[place + Word.PORTS] = ports;
    words[place + Word.MARKS] = words[place + Word.MARKS]! & ~IS_TRANSLATED;
  }

  /** Gives an entry that is in no chain another reply tuple. */
  setReply(slot: number, src: Ipv4, dst: Ipv4, ports: number): void {
    const place = 8 * slot + Word.MARKS;
    const isReversed = src === this.dst(2 * slot) && dst === this.src(2 * slot);
    if (isReversed && ports === reversePorts(this.ports(2 * slot))) {
      this.#words[place] = this.#words[place]! & ~IS_TRANSLATED;
      return;
    }
    this.#words[place] = this.#words[place]! | IS_TRANSLATED;
    this.#replies.set(slot, this.#capacity, src, dst, ports);
  }

  /** Before confirmation the timeout, afterwards the moment of expiry. */
  expires(slot: number): Micros {
    const words = this.#words;
    return (words[8 * slot + Word.WIDE]! & HIGH_MASK) * TWO_TO_32 + (words[8 * slot + Word.EXPIRES_LOW]! >>> 0);
  }

  setExpires(slot: number, expires: Micros): void {
    const words = this.#words;
    const high = (expires / TWO_TO_32) | 0;
    assert(high <= HIGH_MASK, "an entry of conntrack expires in the first 814 days");
    const place = 8 * slot + Word.WIDE;
    words[8 * slot + Word.EXPIRES_LOW] = expires | 0;
    words[place] = (words[place]! & ~HIGH_MASK) | high;
  }

  /** It changes when the slot is given back: 0 to 32,767, then 0 again. */
  generation(slot: number): number {
    return this.#words[8 * slot + Word.WIDE]! >>> GENERATION_SHIFT;
  }

  /** 0 for a free slot. */
  protocol(slot: number): number {
    return protocolOf((this.#words[8 * slot + Word.MARKS]! >>> PROTOCOL_SHIFT) & 3);
  }

  setProtocol(slot: number, protocol: number): void {
    assert(protocolOf(codeOf(protocol)) === protocol, "conntrack knows TCP, UDP and ICMP");
    const place = 8 * slot + Word.MARKS;
    this.#words[place] = (this.#words[place]! & ~(3 << PROTOCOL_SHIFT)) | (codeOf(protocol) << PROTOCOL_SHIFT);
  }

  /** One of `CtTcpState`. */
  state(slot: number): number {
    return (this.#words[8 * slot + Word.MARKS]! >>> STATE_SHIFT) & 0xf;
  }

  setState(slot: number, state: number): void {
    const place = 8 * slot + Word.MARKS;
    this.#words[place] = (this.#words[place]! & ~0xf0000) | (state << STATE_SHIFT);
  }

  /** All bits of `CtStatus`. */
  status(slot: number): number {
    return this.#words[8 * slot + Word.MARKS]! & 0xffff;
  }

  has(slot: number, status: number): boolean {
    return (this.#words[8 * slot + Word.MARKS]! & status) !== 0;
  }

  set(slot: number, status: number): void {
    this.#words[8 * slot + Word.MARKS]! |= status;
  }

  unset(slot: number, status: number): void {
    this.#words[8 * slot + Word.MARKS]! &= ~status;
  }

  /** Of the last segment, as the kind is. */
  lastDirection(slot: number): number {
    return (this.#words[8 * slot + Word.MARKS]! >>> DIRECTION_SHIFT) & 1;
  }

  /** Where it ended. */
  lastEnd(slot: number): number {
    return this.memory.lastEnd(2 * slot + this.lastDirection(slot));
  }

  lastInput(slot: number): number {
    return (this.#words[8 * slot + Word.WIDE]! >>> INPUT_SHIFT) & 7;
  }

  setLast(slot: number, direction: number, input: number, end: number): void {
    const words = this.#words;
    const marks = 8 * slot + Word.MARKS;
    const wide = 8 * slot + Word.WIDE;
    words[marks] = (words[marks]! & ~(1 << DIRECTION_SHIFT)) | (direction << DIRECTION_SHIFT);
    words[wide] = (words[wide]! & ~(7 << INPUT_SHIFT)) | (input << INPUT_SHIFT);
    this.memory.setLastEnd(2 * slot + direction, end);
  }

  /** How often the last segment came again: 0 to 255. */
  retransmits(slot: number): number {
    return (this.#words[8 * slot + Word.MARKS]! >>> RETRANSMITS_SHIFT) & 0xff;
  }

  setRetransmits(slot: number, retransmits: number): void {
    const place = 8 * slot + Word.MARKS;
    this.#words[place] = (this.#words[place]! & ~(0xff << RETRANSMITS_SHIFT)) | (retransmits << RETRANSMITS_SHIFT);
  }

  /** A fresh entry that is in no chain yet. */
  allocate(): number {
    let slot = this.#firstFree;
    if (slot >= 0) this.#firstFree = this.#words[8 * slot + Word.NEXT]! - 1;
    else {
      if (this.#used === this.#capacity) this.#grow();
      slot = this.#used;
      this.#used += 1;
    }
    this.#count += 1;
    const words = this.#words;
    const wide = 8 * slot + Word.WIDE;
    words[8 * slot + Word.MARKS] = 0;
    words[8 * slot + Word.EXPIRES_LOW] = 0;
    words[wide] = (words[wide]! & (-1 << GENERATION_SHIFT)) | (CtTcpInput.NONE << INPUT_SHIFT);
    this.memory.clear(slot);
    return slot;
  }

  /** Whether it has been answered, and nothing of it has come again or waits for its acknowledgement. */
  isInOrder(slot: number): boolean {
    return (this.#words[8 * slot + Word.MARKS]! & DISORDER) === CtStatus.SEEN_REPLY;
  }

  /** Gives an entry back; it must be in no chain. */
  free(slot: number): void {
    if (!this.has(slot, CtStatus.DYING)) this.#count -= 1;
    const place = 8 * slot + Word.WIDE;
    this.#words[place] = (this.#words[place]! + (1 << GENERATION_SHIFT)) | 0;
    this.setProtocol(slot, 0);
    this.#words[8 * slot + Word.NEXT] = this.#firstFree + 1;
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

  /** The original tuple enters its chain first. Source: net/netfilter/nf_conntrack_core.c __nf_conntrack_hash_insert, v6.1. */
  insert(slot: number): void {
    this.#link(2 * slot);
    this.#link(2 * slot + 1);
  }

  /** Takes both tuples out of their chains. */
  remove(slot: number): void {
    this.#unlink(2 * slot);
    this.#unlink(2 * slot + 1);
  }

  /** Whether a tuple in any chain names a port. Whoever asks once makes each change to the table cost a little more. */
  hasPort(port: Port): boolean {
    return (this.#portCounts ??= countPorts(this)).has(port);
  }

  /** The node of a tuple, or -1. */
  find(src: Ipv4, dst: Ipv4, ports: number, protocol: number): number {
    const words = this.#words;
    const code = codeOf(protocol);
    const heads = this.#heads;
    let node = heads[hashTuple(src, dst, ports, protocol) & (heads.length - 1)]! - 1;
    while (node >= 0) {
      const place = (node >> 1) * 8;
      const marks = words[place + Word.MARKS]!;
      if ((node & 1) === 0) {
        if (
          words[place + Word.PORTS] === ports &&
          words[place + Word.SRC] === src &&
          words[place + Word.DST] === dst &&
          ((marks >>> PROTOCOL_SHIFT) & 3) === code
        )
          return node;
        node = words[place + Word.NEXT]! - 1;
      } else {
        if (((marks >>> PROTOCOL_SHIFT) & 3) === code && this.#isReply(node >> 1, src, dst, ports)) return node;
        node = words[place + Word.NEXT_REPLY]! - 1;
      }
    }
    return -1;
  }

  /** How many chains there are: as many as there is room for entries. */
  get chains(): number {
    return this.#heads.length;
  }

  /** The node at a chain's head, or -1. */
  firstInChain(chain: number): number {
    return this.#heads[chain]! - 1;
  }

  /** The node behind another one in its chain, or -1. */
  nextInChain(node: number): number {
    return this.#words[nextOf(node)]! - 1;
  }

  /** The chain that a node's tuple belongs to. */
  chainOf(node: number): number {
    const hash = hashTuple(this.src(node), this.dst(node), this.ports(node), this.protocol(node >> 1));
    return hash & (this.#heads.length - 1);
  }

  #isTranslated(slot: number): boolean {
    return this.#words[8 * slot + Word.MARKS]! < 0;
  }

  #isReply(slot: number, src: Ipv4, dst: Ipv4, ports: number): boolean {
    const words = this.#words;
    const place = 8 * slot;
    if (words[place + Word.MARKS]! >= 0) {
      return (
        words[place + Word.SRC] === dst &&
        words[place + Word.DST] === src &&
        words[place + Word.PORTS] === reversePorts(ports)
      );
    }
    const replies = this.#replies;
    return replies.ports(slot) === ports && replies.src(slot) === src && replies.dst(slot) === dst;
  }

  #link(node: number): void {
    const heads = this.#heads;
    const chain = this.chainOf(node);
    this.#words[nextOf(node)] = heads[chain]!;
    heads[chain] = node + 1;
    this.#portCounts?.add(this.ports(node), 1);
  }

  #unlink(node: number): void {
    const words = this.#words;
    const heads = this.#heads;
    const chain = this.chainOf(node);
    const behind = words[nextOf(node)]!;
    this.#portCounts?.add(this.ports(node), -1);
    let at = heads[chain]! - 1;
    if (at === node) {
      heads[chain] = behind;
      return;
    }
    while (at >= 0) {
      const next = words[nextOf(at)]! - 1;
      if (next === node) {
        words[nextOf(at)] = behind;
        return;
      }
      at = next;
    }
    assert(false, "a tuple that is removed stands in its chain");
  }

  #grow(): void {
    // Pages that nothing was written to take no memory; a copy that is left behind does until it is collected.
    this.#capacity *= 4;
    this.#words = longerInt32(this.#words, (this.#capacity * ENTRY_BYTES) / 4);
    this.memory.grow(this.#capacity);
    this.#replies.grow(this.#capacity);
    const old = this.#heads;
    this.#heads = new Int32Array(this.#capacity);
    this.#portCounts = undefined;
    // From its end on, so that it keeps its order: of a socket connected to itself the reply tuple is found.
    const chain: number[] = [];
    for (const head of old) {
      for (let node = head - 1; node >= 0; node = this.#words[nextOf(node)]! - 1) chain.push(node);
      for (let node = chain.pop(); node !== undefined; node = chain.pop()) this.#link(node);
    }
  }
}

/** The place of the word that names the node behind this one. */
function nextOf(node: number): number {
  return 8 * (node >> 1) + Word.NEXT + (node & 1);
}
