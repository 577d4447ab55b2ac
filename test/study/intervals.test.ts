import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dispersion, poissonInterval, proportionInterval } from "../../src/study/intervals.ts";
import { coverage } from "./coverage.ts";

const count = fc.integer({ min: 1, max: 10_000 }).chain((n) => fc.record({ n: fc.constant(n), x: fc.nat({ max: n }) }));

describe("proportionInterval", () => {
  it("contains the proportion that was seen and stays within 0 and 1", () => {
    fc.assert(
      fc.property(
        fc.array(count, { minLength: 1, maxLength: 9 }),
        fc.constantFrom(0.8, 0.95, 0.99),
        (counts, level) => {
          const { low, high, designEffect } = proportionInterval(counts, level);
          const x = counts.reduce((total, each) => total + each.x, 0);
          const n = counts.reduce((total, each) => total + each.n, 0);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(x / n);
          expect(high).toBeGreaterThanOrEqual(x / n);
          expect(high).toBeLessThanOrEqual(1);
          expect(designEffect).toBeGreaterThanOrEqual(1);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is the Wilson interval for one boot, and says what one boot cannot show", () => {
    const { low, high, method, designEffect } = proportionInterval([{ n: 100, x: 10 }]);
    expect(low).toBeCloseTo(0.0552291, 6);
    expect(high).toBeCloseTo(0.1743657, 6);
    expect(designEffect).toBe(1);
    expect(method).toBe(
      "Wilson score; one boot cannot show the variance between boots, which this interval leaves out",
    );
  });

  it("is exact when nothing failed: low is 0 and high the value that gives no failure 2.5 % of the time", () => {
    const { low, high, method } = proportionInterval([
      { n: 600, x: 0 },
      { n: 400, x: 0 },
    ]);
    expect(low).toBe(0);
    expect((1 - high) ** 1000).toBeCloseTo(0.025, 9);
    expect(method).toContain("no failure seen");
  });

  it("mirrors itself when failures and successes change places", () => {
    const counts = [
      { n: 50, x: 4 },
      { n: 60, x: 9 },
      { n: 40, x: 1 },
    ];
    const failures = proportionInterval(counts);
    const successes = proportionInterval(counts.map(({ n, x }) => ({ n, x: n - x })));
    expect(successes.low).toBeCloseTo(1 - failures.high, 10);
    expect(successes.high).toBeCloseTo(1 - failures.low, 10);
  });

  it("widens by the square root of the design effect when boots differ", () => {
    const alike = Array.from({ length: 8 }, () => ({ n: 1_000_000, x: 250 }));
    const spread = [100, 400, 100, 400, 100, 400, 100, 400].map((x) => ({ n: 1_000_000, x }));
    const narrow = proportionInterval(alike);
    const wide = proportionInterval(spread);
    expect(narrow.designEffect).toBe(1);
    expect(wide.designEffect).toBeCloseTo(((8 / 7) * (150 * 150)) / 250 / (1 - 0.00025), 9);
    const ratio = (wide.high - wide.low) / (narrow.high - narrow.low);
    expect(ratio).toBeGreaterThan(0.95 * Math.sqrt(wide.designEffect));
    expect(ratio).toBeLessThan(1.1 * Math.sqrt(wide.designEffect));
    expect(wide.method).toBe(
      "Korn-Graubard: Clopper-Pearson on 8 boots' effective sample, design effect 102.88, t with 7 degrees of freedom",
    );
  });

  it("does not depend on the order of the replications", () => {
    const counts = [
      { n: 500, x: 3 },
      { n: 700, x: 1 },
      { n: 900, x: 8 },
    ];
    const turned = proportionInterval(counts.toReversed());
    expect(turned.high).toBeCloseTo(proportionInterval(counts).high, 12);
  });

  it("is 0 to 1 when no trial was made", () => {
    expect(proportionInterval([{ n: 0, x: 0 }])).toMatchObject({ low: 0, high: 1 });
  });

  it("refuses more failures than trials", () => {
    expect(() => proportionInterval([{ n: 3, x: 4 }])).toThrow("failures are among the trials");
  });

  // The same worlds as in the long test, with fewer experiments: the standard error is 0.6 %.
  it.each([
    [5, 0],
    [20, 4],
    [50, 1],
    [200, 1],
    [5, 1],
  ])(
    "covers the truth in about 95 %% of 1,500 experiments or more: %d failures expected, gamma shape %d",
    (failures, shape) => {
      expect(coverage({ boots: 8, failures, shape }, 1_500)).toBeGreaterThanOrEqual(0.93);
    },
  );
});

describe("dispersion", () => {
  it("is 0 when boots agree exactly, and exceeds the size of a boot when whole boots fail", () => {
    expect(
      dispersion([
        { n: 100, x: 0 },
        { n: 100, x: 100 },
      ]),
    ).toBeCloseTo(200, 10);
    expect(
      dispersion([
        { n: 100, x: 50 },
        { n: 100, x: 50 },
      ]),
    ).toBe(0);
  });
});

describe("poissonInterval", () => {
  it("divides the exact bounds of the count by the exposure", () => {
    const interval = poissonInterval(0, 2);
    expect(interval.low).toBe(0);
    expect(interval.high).toBeCloseTo(3.688879454 / 2, 8);
    expect(poissonInterval(10, 1)).toMatchObject({ level: 0.95, method: expect.stringContaining("Garwood") });
  });

  it("leaves 2.5 % of the Poisson distribution beyond either bound", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (events) => {
        const { low, high } = poissonInterval(events, 1);
        expect(1 - poissonUpTo(events - 1, low)).toBeCloseTo(0.025, 9);
        expect(poissonUpTo(events, high)).toBeCloseTo(0.025, 9);
      }),
    );
  });
});

/** The probability of at most `events` Poisson events, summed term by term. */
function poissonUpTo(events: number, mean: number): number {
  let term = Math.exp(-mean);
  let total = 0;
  for (let k = 0; k <= events; k += 1) {
    total += term;
    term *= mean / (k + 1);
  }
  return total;
}
