import { assert } from "./assert.ts";
import { longerFloat64, longerInt32 } from "./columns.ts";

/**
 * A binary heap of (time, sequence) keys in typed arrays, each with a handler number and an argument. Push and pop are
 * O(log n); rows are moved, never allocated, until the capacity doubles.
 */
export class TimerHeap {
  /** The first one is Infinity while the queue is empty. */
  #times = new Float64Array(64).fill(Infinity, 0, 1);
  #sequences = new Float64Array(64);
  #handlers = new Int32Array(64);
  #arguments = new Int32Array(64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The earliest time, or Infinity when empty. */
  get earliestTime(): number {
    return this.#times[0]!;
  }

  get earliestSequence(): number {
    return this.#sequences[0]!;
  }

  get earliestHandler(): number {
    return this.#handlers[0]!;
  }

  get earliestArgument(): number {
    return this.#arguments[0]!;
  }

  push(time: number, sequence: number, handler: number, argument: number): void {
    if (this.#count === this.#times.length) this.#grow();
    const times = this.#times;
    const sequences = this.#sequences;
    const handlers = this.#handlers;
    const arguments_ = this.#arguments;
    let hole = this.#count;
    this.#count += 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentTime = times[parent]!;
      if (parentTime < time || (parentTime === time && sequences[parent]! < sequence)) break;
      times[hole] = parentTime;
      sequences[hole] = sequences[parent]!;
      handlers[hole] = handlers[parent]!;
      arguments_[hole] = arguments_[parent]!;
      hole = parent;
    }
    times[hole] = time;
    sequences[hole] = sequence;
    handlers[hole] = handler;
    arguments_[hole] = argument;
  }

  /** Removes the earliest row. */
  pop(): void {
    assert(this.#count > 0, "a heap is not empty when it is popped");
    const last = this.#count - 1;
    this.#count = last;
    const times = this.#times;
    if (last === 0) {
      times[0] = Infinity;
      return;
    }
    const sequences = this.#sequences;
    const handlers = this.#handlers;
    const arguments_ = this.#arguments;
    const time = times[last]!;
    const sequence = sequences[last]!;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      const right = child + 1;
      let childTime = times[child]!;
      if (right < last) {
        const rightTime = times[right]!;
        if (rightTime < childTime || (rightTime === childTime && sequences[right]! < sequences[child]!)) {
          child = right;
          childTime = rightTime;
        }
      }
      if (time < childTime || (time === childTime && sequence < sequences[child]!)) break;
      times[hole] = childTime;
      sequences[hole] = sequences[child]!;
      handlers[hole] = handlers[child]!;
      arguments_[hole] = arguments_[child]!;
      hole = child;
    }
    times[hole] = time;
    sequences[hole] = sequence;
    handlers[hole] = handlers[last]!;
    arguments_[hole] = arguments_[last]!;
  }

  /** Whether all rows up to and including `time`, of those from `row` down, are of handlers for which `kinds` has a bit of `mask`. */
  // oxlint-disable-next-line max-params -- asked for many connections: an object would be allocated each time
  hasOnly(kinds: Uint8Array, mask: number, time: number, row = 0): boolean {
    if (row >= this.#count || this.#times[row]! > time) return true;
    const isAllowed = (kinds[this.#handlers[row]!]! & mask) !== 0;
    return isAllowed && this.hasOnly(kinds, mask, time, 2 * row + 1) && this.hasOnly(kinds, mask, time, 2 * row + 2);
  }

  /** All rows, in no order. */
  *rows(): Generator<{ time: number; sequence: number; handler: number; argument: number }> {
    for (let row = 0; row < this.#count; row += 1) {
      const [time, sequence] = [this.#times[row]!, this.#sequences[row]!];
      yield { time, sequence, handler: this.#handlers[row]!, argument: this.#arguments[row]! };
    }
  }

  /** Whether no row comes before its parent, as a heap must have it. */
  isHeap(): boolean {
    const times = this.#times;
    for (let row = 1; row < this.#count; row += 1) {
      const parent = (row - 1) >> 1;
      if (times[row]! < times[parent]!) return false;
      if (times[row] === times[parent] && this.#sequences[row]! < this.#sequences[parent]!) return false;
    }
    return true;
  }

  #grow(): void {
    const capacity = 2 * this.#times.length;
    this.#times = longerFloat64(this.#times, capacity);
    this.#sequences = longerFloat64(this.#sequences, capacity);
    this.#handlers = longerInt32(this.#handlers, capacity);
    this.#arguments = longerInt32(this.#arguments, capacity);
  }
}
