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
    let hole = this.#count;
    this.#count += 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentTime = times[parent]!;
      if (parentTime < time || (parentTime === time && sequences[parent]! < sequence)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, time, sequence, handler, argument);
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
    const time = times[last]!;
    const sequence = sequences[last]!;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      const right = child + 1;
      if (right < last) {
        const leftTime = times[child]!;
        const rightTime = times[right]!;
        if (rightTime < leftTime || (rightTime === leftTime && sequences[right]! < sequences[child]!)) child = right;
      }
      const childTime = times[child]!;
      if (time < childTime || (time === childTime && sequence < sequences[child]!)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#move(last, hole);
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

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#sequences[to] = this.#sequences[from]!;
    this.#handlers[to] = this.#handlers[from]!;
    this.#arguments[to] = this.#arguments[from]!;
  }

  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  #put(row: number, time: number, sequence: number, handler: number, argument: number): void {
    this.#times[row] = time;
    this.#sequences[row] = sequence;
    this.#handlers[row] = handler;
    this.#arguments[row] = argument;
  }

  #grow(): void {
    const capacity = 2 * this.#times.length;
    this.#times = longerFloat64(this.#times, capacity);
    this.#sequences = longerFloat64(this.#sequences, capacity);
    this.#handlers = longerInt32(this.#handlers, capacity);
    this.#arguments = longerInt32(this.#arguments, capacity);
  }
}
