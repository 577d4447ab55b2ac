import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckedLoop } from "../../src/sim/checked_loop.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { TimerColumn } from "../../src/sim/timer_column.ts";
import { TimerQueue } from "../../src/sim/timer_queue.ts";
import { withFault } from "../support/fault.ts";

// Goal: a checked loop fires what a loop fires, and a loop that loses, moves or forgets an event is found out.
// Method: random schedules with many ties, by the queue and a column; then faults in the queue.

const END = 1000;

/** Fires a schedule in which each event makes more of its kind, and arms a column now and then. */
function fire(loop: EventLoop, delays: readonly number[]): string[] {
  const fired: string[] = [];
  const column = new TimerColumn(loop, "column", (armedAt) => armedAt + 7, {
    isLive: (slot) => slot % 3 !== 0,
    fire: (slot) => fired.push(`${loop.now} column ${slot}`),
  });
  let made = 0;
  const again = loop.handler("again", (argument) => {
    fired.push(`${loop.now} again ${argument}`);
    for (let child = 0; child < 2 && made < 200; child += 1) {
      made += 1;
      loop.after(delays[(argument + child) % delays.length]!, again, made);
      if (made % 4 === 0) column.arm(made, 0);
    }
  });
  loop.at(0, again, 0);
  loop.at(3, again, 1);
  for (let end = 0; end <= END; end += 100) loop.runUntil(end);
  return fired;
}

describe("CheckedLoop", () => {
  it("fires what a loop fires, and finds nothing wrong with it", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 9 }), (delays) => {
        const [loop, checked] = [new EventLoop(), new CheckedLoop()];
        expect(fire(checked, delays)).toEqual(fire(loop, delays));
        expect([checked.fired, checked.now]).toEqual([loop.fired, loop.now]);
        expect([...checked.broken(), ...loop.broken()]).toEqual([]);
      }),
    );
  });

  it("calls what it is told to after each event", () => {
    const loop = new CheckedLoop();
    let calls = 0;
    loop.afterEach = () => (calls += 1);
    fire(loop, [1, 5, 9]);
    expect(calls).toBe(loop.fired);
  });

  it("refuses an argument that a queue cannot hold", () => {
    const loop = new CheckedLoop();
    const handler = loop.handler("wide", () => {});
    expect(() => loop.at(1, handler, 2 ** 31)).toThrow('an argument is a 32-bit integer: that of "wide" is 2147483648');
  });

  it("finds an event that was lost when those behind it fire", () => {
    let pushed = 0;
    const lossy = (push: TimerQueue["push"]): TimerQueue["push"] =>
      function (this: TimerQueue, ...row) {
        pushed += 1;
        if (pushed !== 20) push.call(this, ...row);
      };
    expect(() => withFault([TimerQueue.prototype, "push"], lossy, () => fire(new CheckedLoop(), [3, 8, 2]))).toThrow(
      /events fire in order of time and sequence: "(again|column)" \(\d+\) at \d+ us fires before "(again|column)" \(\d+\) at \d+ us/,
    );
  });

  it("finds an event that was lost while nothing fires", () => {
    const loop = new CheckedLoop();
    const handler = loop.handler("late", () => {});
    loop.at(5, handler, 1);
    withFault(
      [TimerQueue.prototype, "push"],
      () => () => {},
      () => loop.at(9, handler, 2),
    );
    expect([...loop.broken()]).toEqual(["the events to come are those that were scheduled: there are 1, of 2"]);
  });

  it("finds an event that nobody scheduled", () => {
    const loop = new CheckedLoop();
    const handler = loop.handler("twice", () => {});
    const doubled = (push: TimerQueue["push"]): TimerQueue["push"] =>
      function (this: TimerQueue, ...row) {
        push.call(this, ...row);
        push.call(this, ...row);
      };
    loop.at(1, handler, 1);
    withFault([TimerQueue.prototype, "push"], doubled, () => loop.at(4, handler, 2));
    expect(() => loop.runUntil(9)).toThrow('an event that fires was scheduled: "twice" (2) at 4 us was not');
  });
});

describe("EventLoop", () => {
  it("says in which event an error was thrown", () => {
    const loop = new EventLoop();
    const breaks = loop.handler("breaks", (argument) => {
      if (argument === 2) throw new Error("broken");
    });
    for (const argument of [1, 2, 3]) loop.at(argument, breaks, argument);
    expect(loop.brokenEvent).toBeUndefined();
    expect(() => loop.runUntil(9)).toThrow("broken");
    expect([loop.brokenEvent, loop.fired, loop.now]).toEqual([{ handler: "breaks", argument: 2 }, 2, 2]);
  });

  it("finds events that are overdue, and rows that are out of order", () => {
    const loop = new EventLoop();
    const handler = loop.handler("any", () => {});
    loop.at(1, handler, 0);
    withFault(
      [TimerQueue.prototype, "push"],
      (push) =>
        function (this: TimerQueue, time, ...rest) {
          push.call(this, -time, ...rest);
        },
      () => loop.at(7, handler, 0),
    );
    expect([...loop.broken()]).toEqual(['no event is overdue: "any" is due at -7 us, now is 0 us']);
    withFault(
      [TimerQueue.prototype, "isOrdered"],
      () => () => false,
      () => expect([...loop.broken()]).toContain("the queue's earliest event comes first: its rows are out of order"),
    );
  });

  it("finds an event without a handler, and one that has taken no place in the order", () => {
    const loop = new EventLoop();
    loop.atSequence(4, 9, 3, 0);
    expect([...loop.broken()]).toEqual([
      "each event has a handler: one at 4 us names number 3",
      "each event has taken a place in the order: one at 4 us has not",
    ]);
  });
});

describe("TimerColumn", () => {
  /** A column whose timers fall due at what `dueOf` says by then. */
  function column(dueOf: (armedAt: number) => number): { readonly loop: EventLoop; readonly timers: TimerColumn } {
    const loop = new EventLoop();
    return { loop, timers: new TimerColumn(loop, "column", dueOf, { isLive: () => true, fire: () => {} }) };
  }

  it("finds a timer that is overdue", () => {
    let due = 9;
    const { loop, timers } = column(() => due);
    timers.arm(1, 0);
    loop.runUntil(5);
    expect([...loop.broken()]).toEqual([]);
    due = 4;
    expect([...loop.broken()]).toEqual(['no timer is overdue: one of "column" was due at 4 us, now is 5 us']);
  });

  it("finds a next timer that is not in the queue", () => {
    const { loop, timers } = column((armedAt) => armedAt + 9);
    withFault(
      [EventLoop.prototype, "atSequence"],
      () => () => {},
      () => timers.arm(1, 0),
    );
    expect([...loop.broken()]).toEqual([
      'a column has its next timer in the queue: "column" has 1 timers and 0 events there',
    ]);
  });

  it("finds timers that stand out of order", () => {
    const { loop, timers } = column((armedAt) => armedAt + 9);
    timers.arm(1, 0);
    withFault(
      [EventLoop.prototype, "takeSequence"],
      () => () => 0,
      () => timers.arm(2, 0),
    );
    expect([...loop.broken()]).toEqual(['timers of a column stand in the order of arming: those of "column" do not']);
  });
});
