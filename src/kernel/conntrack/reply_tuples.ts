import type { Ipv4 } from "../../units.ts";
import { longerInt32 } from "../../sim/columns.ts";

/** A tuple's words: source, destination, ports. */
const WORDS = 3;

/**
 * The reply tuples of translated entries, by slot: 12 bytes for each entry that a table has room for, from the first
 * translated one on. The reply tuple of any other entry is its original tuple reversed, and needs no place.
 */
export class ReplyTuples {
  #words = new Int32Array(0);

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Makes room for so many entries if any is translated. */
  grow(capacity: number): void {
    if (this.#words.length > 0) this.#words = longerInt32(this.#words, capacity * WORDS);
  }

  /** @param capacity entries that the table has room for. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  set(slot: number, capacity: number, src: Ipv4, dst: Ipv4, ports: number): void {
    if (this.#words.length === 0) this.#words = new Int32Array(capacity * WORDS);
    const words = this.#words;
    words[WORDS * slot] = src;
    words[WORDS * slot + 1] = dst;
    words[WORDS * slot + 2] = ports;
  }

  src(slot: number): Ipv4 {
    return this.#words[WORDS * slot]!;
  }

  dst(slot: number): Ipv4 {
    return this.#words[WORDS * slot + 1]!;
  }

  /** Source port in the high half, destination port in the low half. */
  ports(slot: number): number {
    return this.#words[WORDS * slot + 2]!;
  }
}
