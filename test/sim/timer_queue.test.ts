import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SORTED_MOST, SortedTimers } from "../../src/sim/sorted_timers.ts";
import { TimerQueue } from "../../src/sim/timer_queue.ts";
import { TimerWheel } from "../../src/sim/timer_wheel.ts";
import { withFault } from "../support/fault.ts";

// Goal: the queue's first row is the least by (time, sequence), whether rows wait in order, in the heap or in the wheel.
// Method: rows come and go at random beside an array that is kept in order. Times lie at all distances, from one
// microsecond to beyond the wheel's low word (3 days), so that each level of the wheel is used and left again.

interface Row {
  readonly time: number;
  readonly sequence: number;
}

function isBefore(a: Row, b: Row): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

/** A sorted array as a queue. */
class SortedRows {
  readonly rows: Row[] = [];

  push(row: Row): void {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.rows[middle]!, row)) low = middle + 1;
      else high = middle;
    }
    this.rows.splice(low, 0, row);
  }
}

/** Two thousand rows and as many again: `distance` bits away at most, and the present moves on when rows go. */
function fill(queue: TimerQueue, sorted: SortedRows, distances: readonly number[]): void {
  let now = 0;
  for (let sequence = 0; sequence < 4000; sequence += 1) {
    const bits = distances[sequence % distances.length]!;
    const time = now + Math.floor(((sequence * 0.6180339887) % 1) * 2 ** bits);
    queue.push(time, sequence, sequence % 7, sequence + 1);
    sorted.push({ time, sequence });
    if (sequence >= 2000) now = expectFirst(queue, sorted).time;
    if (sequence % 500 === 0) expect(queue.isOrdered()).toBe(true);
  }
}

function expectFirst(queue: TimerQueue, sorted: SortedRows): Row {
  const first = sorted.rows.shift()!;
  const {
    earliestTime: time,
    earliestSequence: sequence,
    earliestHandler: handler,
    earliestArgument: argument,
  } = queue;
  const isRight = time === first.time && sequence === first.sequence;
  // A comparison by `expect` takes longer than all else here, and tells no more where it holds.
  if (!isRight || handler !== sequence % 7 || argument !== sequence + 1)
    expect({ time, sequence, handler, argument }).toEqual({
      ...first,
      handler: first.sequence % 7,
      argument: first.sequence + 1,
    });
  queue.pop();
  return first;
}

describe("TimerQueue", () => {
  it("gives its rows back in order of (time, sequence), however they come and go, beyond its first capacity", () => {
    const row = fc.record({ time: fc.integer({ min: 0, max: 20 }), sequence: fc.nat() });
    const rows = fc.uniqueArray(row, {
      minLength: 1,
      maxLength: 300,
      size: "max",
      selector: ({ sequence }) => sequence,
    });
    fc.assert(
      fc.property(rows, fc.array(fc.nat({ max: 3 }), { minLength: 300, maxLength: 300 }), (all, pops) => {
        const queue = new TimerQueue();
        let waiting: { readonly time: number; readonly sequence: number; readonly index: number }[] = [];
        // Compared at the end, all at once: a failure is made small by many runs.
        const popped: (readonly number[])[] = [];
        const expected: (readonly number[])[] = [];
        const popFirst = (): void => {
          const first = waiting.reduce((a, b) => ((a.time - b.time || a.sequence - b.sequence) < 0 ? a : b));
          waiting = waiting.filter((one) => one !== first);
          const { earliestTime, earliestSequence, earliestHandler, earliestArgument } = queue;
          queue.pop();
          popped.push([earliestTime, earliestSequence, earliestHandler, earliestArgument, queue.count]);
          expected.push([first.time, first.sequence, first.index % 5, first.index, waiting.length]);
        };
        for (const [index, { time, sequence }] of all.entries()) {
          queue.push(time, sequence, index % 5, index);
          waiting.push({ time, sequence, index });
          if (pops[index] === 0) popFirst();
        }
        while (waiting.length > 0) popFirst();
        expect(popped).toEqual(expected);
        expect(queue.earliestTime).toBe(Infinity);
      }),
      { numRuns: 40 },
    );
  });

  it("does so for thousands of rows at all distances", () => {
    const distances = fc.array(fc.integer({ min: 0, max: 44 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(distances, (bits) => {
        const [queue, sorted] = [new TimerQueue(), new SortedRows()];
        fill(queue, sorted, bits);
        expect(queue.count).toBe(2000);
        while (sorted.rows.length > 0) expectFirst(queue, sorted);
        expect([queue.count, queue.earliestTime]).toEqual([0, Infinity]);
      }),
      { numRuns: 20 },
    );
  });

  it("tells all its rows, those of the wheel too", () => {
    const [queue, sorted] = [new TimerQueue(), new SortedRows()];
    fill(queue, sorted, [3, 20, 41]);
    const told = [...queue.rows()].toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
    expect(told.map(({ time, sequence }) => ({ time, sequence }))).toEqual(sorted.rows);
  });

  it("says that a row of the wheel comes too early", () => {
    const queue = new TimerQueue();
    for (let sequence = 0; sequence < 2048; sequence += 1) queue.push(5000, sequence, 0, 0);
    expect(queue.isOrdered()).toBe(true);
    withFault(
      [TimerWheel.prototype, "add"],
      (add) =>
        function (this: TimerWheel, time, ...rest) {
          add.call(this, time - 6000, ...rest);
        },
      () => queue.push(10_000, 2048, 0, 0),
    );
    expect(queue.isOrdered()).toBe(false);
  });

  it("says that a row of the heap comes before those in order", () => {
    const queue = new TimerQueue();
    for (let sequence = 0; sequence < SORTED_MOST; sequence += 1) queue.push(sequence, sequence, 0, 0);
    expect(queue.isOrdered()).toBe(true);
    withFault(
      [SortedTimers.prototype, "removeLatest"],
      (removeLatest) =>
        function (this: SortedTimers, receive) {
          removeLatest.call(this, (time, ...rest) => receive(time - SORTED_MOST, ...rest));
        },
      () => queue.push(SORTED_MOST, SORTED_MOST, 0, 0),
    );
    expect(queue.isOrdered()).toBe(false);
  });

  it("keeps rows of one moment in order of their sequence, however late they come, where some stand behind", () => {
    const queue = new TimerQueue();
    const [later, earlier] = [[...Array(SORTED_MOST).keys()].map((row) => 2 * row + 1), [4, 0, 64, 40, 34]];
    for (const sequence of later) queue.push(7, sequence, 0, 0);
    for (const sequence of earlier) queue.push(7, sequence, 0, 0);
    const popped: number[] = [];
    for (; queue.count > 0; queue.pop()) popped.push(queue.earliestSequence);
    expect(popped).toEqual([...later, ...earlier].toSorted((a, b) => a - b));
  });
});
