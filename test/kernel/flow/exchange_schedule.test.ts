import { describe, expect, it } from "vitest";
import { ExchangeSchedule, type OtherEvents, ScheduleRecorder } from "../../../src/kernel/flow/exchange_schedule.ts";
import { EventLoop } from "../../../src/sim/event_loop.ts";

// Goal: whoever goes by what was written down of a connection schedules the same events in the same order.
// Method: a small tree of events whose order of firing is not that of scheduling, with a poll in between.

/** Lets a connection go on: it begins at 100, is done in its second event, waits in its last one. */
function recorded(): ReturnType<ScheduleRecorder["end"]> {
  const loop = new EventLoop();
  let recorder: ScheduleRecorder | undefined = undefined;
  let isWaiting = false;
  const nothing = loop.handler("nothing", () => {});
  const poll = loop.handler("poll", () => {});
  const last = loop.handler("last", () => {
    isWaiting = true;
  });
  const second = loop.handler("second", () => {
    loop.after(10, nothing, 0);
    recorder!.finish();
    loop.after(5, last, 0);
  });
  const first = loop.handler("first", () => loop.after(20, second, 0));
  const begins = loop.handler("begins", () => {
    recorder = new ScheduleRecorder(loop, [poll], () => isWaiting, NOBODY);
    loop.after(7, poll, 0);
    // Scheduled first, fires last.
    loop.after(50, nothing, 0);
    loop.after(5, first, 0);
  });
  loop.at(100, begins, 0);
  loop.runUntil(1000);
  return recorder!.end();
}

/** Hears of the events of others, and does nothing. */
const NOBODY: OtherEvents = { begin: () => {}, end: () => {} };

describe("ScheduleRecorder", () => {
  it("writes down when each event fires and in which one it was scheduled, in the order of scheduling", () => {
    expect(recorded()).toEqual({
      after: [50, 5, 25, 35, 30],
      scheduledIn: [-1, -1, 1, 2, 2],
      finish: 2,
      scheduledBeforeFinish: 1,
      wait: 4,
    });
  });

  it.each([
    { does: "begins" as const, isDisturbed: false, told: [] },
    { does: "ends" as const, isDisturbed: false, told: [] },
    { does: "goes on" as const, isDisturbed: false, told: ["0 to 1", "1 to 2", "2 to 3", "3 to 4", "4 to 5"] },
    { does: undefined, isDisturbed: true, told: [] },
  ])("leaves out what others do, which disturbs unless they may overlap ($does)", ({ does, isDisturbed, told }) => {
    const loop = new EventLoop();
    // How often others have done something.
    let did = 0;
    const other = loop.handler("other", () => {
      did += 1;
      loop.after(2, other, 0);
    });
    if (does !== undefined) loop.letOverlap(other, does);
    loop.at(2, other, 0);
    const heard: string[] = [];
    let began = -1;
    const recorder = new ScheduleRecorder(loop, [], () => false, {
      begin: () => (began = did),
      end: () => heard.push(`${began} to ${did}`),
    });
    const nothing = loop.handler("nothing", () => {});
    const finishes = loop.handler("finishes", () => {
      loop.after(4, nothing, 0);
      recorder.finish();
    });
    loop.at(3, finishes, 0);
    loop.runUntil(10);
    expect([recorder.end()?.after, recorder.events]).toEqual([[3, 7], 2]);
    expect(recorder.isDisturbed).toBe(isDisturbed);
    expect(heard).toEqual(told);
  });

  it.each([
    { when: "in connect()", at: 0, isDisturbed: true, told: 0 },
    { when: "in an event of others", at: 2, isDisturbed: false, told: 1 },
    { when: "in one of its own", at: 3, isDisturbed: true, told: 0 },
  ])(
    "tells of another connection that begins $when, unless nobody could tell them apart",
    ({ at, isDisturbed, told }) => {
      const loop = new EventLoop();
      const other = loop.handler("other", () => at === 2 && recorder.join());
      loop.letOverlap(other, "begins");
      loop.at(2, other, 0);
      const heard: string[] = [];
      const recorder = new ScheduleRecorder(loop, [], () => false, {
        begin: () => heard.push("begins"),
        end: () => heard.push("ends"),
      });
      if (at === 0) recorder.join();
      const finishes = loop.handler("finishes", () => {
        if (at === 3) recorder.join();
        recorder.finish();
      });
      loop.at(3, finishes, 0);
      loop.runUntil(10);
      recorder.end();
      expect(recorder.isDisturbed).toBe(isDisturbed);
      expect(heard).toEqual(told === 0 ? [] : ["begins", "ends"]);
    },
  );

  it("counts no timer that fires for nothing, but has its place", () => {
    const loop = new EventLoop();
    const recorder = new ScheduleRecorder(loop, [], () => false, NOBODY);
    const cancelled = loop.handler("cancelled", () => loop.countEvents(-1));
    const finishes = loop.handler("finishes", () => recorder.finish());
    loop.at(2, cancelled, 0);
    loop.at(3, finishes, 0);
    loop.runUntil(10);
    expect([recorder.end()?.after, recorder.events]).toEqual([[2, 3], 1]);
  });

  it("writes down nothing of a connection whose client was told nothing", () => {
    const loop = new EventLoop();
    expect(new ScheduleRecorder(loop, [], () => false, NOBODY).end()).toBeUndefined();
  });

  it("hears of no event any more once it has ended", () => {
    const loop = new EventLoop();
    const recorder = new ScheduleRecorder(loop, [], () => false, NOBODY);
    const finishes = loop.handler("finishes", () => recorder.finish());
    loop.at(3, finishes, 0);
    loop.runUntil(5);
    expect(recorder.end()?.after).toEqual([3]);
    loop.at(7, finishes, 0);
    loop.runUntil(9);
    expect(recorder.end()?.after).toEqual([3]);
  });
});

describe("ExchangeSchedule", () => {
  it("tells which events each one schedules, before and after the client is told", () => {
    const schedule = new ExchangeSchedule(recorded()!);
    const ranges = [-1, 0, 1, 2, 3, 4].map((event) => [
      schedule.firstOf(event),
      schedule.afterFinishOf(event),
      schedule.endOf(event),
    ]);
    expect(ranges).toEqual([
      [0, 2, 2],
      [0, 0, 0],
      [2, 3, 3],
      [3, 4, 5],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect([...schedule.after, schedule.count, schedule.finish, schedule.wait]).toEqual([50, 5, 25, 35, 30, 5, 2, 4]);
  });
});
