import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventLoop } from "../../src/sim/event_loop.ts";

// Goal: events fire in order of (time, sequence), whatever way they take into the loop.
// Method: the same random schedule runs in the loop and in a plain array that is searched for its least element. Each
// event that fires schedules up to three more, at delays that are often 0, so that ties are common.

interface Firing {
  readonly time: number;
  readonly argument: number;
}

const MOST_EVENTS = 300;

/** What an event does: the delays of its children are a function of its own number. */
function children(argument: number, delays: readonly number[]): number[] {
  const count = (argument * 7 + 3) % 4;
  return Array.from({ length: count }, (_, child) => delays[(argument * 3 + child) % delays.length]!);
}

/** Fires a schedule in the loop; `ends` are the slices, the last of them beyond all events. */
function fireInLoop(first: readonly number[], delays: readonly number[], ends: readonly number[]): [Firing[], string] {
  const loop = new EventLoop();
  loop.traceEvents();
  const firings: Firing[] = [];
  let made = 0;
  const schedule = (delay: number): void => {
    if (made < MOST_EVENTS) loop.after(delay, handler, made);
    made += 1;
  };
  const handler = loop.handler("test", (argument) => {
    firings.push({ time: loop.now, argument });
    for (const delay of children(argument, delays)) schedule(delay);
  });
  for (const delay of first) schedule(delay);
  for (const end of ends) loop.runUntil(end);
  return [firings, loop.eventFingerprint()];
}

/** The same in a plain array: the least (time, place in the array) fires next. */
function fireInModel(first: readonly number[], delays: readonly number[]): Firing[] {
  const waiting: (Firing & { readonly sequence: number })[] = [];
  const firings: Firing[] = [];
  let made = 0;
  let now = 0;
  const schedule = (delay: number): void => {
    if (made < MOST_EVENTS) waiting.push({ time: now + delay, argument: made, sequence: made });
    made += 1;
  };
  for (const delay of first) schedule(delay);
  for (;;) {
    const next = waiting.toSorted((a, b) => a.time - b.time || a.sequence - b.sequence)[0];
    if (next === undefined) return firings;
    waiting.splice(waiting.indexOf(next), 1);
    now = next.time;
    firings.push({ time: next.time, argument: next.argument });
    for (const delay of children(next.argument, delays)) schedule(delay);
  }
}

const SCHEDULE = fc.record({
  first: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 12 }),
  delays: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 })), { minLength: 1, maxLength: 8 }),
});

/** True but for one in fifty. */
const MOSTLY = fc.nat(49).map((number) => number > 0);

describe("EventLoop", () => {
  it("fires in order of time, then of scheduling, also what handlers schedule", () => {
    fc.assert(
      fc.property(SCHEDULE, ({ first, delays }) => {
        expect(fireInLoop(first, delays, [1e6])[0]).toEqual(fireInModel(first, delays));
      }),
      { numRuns: 150 },
    );
  });

  it("gives one event fingerprint in one call and in any slices", () => {
    const slices = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 });
    fc.assert(
      fc.property(SCHEDULE, slices, ({ first, delays }, cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), 1e6];
        expect(fireInLoop(first, delays, ends)).toEqual(fireInLoop(first, delays, [1e6]));
      }),
      { numRuns: 150 },
    );
  });

  it("keeps the order of taken sequences: an event handed over later may fire before one scheduled earlier", () => {
    const loop = new EventLoop();
    const fired: number[] = [];
    const handler = loop.handler("test", (argument) => fired.push(argument));
    const early = loop.takeSequence();
    loop.at(10, handler, 2);
    loop.atSequence(10, early, handler, 1);
    loop.at(10, handler, 3);
    loop.runUntil(10);
    expect(fired).toEqual([1, 2, 3]);
  });

  it("fires what is due at the end of a slice in that slice, and sets the clock to the end", () => {
    const loop = new EventLoop();
    const fired: number[] = [];
    const handler = loop.handler("test", () => fired.push(loop.now));
    loop.at(5, handler, 0);
    loop.at(6, handler, 0);
    loop.runUntil(5);
    expect([fired, loop.now, loop.fired]).toEqual([[5], 5, 1]);
    loop.runUntil(100);
    expect([fired, loop.now, loop.fired]).toEqual([[5, 6], 100, 2]);
  });

  it("refuses an event in the past and a slice that goes back", () => {
    const loop = new EventLoop();
    const handler = loop.handler("test", () => {});
    loop.runUntil(10);
    expect(() => loop.at(9, handler, 0)).toThrow("an event is never scheduled in the past");
    expect(() => loop.after(-1, handler, 0)).toThrow("an event is never scheduled in the past");
    expect(() => loop.runUntil(9)).toThrow("time never goes back");
  });

  it("breaks off when time stands still, and names the handler", () => {
    const loop = new EventLoop();
    let answers = 0;
    const ping = loop.handler("ping", () => {
      answers += 1;
      loop.after(0, pong, 0);
    });
    const pong = loop.handler("pong", () => loop.after(0, ping, 0));
    loop.at(7, ping, 0);
    expect(() => loop.runUntil(10)).toThrow(
      'Broken invariant: time moves on: after 10000000 events it is still 7 us, the last one of "pong"',
    );
    expect(answers).toBe(10_000_000);
  });

  it("is quiet only before the next event and before the end of the present slice", () => {
    const loop = new EventLoop();
    const answers: boolean[] = [];
    const later = loop.handler("later", () => {});
    const asks = loop.handler("asks", () => {
      answers.push(...[19, 20, 21].map((time) => loop.isQuietUntil(time)));
      loop.at(20, later, 0);
      answers.push(...[19, 20, 21].map((time) => loop.isQuietUntil(time)));
    });
    loop.at(10, asks, 0);
    loop.runUntil(21);
    expect(answers).toEqual([true, true, false, true, false, false]);
  });

  it("lets overlap only what was said to, before the end of the present slice", () => {
    const loop = new EventLoop();
    const overlapping: boolean[] = [];
    const withEnds: boolean[] = [];
    const beginning: boolean[] = [];
    const settling: boolean[] = [];
    const light = loop.handler("light", () => {});
    loop.letOverlap(light, "begins");
    const going = loop.handler("going", () => {});
    loop.letOverlap(going, "goes on");
    const ending = loop.handler("ending", () => {});
    loop.letOverlap(ending, "ends");
    const other = loop.handler("other", () => {});
    const ask = (): void => {
      const times = [14, 16, 18, 20, 22, 24];
      settling.push(...times.map((time) => loop.isSettlingUntil(time)));
      beginning.push(...times.map((time) => loop.isBeginningUntil(time)));
      withEnds.push(...times.map((time) => loop.isOverlappingUntil(time, true)));
      overlapping.push(...times.map((time) => loop.isOverlappingUntil(time, false)));
    };
    const asks = loop.handler("asks", () => {
      loop.at(16, ending, 0);
      loop.at(18, light, 0);
      loop.at(20, going, 0);
      loop.at(22, other, 0);
      ask();
    });
    loop.at(10, asks, 0);
    loop.runUntil(24);
    expect(settling).toEqual([true, true, false, false, false, false]);
    expect(beginning).toEqual([true, true, true, false, false, false]);
    expect(withEnds).toEqual([true, true, true, true, false, false]);
    expect(overlapping).toEqual([true, false, false, false, false, false]);
    const does = [light, going, ending, other].map((handler) => loop.overlapOf(handler));
    expect(does).toEqual(["begins", "goes on", "ends", undefined]);
  });

  it("asks of the next slice nothing", () => {
    const loop = new EventLoop();
    const answers: boolean[] = [];
    const asks = loop.handler("asks", () => {
      const [last, end] = [24, 25];
      answers.push(loop.isSettlingUntil(last), loop.isBeginningUntil(last), loop.isOverlappingUntil(last, true));
      answers.push(loop.isSettlingUntil(end), loop.isBeginningUntil(end), loop.isOverlappingUntil(end, true));
    });
    loop.at(10, asks, 0);
    loop.runUntil(25);
    expect(answers).toEqual([true, true, true, false, false, false]);
  });

  it("lets things end in the middle of an event, each at its time", () => {
    const loop = new EventLoop();
    const seen: string[] = [];
    const ends: number = loop.handler("ends", (argument) => {
      seen.push(`${argument} ends at ${loop.now}`);
      if (argument === 1) loop.at(15, ends, 3);
    });
    loop.letOverlap(ends, "ends");
    const jumps = loop.handler("jumps", () => {
      loop.settleUntil(20);
      seen.push(`jumped to ${loop.now}`);
    });
    loop.at(10, jumps, 0);
    for (const [argument, time] of [10, 12, 20, 21].entries()) loop.at(time, ends, argument);
    loop.runUntil(30);
    expect(seen).toEqual([
      "0 ends at 10",
      "1 ends at 12",
      "3 ends at 15",
      "2 ends at 20",
      "jumped to 20",
      "3 ends at 21",
    ]);
    expect(loop.fired).toBe(6);
  });

  it("jumps over nothing but what ends", () => {
    const loop = new EventLoop();
    const other = loop.handler("other", () => {});
    const jumps = loop.handler("jumps", () => loop.settleUntil(20));
    loop.at(10, jumps, 0);
    loop.at(20, other, 0);
    expect(() => loop.runUntil(30)).toThrow("the clock only jumps over what ends by itself");
  });

  it("names the event that broke in the middle of another one", () => {
    const loop = new EventLoop();
    const ends = loop.handler("ends", () => {
      throw new Error("broken");
    });
    loop.letOverlap(ends, "ends");
    loop.at(
      10,
      loop.handler("jumps", () => loop.settleUntil(20)),
      0,
    );
    loop.at(15, ends, 7);
    expect(() => loop.runUntil(30)).toThrow("broken");
    expect(loop.brokenEvent).toEqual({ handler: "ends", argument: 7 });
  });

  it("sees each of many that may not overlap", () => {
    fc.assert(
      fc.property(fc.array(MOSTLY, { maxLength: 200, size: "max" }), (kinds) => {
        const loop = new EventLoop();
        // A handler with a high number, so that the column of them has grown.
        for (let number = 0; number < 100; number += 1) loop.handler("none", () => {});
        const light = loop.handler("light", () => {});
        loop.letOverlap(light, "begins");
        const other = loop.handler("other", () => {});
        const answers: boolean[] = [];
        loop.at(
          0,
          loop.handler("asks", () => {
            for (const [time, mayOverlap] of kinds.entries()) loop.at(time + 1, mayOverlap ? light : other, 0);
            for (const time of kinds.keys()) answers.push(loop.isOverlappingUntil(time + 1, false));
          }),
          0,
        );
        loop.runUntil(1000);
        const firstOther = kinds.indexOf(false);
        for (const [time, answer] of answers.entries()) {
          expect(answer).toBe(firstOther < 0 || time < firstOther);
        }
      }),
    );
  });

  it("tells its observer of each event before it fires, and of none once there is no observer", () => {
    const loop = new EventLoop();
    const told: string[] = [];
    const handler = loop.handler("test", (argument) => {
      told.push(`fired ${argument}`);
      if (argument === 2) loop.observer = undefined;
    });
    loop.observer = { fires: (id, sequence) => told.push(`${loop.nameOf(id)} ${sequence} at ${loop.now}`) };
    for (const argument of [1, 2, 3]) loop.at(10 * argument, handler, argument);
    expect(loop.lastSequence).toBe(3);
    loop.runUntil(100);
    expect(told).toEqual(["test 1 at 10", "fired 1", "test 2 at 20", "fired 2", "fired 3"]);
  });

  it("jumps over what is quiet, and over nothing else", () => {
    const loop = new EventLoop();
    const times: number[] = [];
    const jumps = loop.handler("jumps", (time) => {
      loop.advanceTo(time);
      times.push(loop.now);
    });
    loop.at(10, jumps, 15);
    loop.at(20, jumps, 40);
    loop.at(30, jumps, 30);
    expect(() => loop.runUntil(100)).toThrow("the clock only jumps over what is quiet");
    expect(times).toEqual([15]);
  });

  it("says when the next event is due", () => {
    const loop = new EventLoop();
    const handler = loop.handler("test", () => {});
    const none = loop.next;
    loop.at(9, handler, 0);
    loop.at(7, handler, 0);
    expect([none, loop.next]).toEqual([Infinity, 7]);
  });

  it("counts events that took place without being fired", () => {
    const loop = new EventLoop();
    loop.at(
      1,
      loop.handler("test", () => {}),
      0,
    );
    loop.countEvents(5);
    loop.runUntil(1);
    expect(loop.fired).toBe(6);
  });

  it("knows its handlers by name", () => {
    const loop = new EventLoop();
    const handler = loop.handler("packet/arrives", () => {});
    expect([loop.nameOf(handler), loop.nameOf(handler + 1)]).toEqual(["packet/arrives", "unknown handler"]);
  });

  it("tells apart two runs that differ in one argument", () => {
    const fingerprintOf = (argument: number): string => {
      const loop = new EventLoop();
      loop.traceEvents();
      const handler = loop.handler("test", () => {});
      loop.at(1, handler, argument);
      loop.runUntil(1);
      return loop.eventFingerprint();
    };
    expect(fingerprintOf(1)).toBe(fingerprintOf(1));
    expect(fingerprintOf(1)).not.toBe(fingerprintOf(2));
  });
});
