import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clopperPearson } from "../../src/study/binomial.ts";
import { dispersion, proportionInterval, rateInterval } from "../../src/study/intervals.ts";
import { coverage, expectedFailures } from "./coverage.ts";
import { exponentialBoots, independentProbes, SHARED_CURSORS, sharedCursor } from "./synthetic_boots.ts";

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
          expect(designEffect).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  // Found by the property above: the upper bound was 0.001.
  it("contains the proportion where two boots of thousands of failures disagree", () => {
    const { low, high } = proportionInterval(
      [
        { n: 2582, x: 2051 },
        { n: 9576, x: 3352 },
      ],
      0.95,
    );
    expect(low).toBeCloseTo(0.1474, 4);
    expect(high).toBeCloseTo(0.9745, 4);
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

  it("is the rule of three for one boot without a failure, and says what one boot cannot show", () => {
    const { low, high, method } = proportionInterval([{ n: 1_000, x: 0 }]);
    expect([low, (1 - high) ** 1000]).toEqual([0, expect.closeTo(0.05, 9)]);
    expect(method).toBe(
      "rule of three, one-sided; no failure seen, and one boot cannot show the variance between boots, which this bound leaves out",
    );
    expect(proportionInterval([{ n: 1e12, x: 0 }]).high).toBeCloseTo(2.995732e-12, 17);
    const besideAnEmptyBoot = [
      { n: 1_000, x: 0 },
      { n: 0, x: 0 },
    ];
    expect(proportionInterval(besideAnEmptyBoot)).toMatchObject({ high, method });
  });

  // Boots of which one expects m, a variate, see nothing with probability (1 + m)^-boots: 5 % at boots (20^(1 / boots) - 1).
  it.each([
    [2, 6.944272],
    [4, 4.45897],
    [8, 3.633723],
    [24, 3.190727],
  ])("bounds %i boots without a failure at %d failures in all, as their risk may vary by its mean", (boots, events) => {
    const counts = (n: number) => Array.from({ length: boots }, () => ({ n, x: 0 }));
    expect(boots * 1e9 * proportionInterval(counts(1e9)).high).toBeCloseTo(events, 5);
    expect(proportionInterval(counts(10)).high).toBeCloseTo(1 - Math.exp(-events / boots / 10), 6);
    expect(2 * boots * rateInterval(counts(2)).high).toBeCloseTo(events, 5);
    expect((1 + events / boots) ** -boots).toBeCloseTo(0.05, 6);
  });

  it("comes down to the rule of three, within 1 %, as boots without a failure grow many", () => {
    const eventsOf = (boots: number): number =>
      1e6 * rateInterval(Array.from({ length: boots }, () => ({ n: 1e6 / boots, x: 0 }))).high;
    const events = [2, 3, 4, 8, 16, 50, 200, 5_000].map(eventsOf);
    expect(events).toEqual(events.toSorted((a, b) => b - a));
    expect(new Set(events).size).toBe(events.length);
    expect(Math.min(...events)).toBeGreaterThan(-Math.log(0.05));
    expect(eventsOf(200) / -Math.log(0.05)).toBeLessThan(1.01);
    const many = proportionInterval(Array.from({ length: 5_000 }, () => ({ n: 2, x: 0 })));
    expect(many.high / (1 - 0.05 ** (1 / 10_000))).toBeCloseTo(1, 2);
  });

  it("bounds boots without a failure within 0 and 1, below what one failure in the same boots allows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 20, max: 10_000 }), { minLength: 2, maxLength: 60 }),
        fc.constantFrom(0.8, 0.95, 0.99, 0.9999),
        (sizes, level) => {
          const none = proportionInterval(
            sizes.map((n) => ({ n, x: 0 })),
            level,
          );
          const one = proportionInterval(
            sizes.map((n, boot) => ({ n, x: boot === 0 ? 1 : 0 })),
            level,
          );
          expect([none.low, none.high > 0, none.high < 1]).toEqual([0, true, true]);
          expect(none.high).toBeLessThan(one.high);
        },
      ),
    );
  });

  it("says of boots without a failure what the bound takes them for", () => {
    expect(
      proportionInterval([
        { n: 600, x: 0 },
        { n: 400, x: 0 },
      ]).method,
    ).toBe(
      "one-sided bound for 2 boots whose risk varies by up to its mean, which for many boots is the rule of three; no failure seen, so no spread between boots can show",
    );
  });

  it("counts boots, not trials, when nothing failed and walks may lock", () => {
    const counts = Array.from({ length: 8 }, () => ({ n: 1_000_000, x: 0 }));
    const { high, method } = proportionInterval(counts, 0.95, { mayLock: true });
    expect((1 - high) ** 8).toBeCloseTo(0.05, 9);
    expect(method).toBe(
      "Clopper-Pearson, one-sided, on 8 boots: destinations may lock together on this walk, so a boot without a failure says nothing of others",
    );
  });

  it("bounds the probability from below when everything failed, and says that all failed", () => {
    const all = [60, 40].map((n) => ({ n, x: n }));
    const none = [60, 40].map((n) => ({ n, x: 0 }));
    const { low, high, method } = proportionInterval(all);
    expect([low, high]).toEqual([1 - proportionInterval(none).high, 1]);
    expect(low).toBeCloseTo(Math.exp(-6.944272 / 100), 7);
    expect(method).toBe(
      "one-sided bound for 2 boots whose risk varies by up to its mean, which for many boots is the rule of three; all failed, so no spread between boots can show",
    );
    expect(proportionInterval([{ n: 60, x: 60 }]).method).toMatch(
      /^rule of three, one-sided; all failed, and one boot/,
    );
    expect(proportionInterval([{ n: 60, x: 60 }], 0.95, { mayLock: true }).method).toBe(
      "Clopper-Pearson, one-sided, on 1 boot: destinations may lock together on this walk, so a boot in which all fail says nothing of others",
    );
  });

  it("is that of Clopper and Pearson where each boot is one trial, since boots are independent", () => {
    const ofBoots = (hit: number, boots: number) =>
      proportionInterval(Array.from({ length: boots }, (_, boot) => ({ n: 1, x: boot < hit ? 1 : 0 })));
    expect(ofBoots(7, 8)).toMatchObject({
      ...clopperPearson(7, 8, 0.95),
      designEffect: 1,
      method: "Clopper-Pearson, two-sided; each boot is one trial",
    });
    expect(ofBoots(8, 8)).toMatchObject({
      low: expect.closeTo(0.05 ** (1 / 8), 9),
      high: 1,
      method: "Clopper-Pearson, one-sided (rule of three); each boot is one trial",
    });
    expect(ofBoots(0, 8)).toMatchObject({ low: 0, high: expect.closeTo(1 - 0.05 ** (1 / 8), 9) });
  });

  it("moves up with each boot of one trial that is hit", () => {
    const bounds = Array.from({ length: 9 }, (_, hit) =>
      proportionInterval(Array.from({ length: 8 }, (__, boot) => ({ n: 1, x: boot < hit ? 1 : 0 }))),
    );
    for (const [hit, { low, high }] of bounds.entries()) {
      if (hit === 0) continue;
      expect(low).toBeGreaterThan(bounds[hit - 1]!.low);
      expect(high).toBeGreaterThanOrEqual(bounds[hit - 1]!.high);
    }
  });

  it("takes no standard error for less than one failure, or one clump, when boots agree", () => {
    const alike = [80, 80, 80, 80].map((x) => ({ n: 1_000_000, x }));
    expect(4_000_000 * proportionInterval(alike).low).toBeCloseTo(320 * Math.exp(-1.959964 / 320), 2);
    expect(4_000_000 * proportionInterval(alike, 0.99).low).toBeCloseTo(320 * Math.exp(-2.575829 / 320), 2);
    const low = (clump: number): number => 4_000_000 * proportionInterval(alike, 0.95, { clump }).low;
    expect(low(10)).toBeCloseTo(320 * Math.exp(-19.59964 / 320), 1);
    expect(4_000_000 * proportionInterval(alike, 0.95, { mayLock: true }).low).toBeLessThan(low(10));
  });

  // Failures of boots whose risk is an exponential variate: the tails of the negative binomial distribution.
  it.each([
    [[1, 0], 1, "1.00"],
    [[1, 0, 1, 0, 1, 0, 1, 1], 1, "0.43"],
    [[5, 1, 4, 2], 1, "1.11"],
    [[34, 0, 17, 0], 17, "20.78"],
  ] as const)(
    "leaves 2.5 % beyond either bound where few failures vary by up to their mean: %j",
    (xs, clump, effect) => {
      const scale = 1e6;
      const counts = xs.map((x) => ({ n: scale, x }));
      const [boots, events] = [xs.length, xs.reduce<number>((total, x) => total + x, 0) / clump];
      for (const { low, high, method } of [
        proportionInterval(counts, 0.95, { clump }),
        rateInterval(counts, 0.95, { clump }),
      ]) {
        expect(1 - negativeBinomialUpTo(events - 1, boots, (low * scale) / clump)).toBeCloseTo(0.025, 4);
        expect(negativeBinomialUpTo(events, boots, (high * scale) / clump)).toBeCloseTo(0.025, 4);
        expect(method).toBe(
          `Clopper-Pearson for ${boots} boots whose risk varies by up to its mean, design effect ${effect}`,
        );
      }
    },
  );

  it("is Clopper and Pearson's on the effective count, shrunk by (z / t)², where few failures vary by more", () => {
    const counts = [9, 0, 0, 0, 0, 0, 1, 0].map((x) => ({ n: 1_000, x }));
    const { low, high, method, designEffect } = proportionInterval(counts);
    const shrunk = (1.959964 / 2.364624) ** 2 / designEffect; // normal, and Student's t with 7 degrees of freedom, at 97.5 %
    const exact = clopperPearson(10 * shrunk, 8_000 * shrunk, 0.95);
    expect([low, high]).toEqual([expect.closeTo(exact.low, 8), expect.closeTo(exact.high, 8)]);
    expect(method).toBe(
      "Clopper-Pearson on the effective count, shrunk for 8 boots (Korn and Graubard), design effect 7.95",
    );
  });

  it("trusts boots that agree from z² clumps on, and with fewer takes them for boots that vary", () => {
    const methodOf = (clumps: number) =>
      proportionInterval(
        [clumps, clumps].map((x) => ({ n: 1_000_000, x: 10 * x })),
        0.95,
        { clump: 10 },
      ).method;
    expect(methodOf(1)).toMatch(/^Clopper-Pearson for 2 boots whose risk varies/);
    expect(methodOf(2)).toMatch(/^Student's t/);
  });

  it("says something of one failure: no more than ten times as many with eight boots", () => {
    const counts = [0, 0, 1, 0, 0, 0, 0, 0].map((x) => ({ n: 1_000, x }));
    expect(proportionInterval(counts).high).toBeLessThan(10 / 8_000);
    expect(rateInterval(counts).high).toBeLessThan(10 / 8_000);
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

  it("follows the spread between boots, whether it is wider than chance or narrower", () => {
    const width = (xs: readonly number[]): number => {
      const { low, high } = proportionInterval(xs.map((x) => ({ n: 1_000_000, x })));
      return Math.log(high / low);
    };
    const wide = [200, 300, 200, 300, 200, 300, 200, 300];
    const narrow = [245, 255, 245, 255, 245, 255, 245, 255];
    expect(width(wide) / width(narrow)).toBeCloseTo(10, 0);
    const { designEffect, method } = proportionInterval(wide.map((x) => ({ n: 1_000_000, x })));
    expect(designEffect).toBeCloseTo(((8 / 7) * (50 * 50)) / 250 / (1 - 0.00025), 9);
    expect(method).toBe("Student's t on the log scale, 8 boots, 7 degrees of freedom, design effect 11.43");
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

  // A few of the sources of the long test; the standard error is 0.5 %.
  it.each([
    ["independent probes, 20 failures expected", independentProbes(1e-4, 2.5)],
    ["independent probes, 1 failure expected", independentProbes(1e-6, 0.125)],
    ["boots that vary by their mean", exponentialBoots(25)],
    ["a reserved block below a NodePort", sharedCursor({ ...SHARED_CURSORS[4]!, periods: 200 }, 300)],
    ["a shared cursor in 2.5 rounds", sharedCursor(SHARED_CURSORS[1]!, 300)],
  ])("covers the truth in 0.925 to 0.975 of 2,000 studies of 8 boots, or more if failures are few: %s", (_, source) => {
    const share = coverage(source, 8, 2_000);
    expect(share).toBeGreaterThanOrEqual(0.925);
    if (expectedFailures(source, 8).effective >= 20) expect(share).toBeLessThanOrEqual(0.975);
  });

  // Both boots see nothing in 16, 8 and 5 % of studies; the rule of three misses in all of these, this bound in the last.
  it.each([1.5, 2.5, 3.6])("covers the truth of two boots that vary by their mean, %d failures a boot", (failures) => {
    expect(coverage(exponentialBoots(failures), 2, 2_000)).toBeGreaterThanOrEqual(0.925);
  });
});

/** The probability of at most `events` events in `boots` boots of `mean` each, an exponential variate. */
function negativeBinomialUpTo(events: number, boots: number, mean: number): number {
  let term = (1 + mean) ** -boots;
  let total = 0;
  for (let k = 0; k <= events; k += 1) {
    total += term;
    term *= ((k + boots) / (k + 1)) * (mean / (1 + mean));
  }
  return total;
}

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

describe("rateInterval", () => {
  it("bounds a rate when nothing happened: one boot by the rule of three, several as their rates may vary", () => {
    expect(rateInterval([{ n: 2, x: 0 }])).toEqual({
      low: 0,
      high: expect.closeTo(2.995732274 / 2, 8),
      level: 0.95,
      method:
        "rule of three, one-sided; no event seen, and one boot cannot show the variance between boots, which this bound leaves out",
    });
    const { low, high, method } = rateInterval([
      { n: 0.5, x: 0 },
      { n: 1.5, x: 0 },
    ]);
    expect([low, high]).toEqual([0, expect.closeTo(6.944272 / 2, 6)]);
    expect(method).toBe(
      "one-sided bound for 2 boots whose risk varies by up to its mean, which for many boots is the rule of three; no event seen, so no spread between boots can show",
    );
  });

  it("leaves 2.5 % of the Poisson distribution beyond either bound for one boot", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (events) => {
        const { low, high } = rateInterval([{ n: 1, x: events }]);
        expect(1 - poissonUpTo(events - 1, low)).toBeCloseTo(0.025, 9);
        expect(poissonUpTo(events, high)).toBeCloseTo(0.025, 9);
      }),
    );
  });

  it("widens with the spread between boots, and may exceed one event per unit", () => {
    const even = rateInterval([20, 21, 19, 20].map((x) => ({ n: 1, x })));
    const uneven = rateInterval([0, 60, 0, 20].map((x) => ({ n: 1, x })));
    expect(even.low).toBeGreaterThan(18);
    expect(even.high).toBeLessThan(23);
    expect(uneven.low).toBeLessThan(5);
    expect(uneven.high).toBeGreaterThan(60);
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
