/** Rows that there is room for. */
export const SORTED_MOST = 32;

/**
 * A few (time, sequence) keys in order, each with a handler number and an argument: the earliest one last, where it costs
 * next to nothing to put and to take. So few are kept in order faster than in a heap.
 */
export class SortedTimers {
  /** By row, from 1 on; the first place is at Infinity, behind which no row goes. */
  readonly #times = new Float64Array(SORTED_MOST + 1).fill(Infinity, 0, 1);
  readonly #sequences = new Float64Array(SORTED_MOST + 1).fill(Infinity, 0, 1);
  readonly #handlers = new Int32Array(SORTED_MOST + 1);
  readonly #arguments = new Int32Array(SORTED_MOST + 1);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The earliest time, or Infinity when empty. */
  get earliestTime(): number {
    return this.#times[this.#count]!;
  }

  get earliestSequence(): number {
    return this.#sequences[this.#count]!;
  }

  get earliestHandler(): number {
    return this.#handlers[this.#count]!;
  }

  get earliestArgument(): number {
    return this.#arguments[this.#count]!;
  }

  /** Adds a row; there must be room for it. */
  insert(time: number, sequence: number, handler: number, argument: number): void {
    this.#count += 1;
    const row = this.#makeWay(time, sequence);
    this.#times[row] = time;
    this.#sequences[row] = sequence;
    this.#handlers[row] = handler;
    this.#arguments[row] = argument;
  }

  /** Removes the earliest row; there must be one. */
  pop(): void {
    this.#count -= 1;
  }

  /** Whether all rows up to and including `time` are of handlers for which `kinds` has a bit of `mask`. */
  hasOnly(kinds: Uint8Array, mask: number, time: number): boolean {
    for (let row = this.#count; this.#times[row]! <= time; row -= 1) {
      if ((kinds[this.#handlers[row]!]! & mask) === 0) return false;
    }
    return true;
  }

  /** Takes out the latest half of the rows and hands each to `receive`. */
  removeLatest(receive: (time: number, sequence: number, handler: number, argument: number) => void): void {
    const half = this.#count >> 1;
    for (const { time, sequence, handler, argument } of [...this.rows()].slice(0, half))
      receive(time, sequence, handler, argument);
    for (const column of [this.#times, this.#sequences, this.#handlers, this.#arguments])
      column.copyWithin(1, half + 1);
    this.#count -= half;
  }

  /** All rows, the latest first. */
  *rows(): Generator<{ time: number; sequence: number; handler: number; argument: number }> {
    for (let row = 1; row <= this.#count; row += 1) {
      const [time, sequence] = [this.#times[row]!, this.#sequences[row]!];
      yield { time, sequence, handler: this.#handlers[row]!, argument: this.#arguments[row]! };
    }
  }

  /** Moves the rows that come before this key up, into the last place. @returns the place that it is for. */
  #makeWay(time: number, sequence: number): number {
    let row = this.#count;
    const times = this.#times;
    const sequences = this.#sequences;
    for (;;) {
      const behind = times[row - 1]!;
      if (behind > time || (behind === time && sequences[row - 1]! > sequence)) return row;
      times[row] = behind;
      sequences[row] = sequences[row - 1]!;
      this.#handlers[row] = this.#handlers[row - 1]!;
      this.#arguments[row] = this.#arguments[row - 1]!;
      row -= 1;
    }
  }
}
