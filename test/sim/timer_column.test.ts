import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { TimerColumn } from "../../src/sim/timer_column.ts";

// Goal: a column of timers changes nothing but speed.
// Method: random commands (arm one of two kinds of timer, cancel, an ordinary event) at random times run once with two
// columns and once with every timer in the loop, where a cancelled one is skipped when it fires.

const LENGTHS = [30, 70] as const;

interface Command {
  readonly gap: number;
  readonly kind: "arm" | "cancel" | "event";
  readonly slot: number;
  readonly length: 0 | 1;
}

const COMMANDS = fc.array(
  fc.record<Command>({
    gap: fc.integer({ min: 0, max: 15 }),
    kind: fc.constantFrom("arm", "arm", "cancel", "event"),
    slot: fc.integer({ min: 0, max: 9 }),
    length: fc.constantFrom(0, 1),
  }),
  { maxLength: 200 },
);

type Arm = (loop: EventLoop, slot: number, length: 0 | 1) => void;

/** Runs the commands; `makeArm` decides where the timers stand. A slot has one live timer: arming replaces it. */
function run(
  commands: readonly Command[],
  makeArm: (loop: EventLoop, generations: Int32Array, fire: (slot: number) => void) => Arm,
): string[] {
  const loop = new EventLoop();
  const lines: string[] = [];
  const generations = new Int32Array(10);
  const retire = (slot: number): void => {
    generations[slot] = generations[slot]! + 1;
  };
  const arm = makeArm(loop, generations, (slot) => {
    lines.push(`${loop.now} timer ${slot}`);
    retire(slot);
    // Every third slot arms itself anew while it fires, as a retransmission timer does.
    if (slot % 3 === 0 && lines.length < 400) arm(loop, slot, 0);
  });
  const event = loop.handler("event", (index) => lines.push(`${loop.now} event ${index}`));
  for (const [index, { gap, kind, slot, length }] of commands.entries()) {
    loop.runUntil(loop.now + gap);
    if (kind === "event") loop.after(LENGTHS[length], event, index);
    else retire(slot);
    if (kind === "arm") arm(loop, slot, length);
  }
  loop.runUntil(loop.now + 500);
  return lines;
}

function inColumns(loop: EventLoop, generations: Int32Array, fire: (slot: number) => void): Arm {
  const isLive = (slot: number, generation: number): boolean => generations[slot] === generation;
  const columns = LENGTHS.map((length) => {
    return new TimerColumn(loop, `timer/${length}`, (armedAt) => armedAt + length, { isLive, fire });
  });
  return (_loop, slot, length) => columns[length]!.arm(slot, generations[slot]!);
}

function inTheLoop(loop: EventLoop, generations: Int32Array, fire: (slot: number) => void): Arm {
  const handler = loop.handler("timer", (packed) => {
    const slot = packed % 10;
    if (generations[slot] === (packed - slot) / 10) fire(slot);
  });
  return (_loop, slot, length) => loop.after(LENGTHS[length], handler, generations[slot]! * 10 + slot);
}

describe("TimerColumn", () => {
  it("fires in the very order in which the loop would fire every single timer", () => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        expect(run(commands, inColumns)).toEqual(run(commands, inTheLoop));
      }),
      { numRuns: 200 },
    );
  });

  it("counts a timer that was cancelled as no event", () => {
    const loop = new EventLoop();
    let isLive = true;
    const column = new TimerColumn(loop, "timer", (armedAt) => armedAt + 100, { isLive: () => isLive, fire: () => {} });
    column.arm(0, 0);
    loop.runUntil(100);
    column.arm(0, 0);
    isLive = false;
    loop.runUntil(200);
    expect(loop.fired).toBe(1);
  });

  it.each([1, 3])("keeps more timers than its first capacity, wrapped around its ring (%i at a time)", (atOnce) => {
    const loop = new EventLoop();
    const fired: number[] = [];
    const owner = { isLive: () => true, fire: (slot: number) => fired.push(slot) };
    const column = new TimerColumn(loop, "timer", (armedAt) => armedAt + 50, owner);
    for (let slot = 0; slot < 400; slot += 1) {
      // One in a microsecond at first, so that the ring has turned before it has to grow.
      column.arm(slot, 0);
      loop.runUntil(slot < 90 ? slot : 90 + Math.floor((slot - 90) / atOnce));
    }
    loop.runUntil(1000);
    expect(fired).toEqual([...Array(400).keys()]);
  });

  it("drops dead timers where it needs room, and the live ones fire in their order", () => {
    const loop = new EventLoop();
    const live = new Set([0, 500, 999]);
    const fired: number[] = [];
    const owner = { isLive: (slot: number) => live.has(slot), fire: (slot: number) => void fired.push(slot) };
    const column = new TimerColumn(loop, "timers", (armedAt) => armedAt + 5000, owner);
    for (let slot = 0; slot < 1000; slot += 1) {
      loop.runUntil(slot);
      column.arm(slot, 0);
    }
    loop.runUntil(10_000);
    expect([column.capacity, fired]).toEqual([64, [0, 500, 999]]);
  });

  it("has its next timer in the loop while one fires", () => {
    const loop = new EventLoop();
    const due: number[] = [];
    const owner = { isLive: () => true, fire: () => void due.push(loop.next) };
    const column = new TimerColumn(loop, "next", (armedAt) => armedAt + 30, owner);
    column.arm(0, 0);
    loop.runUntil(10);
    column.arm(1, 0);
    loop.runUntil(100);
    expect(due).toEqual([40, Infinity]);
  });
});
