import { longerFloat64, longerInt32 } from "./columns.ts";
import type { TimerHeap } from "./timer_heap.ts";

/** Microseconds of a block, the smallest span that the wheel tells apart. */
const BLOCK = 256;

/** A block's number is written in digits of 6 bits, five of them in its low word and three in its high one. */
const DIGIT_BITS = 6;
const DIGITS = 1 << DIGIT_BITS;
const LOW_LEVELS = 5;
const LEVELS = LOW_LEVELS + 3;
const LOW_WORD = 1 << (LOW_LEVELS * DIGIT_BITS);

/** Places of a row's numbers among its doubles (time and sequence come first) and among its words. */
const ROW_DOUBLES = 3;
const ROW_WORDS = 2 * ROW_DOUBLES;
const HANDLER = 4;
const ARGUMENT = 5;

const CHUNK_ROWS = 32;
const NONE = -1;

/**
 * Events further off than the present block, in no order within a slot: a hierarchical timing wheel. An event waits on
 * the level of the highest digit in which its block differs from the present one, in the slot of that digit. When its
 * slot is reached it moves to lower levels, and with the rest of its block into a heap. So an event costs a move or two,
 * however many are pending, and no width has to fit the gaps between them.
 *
 * The rows of a slot stand side by side in chunks: with a million of them it is memory that takes the time.
 */
export class TimerWheel {
  #doubles = new Float64Array(CHUNK_ROWS * ROW_DOUBLES);
  #words = new Int32Array(this.#doubles.buffer);
  /** By chunk the one that was filled before it in the same slot, or the next free one. */
  #previous = new Int32Array(1).fill(NONE);
  #firstFree = 0;
  /** By slot, level by level: the chunk that is being filled, and how many rows it has. */
  readonly #chunks = new Int32Array(LEVELS * DIGITS).fill(NONE);
  readonly #filled = new Int32Array(LEVELS * DIGITS);
  /** Two words a level: which of its slots have a row. */
  readonly #taken = new Int32Array(2 * LEVELS);
  #count = 0;
  /** The present block. */
  #low = 0;
  #high = 0;
  #horizon = BLOCK;

  get count(): number {
    return this.#count;
  }

  /** Where the present block ends: earlier events are not for the wheel. */
  get horizon(): number {
    return this.#horizon;
  }

  /** Makes the block of this time the present one; for an empty wheel. */
  startAt(time: number): void {
    const block = Math.floor(time / BLOCK);
    this.#high = Math.floor(block / LOW_WORD);
    this.#low = block & (LOW_WORD - 1);
    this.#horizon = (block + 1) * BLOCK;
  }

  /** Takes in an event at or after the horizon. */
  add(time: number, sequence: number, handler: number, argument: number): void {
    const slot = this.#slotOf(time);
    if (this.#chunks[slot] === NONE || this.#filled[slot] === CHUNK_ROWS) this.#addChunk(slot);
    const row = this.#chunks[slot]! * CHUNK_ROWS + this.#filled[slot]!;
    this.#doubles[ROW_DOUBLES * row] = time;
    this.#doubles[ROW_DOUBLES * row + 1] = sequence;
    this.#words[ROW_WORDS * row + HANDLER] = handler;
    this.#words[ROW_WORDS * row + ARGUMENT] = argument;
    this.#filled[slot] = this.#filled[slot]! + 1;
    this.#count += 1;
  }

  /** Moves the earliest block that has events into a heap, all of it, and the horizon behind it; for a wheel that has any. */
  pour(heap: TimerHeap): void {
    for (;;) {
      let level = 0;
      while (this.#taken[2 * level] === 0 && this.#taken[2 * level + 1] === 0) level += 1;
      const half = this.#taken[2 * level] === 0 ? 1 : 0;
      const digit = 32 * half + lowestBit(this.#taken[2 * level + half]!);
      this.#goTo(level, digit);
      if (this.#empty(level * DIGITS + digit, heap)) return;
    }
  }

  /** All rows, in no order. */
  *rows(): Generator<{ time: number; sequence: number; handler: number; argument: number }> {
    for (const [slot, newest] of this.#chunks.entries()) {
      let rows = this.#filled[slot]!;
      for (let chunk = newest; chunk !== NONE; chunk = this.#previous[chunk]!) {
        for (let row = chunk * CHUNK_ROWS; row < chunk * CHUNK_ROWS + rows; row += 1) {
          const [time, sequence] = [this.#doubles[ROW_DOUBLES * row]!, this.#doubles[ROW_DOUBLES * row + 1]!];
          const [handler, argument] = [
            this.#words[ROW_WORDS * row + HANDLER]!,
            this.#words[ROW_WORDS * row + ARGUMENT]!,
          ];
          yield { time, sequence, handler, argument };
        }
        rows = CHUNK_ROWS;
      }
    }
  }

  /** The present block becomes the first one with this digit on a level. */
  #goTo(level: number, digit: number): void {
    if (level < LOW_LEVELS) this.#low = withDigit(this.#low, level, digit);
    else {
      this.#low = 0;
      this.#high = withDigit(this.#high, level - LOW_LEVELS, digit);
    }
    this.#horizon = (this.#high * LOW_WORD + this.#low + 1) * BLOCK;
  }

  /** Moves the rows of a slot to where they belong now: those of the present block into the heap. @returns whether there were any. */
  #empty(slot: number, heap: TimerHeap): boolean {
    const inHeap = heap.count;
    let chunk = this.#chunks[slot]!;
    let rows = this.#filled[slot]!;
    this.#chunks[slot] = NONE;
    this.#taken[slot >> 5] = this.#taken[slot >> 5]! & ~(1 << (slot & 31));
    while (chunk !== NONE) {
      this.#count -= rows;
      const first = chunk * CHUNK_ROWS;
      for (let row = first; row < first + rows; row += 1) {
        const time = this.#doubles[ROW_DOUBLES * row]!;
        const sequence = this.#doubles[ROW_DOUBLES * row + 1]!;
        const handler = this.#words[ROW_WORDS * row + HANDLER]!;
        const argument = this.#words[ROW_WORDS * row + ARGUMENT]!;
        if (time < this.#horizon) heap.push(time, sequence, handler, argument);
        else this.add(time, sequence, handler, argument);
      }
      const previous = this.#previous[chunk]!;
      this.#previous[chunk] = this.#firstFree;
      this.#firstFree = chunk;
      chunk = previous;
      rows = CHUNK_ROWS;
    }
    return heap.count > inHeap;
  }

  /** The slot of a time at or after the horizon. */
  #slotOf(time: number): number {
    const block = Math.floor(time / BLOCK);
    const high = Math.floor(block / LOW_WORD);
    if (high !== this.#high) return LOW_LEVELS * DIGITS + slotOfHighestDigit(high, this.#high);
    return slotOfHighestDigit(block & (LOW_WORD - 1), this.#low);
  }

  #addChunk(slot: number): void {
    if (this.#firstFree === NONE) this.#grow();
    const chunk = this.#firstFree;
    this.#firstFree = this.#previous[chunk]!;
    this.#previous[chunk] = this.#chunks[slot]!;
    this.#chunks[slot] = chunk;
    this.#filled[slot] = 0;
    this.#taken[slot >> 5] = this.#taken[slot >> 5]! | (1 << (slot & 31));
  }

  /** Doubles the chunks when none is free. */
  #grow(): void {
    const before = this.#previous.length;
    this.#doubles = longerFloat64(this.#doubles, 2 * this.#doubles.length);
    this.#words = new Int32Array(this.#doubles.buffer);
    this.#previous = longerInt32(this.#previous, 2 * before);
    for (let chunk = before; chunk < 2 * before; chunk += 1) {
      this.#previous[chunk] = this.#firstFree;
      this.#firstFree = chunk;
    }
  }
}

/** The slot of a number's highest digit that differs from `present`; the level of the lowest digits comes first. */
function slotOfHighestDigit(number: number, present: number): number {
  const level = Math.trunc((31 - Math.clz32(number ^ present)) / DIGIT_BITS);
  return level * DIGITS + ((number >>> (level * DIGIT_BITS)) & (DIGITS - 1));
}

/** A number with another digit on a level and zeros below. */
function withDigit(number: number, level: number, digit: number): number {
  const above = (level + 1) * DIGIT_BITS;
  return ((number >>> above) << above) | (digit << (level * DIGIT_BITS));
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
