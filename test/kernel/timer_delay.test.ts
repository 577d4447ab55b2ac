import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveKernel } from "../../src/kernel/eras.ts";
import { Jiffies } from "../../src/kernel/jiffies.ts";
import { TimerDelay } from "../../src/kernel/timer_delay.ts";
import { SECOND } from "../../src/units.ts";

// Goal: what is kept of the last answer is never told where it does not hold.
// Method: timers armed one after the other, often a microsecond around the end of a bucket; the other opinion is the
// clock's own, which keeps nothing.

const BUILDS = [
  { build: "6.1", hz: 250 },
  { build: "6.1", hz: 1000 },
  { build: "5.4.188", hz: 300 },
  { build: "4.7", hz: 100 },
];

function jiffiesOf(setting: (typeof BUILDS)[number], uptime: number): Jiffies {
  const resolution = resolveKernel(setting);
  if (!resolution.ok) throw new Error(resolution.problem);
  return new Jiffies(resolution.era, uptime);
}

describe("TimerDelay", () => {
  it("fires each timer when the clock says, whatever was armed before it", () => {
    const delays = fc.oneof(fc.constantFrom(60 * SECOND, 200_000, 1 * SECOND), fc.nat(1_000 * SECOND));
    const steps = fc.array(fc.oneof(fc.constantFrom("end", "before", "after"), fc.integer({ min: -3_000, max: 3e6 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.constantFrom(...BUILDS), fc.nat(1e9), delays, steps, (setting, uptime, delay, moves) => {
        const jiffies = jiffiesOf(setting, uptime);
        const timer = new TimerDelay(jiffies, delay);
        const tick = 1e6 / setting.hz;
        let time = 0;
        const told: number[] = [];
        const expected: number[] = [];
        for (const move of moves) {
          const end = Math.ceil(jiffies.expiry(time, delay) - Math.ceil(delay / tick) * tick);
          const around = { before: end - 1, end, after: end + 1 };
          time = Math.max(0, typeof move === "number" ? time + move : around[move]);
          told.push(timer.expiry(time));
          expected.push(jiffies.expiry(time, delay));
        }
        expect(told).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("answers all timers of a bucket alike", () => {
    const timer = new TimerDelay(jiffiesOf(BUILDS[0]!, 0), 60 * SECOND);
    const ends = Array.from({ length: 2_048 }, (_, index) => timer.expiry(index * 1_000));
    expect(new Set(ends).size).toBeLessThanOrEqual(2);
  });
});
