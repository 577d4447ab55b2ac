import { longerInt32 } from "../../sim/columns.ts";

/**
 * Words of an entry: for each direction the highest acknowledgement and the end of what was sent, then the last segment
 * with payload. Of a UDP flow it is the tick in which it began, in the first two words.
 */
const Word = { MAX_ACK: 0, SENT_END: 1, LAST_SEQ: 4, LAST_ACK: 5 } as const;
const WORDS = 6;

const TWO_TO_32 = 4_294_967_296;

/**
 * What the tracker remembers of the entries of a conntrack table, by slot, or by node where it is of one direction: 24
 * bytes an entry. No look-up reads it, so it stands apart from what look-ups read.
 *
 * The last segment of a direction ends where what that direction has sent ends, unless it came late, again or was let
 * through without being believed: only then its end has a place of its own.
 *
 * Source: include/uapi/linux/netfilter/nf_conntrack_tcp.h ip_ct_tcp, v6.1.
 */
export class TrackerMemory {
  #words: Int32Array;
  /** By slot, the last segment's end where it is not that of what its direction has sent. */
  readonly #oddEnds = new Map<number, number>();

  /** @param capacity entries to begin with. */
  constructor(capacity: number) {
    this.#words = new Int32Array(capacity * WORDS);
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Makes room for so many entries. */
  grow(capacity: number): void {
    this.#words = longerInt32(this.#words, capacity * WORDS);
  }

  /** Forgets all of an entry, as a new one begins. */
  clear(slot: number): void {
    const words = this.#words;
    // A loop costs a tenth of a call of fill() for so few words.
    for (let place = WORDS * slot; place < WORDS * slot + WORDS; place += 1) words[place] = 0;
    if (this.#oddEnds.size > 0) this.#oddEnds.delete(slot);
  }

  /** The highest acknowledgement that this direction has sent. */
  maxAck(node: number): number {
    return this.#words[placeOf(node) + Word.MAX_ACK]!;
  }

  setMaxAck(node: number, ack: number): void {
    this.#words[placeOf(node) + Word.MAX_ACK] = ack;
  }

  /** The end of what this direction has sent (td_end). */
  sentEnd(node: number): number {
    return this.#words[placeOf(node) + Word.SENT_END]!;
  }

  /** If the last segment of all was of this direction, its end is to be set again, unless it is this one. */
  setSentEnd(node: number, end: number): void {
    this.#words[placeOf(node) + Word.SENT_END] = end;
  }

  /** Of the last segment with payload. */
  lastSeq(slot: number): number {
    return this.#words[WORDS * slot + Word.LAST_SEQ]!;
  }

  /** Of the last segment with payload. */
  lastAck(slot: number): number {
    return this.#words[WORDS * slot + Word.LAST_ACK]!;
  }

  setLastData(slot: number, seq: number, ack: number): void {
    this.#words[WORDS * slot + Word.LAST_SEQ] = seq;
    this.#words[WORDS * slot + Word.LAST_ACK] = ack;
  }

  /** Where the last segment of all ended. @param node its direction. */
  lastEnd(node: number): number {
    const odd = this.#oddEnds.size === 0 ? undefined : this.#oddEnds.get(node >> 1);
    return odd ?? this.sentEnd(node);
  }

  setLastEnd(node: number, end: number): void {
    if (end !== this.sentEnd(node)) this.#oddEnds.set(node >> 1, end);
    else if (this.#oddEnds.size > 0) this.#oddEnds.delete(node >> 1);
  }

  /** The tick in which a UDP flow began: its stream_ts less the two seconds. */
  startedAt(slot: number): number {
    const place = WORDS * slot;
    return this.#words[place + 1]! * TWO_TO_32 + (this.#words[place]! >>> 0);
  }

  setStartedAt(slot: number, tick: number): void {
    const place = WORDS * slot;
    this.#words[place] = tick | 0;
    this.#words[place + 1] = Math.floor(tick / TWO_TO_32);
  }
}

/** The first word of a direction. */
function placeOf(node: number): number {
  return WORDS * (node >> 1) + 2 * (node & 1);
}
