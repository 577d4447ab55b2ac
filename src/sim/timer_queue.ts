import { TimerHeap } from "./timer_heap.ts";
import { TimerWheel } from "./timer_wheel.ts";

/** So many events are kept in order faster than they are moved about. */
const FEW = 1024;

/**
 * Pending events by (time, sequence): a heap of the next ones and, where there are many, a wheel of those that are further
 * off. So the heap stays small, and an event beside a million others costs little more than beside a thousand.
 */
export class TimerQueue {
  /** Has the earliest event whenever there is one. */
  readonly #near = new TimerHeap();
  readonly #far = new TimerWheel();

  get count(): number {
    return this.#near.count + this.#far.count;
  }

  /** The earliest time, or Infinity when empty. */
  get earliestTime(): number {
    return this.#near.earliestTime;
  }

  get earliestSequence(): number {
    return this.#near.earliestSequence;
  }

  get earliestHandler(): number {
    return this.#near.earliestHandler;
  }

  get earliestArgument(): number {
    return this.#near.earliestArgument;
  }

  push(time: number, sequence: number, handler: number, argument: number): void {
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

  /** Removes the earliest row. */
  pop(): void {
    const [near, far] = [this.#near, this.#far];
    near.pop();
    while (far.count > 0 && near.earliestTime >= far.horizon) far.pour(near);
  }

  /** All rows, in no order. */
  *rows(): Generator<{ time: number; sequence: number; handler: number; argument: number }> {
    yield* this.#near.rows();
    yield* this.#far.rows();
  }

  /** Whether the earliest row is found first: no row of the wheel comes before its horizon, and the heap's first one does. */
  isOrdered(): boolean {
    const { horizon } = this.#far;
    if (this.#far.count > 0 && this.#near.earliestTime >= horizon) return false;
    for (const { time } of this.#far.rows()) if (time < horizon) return false;
    return this.#near.isHeap();
  }
}
