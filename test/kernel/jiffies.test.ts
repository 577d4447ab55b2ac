import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Jiffies } from "../../src/kernel/jiffies.ts";
import { resolveKernel } from "../../src/kernel/eras.ts";

// Goal: timers fire when the kernel's wheel lets them, on both sides of each of its levels.
// Method: one tick is 1 ms, so that ticks can be counted; the wheel's own shifts are the other opinion.

const TICK = 1000;

/** The clock of a machine that has just booted and ticks 1,000 times a second. */
function jiffiesOf(build: string): Jiffies {
  const resolution = resolveKernel({ build, hz: 1000 });
  if (!resolution.ok) throw new Error(resolution.problem);
  return new Jiffies(resolution.era, 0);
}

/** Source: kernel/time/timer.c calc_wheel_index, LVL_START, LVL_SHIFT, v6.1. */
function wheelExpiry(armed: number, delay: number): number {
  let level = 0;
  while (level < 8 && delay >= 63 * 2 ** (3 * level)) level += 1;
  const granule = 2 ** (3 * level);
  return (Math.floor((armed + delay) / granule) + 1) * granule;
}

describe("Jiffies of a kernel with a hierarchical wheel", () => {
  const jiffies = jiffiesOf("6.1");

  it.each([
    [62, 1],
    [63, 8],
    [503, 8],
    [504, 64],
    [4031, 64],
    [4032, 512],
    [32_255, 512],
    [32_256, 4096],
    [258_047, 4096],
    [258_048, 32_768],
  ])("rounds a delay of %i ticks up to a multiple of %i, and never fires it on time", (delay, granule) => {
    for (const armed of [0, 8, 64, 1001, 123_456]) {
      const fired = jiffies.expiry(armed * TICK, delay * TICK) / TICK;
      expect(fired % granule).toBe(0);
      expect(fired - (armed + delay)).toBeGreaterThan(0);
      expect(fired - (armed + delay)).toBeLessThanOrEqual(granule);
    }
  });

  it("fires every timer when the wheel's shifts say so", () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.nat(100_000_000), (armed, delay) => {
        expect(jiffies.expiry(armed * TICK, delay * TICK) / TICK).toBe(wheelExpiry(armed, delay));
      }),
    );
  });

  it("takes part of a tick for a whole one, and counts from the tick that has begun", () => {
    expect(jiffies.expiry(5 * TICK + 999, 1) / TICK).toBe(7);
    expect(jiffies.expiry(5 * TICK + 999, TICK) / TICK).toBe(7);
    expect(jiffies.expiry(5 * TICK + 999, TICK + 1) / TICK).toBe(8);
  });
});

describe("Jiffies of a kernel without one", () => {
  it("fire on the tick itself", () => {
    const jiffies = jiffiesOf("4.7");
    expect([1, 63, 504, 60_000].map((delay) => jiffies.expiry(7 * TICK, delay * TICK) / TICK)).toEqual([
      8, 70, 511, 60_007,
    ]);
  });

  it("never fire in the past, though the tick has begun before the timer was armed", () => {
    const jiffies = jiffiesOf("4.7");
    expect(jiffies.expiry(7 * TICK + 500, 0)).toBe(7 * TICK + 500);
  });
});

describe("The tick counter", () => {
  it("begins five minutes before its 32 bits overflow, and an epoch is 10 s of it", () => {
    const jiffies = jiffiesOf("6.1");
    expect(jiffies.at(300_000 * TICK)).toBe(2 ** 32);
    expect(jiffies.epochAt(0)).toBe(Math.floor((2 ** 32 - 300_000) / 10_000));
    expect(jiffies.nextTick(3 * TICK)).toBe(4 * TICK);
    expect(jiffies.nextTick(3 * TICK + 1)).toBe(4 * TICK);
  });
});
