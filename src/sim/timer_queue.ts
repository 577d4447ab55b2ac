import { SORTED_MOST, SortedTimers } from "./sorted_timers.ts";
import { TimerHeap } from "./timer_heap.ts";
import { TimerWheel } from "./timer_wheel.ts";

/** So many events are kept in order faster than they are moved about. */
const FEW = 1024;

/** Rows that are taken from the heap at once. */
const TAKEN_AT_ONCE = 16;

/**
 * Pending events by (time, sequence): the next few in order, a heap of those that follow and, where there are many, a
 * wheel of those that are further off. A packet's arrival mostly comes before all others and costs a store and a load;
 * the heap stays small, so that an event beside a million others costs little more than beside a thousand.
 */
export class TimerQueue {
  /** Has the earliest event whenever there is one, and none that comes after one of the others. */
  readonly #first = new SortedTimers();
  /** Has the earliest of the others whenever there is one. */
  readonly #near = new TimerHeap();
  readonly #far = new TimerWheel();

  get count(): number {
    return this.#first.count + this.#near.count + this.#far.count;
  }

  /** The earliest time, or Infinity when empty. */
  get earliestTime(): number {
    return this.#first.earliestTime;
  }

  get earliestSequence(): number {
    return this.#first.earliestSequence;
  }

  get earliestHandler(): number {
    return this.#first.earliestHandler;
  }

  get earliestArgument(): number {
    return this.#first.earliestArgument;
  }

  push(time: number, sequence: number, handler: number, argument: number): void {
    const first = this.#first;
    if (first.count === SORTED_MOST) this.#makeRoom();
    if (time < first.earliestTime || this.#isBeforeNear(time, sequence))
      first.insert(time, sequence, handler, argument);
    else this.#pushBehind(time, sequence, handler, argument);
  }

  /** Removes the earliest row. */
  pop(): void {
    this.#first.pop();
    if (this.#first.count === 0 && this.#near.count > 0) this.#refill();
  }

  /**
   * Whether all events up to and including `time` are of handlers for which `kinds` has a bit of `mask`. It says no where
   * the wheel may have one.
   */
  hasOnly(kinds: Uint8Array, mask: number, time: number): boolean {
    const [near, far] = [this.#near, this.#far];
    if (!this.#first.hasOnly(kinds, mask, time) || !near.hasOnly(kinds, mask, time)) return false;
    return far.count === 0 || time < far.horizon;
  }

  /** All rows, in no order. */
  *rows(): Generator<{ time: number; sequence: number; handler: number; argument: number }> {
    yield* this.#first.rows();
    yield* this.#near.rows();
    yield* this.#far.rows();
  }

  /** Whether the earliest row is found first, by what each of the three holds. */
  isOrdered(): boolean {
    const [near, far] = [this.#near, this.#far];
    let before = { time: near.earliestTime, sequence: near.count > 0 ? near.earliestSequence : Infinity };
    for (const row of this.#first.rows()) {
      if (row.time > before.time || (row.time === before.time && row.sequence > before.sequence)) return false;
      before = row;
    }
    if (this.#first.count === 0 && near.count > 0) return false;
    if (far.count > 0 && near.earliestTime >= far.horizon) return false;
    for (const { time } of far.rows()) if (time < far.horizon) return false;
    return near.isHeap();
  }

  #isBeforeNear(time: number, sequence: number): boolean {
    const nearTime = this.#near.earliestTime;
    return time < nearTime || (time === nearTime && sequence < this.#near.earliestSequence);
  }

  /** Puts a row behind the first ones. */
  #pushBehind(time: number, sequence: number, handler: number, argument: number): void {
    const [near, far] = [this.#near, this.#far];
    if (far.count === 0) {
      if (near.count < FEW) {
        near.push(time, sequence, handler, argument);
        return;
      }
      far.startAt(near.earliestTime);
    }
    if (time < far.horizon) near.push(time, sequence, handler, argument);
    else far.add(time, sequence, handler, argument);
  }

  #makeRoom(): void {
    this.#first.removeLatest((time, sequence, handler, argument) =>
      this.#pushBehind(time, sequence, handler, argument),
    );
  }

  #refill(): void {
    const [first, near, far] = [this.#first, this.#near, this.#far];
    while (near.count > 0 && first.count < TAKEN_AT_ONCE) {
      first.insert(near.earliestTime, near.earliestSequence, near.earliestHandler, near.earliestArgument);
      near.pop();
      while (far.count > 0 && near.earliestTime >= far.horizon) far.pour(near);
    }
  }
}
