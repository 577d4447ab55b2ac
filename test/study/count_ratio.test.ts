import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { RandomStreams } from "../../src/sim/random.ts";
import { countRatio, type PairedCount } from "../../src/study/count_ratio.ts";

const pair = fc.record({ standing: fc.nat({ max: 500 }), varied: fc.nat({ max: 500 }) });
const swapped = (counts: readonly PairedCount[]): PairedCount[] =>
  counts.map(({ standing, varied }) => ({ standing: varied, varied: standing }));

/** Independent events of a mean, counted in 1000 steps (a binomial count, near enough to Poisson's). */
function eventsOf(mean: number, random: { uniform(): number }): number {
  let count = 0;
  for (let step = 0; step < 1000; step += 1) if (random.uniform() < mean / 1000) count += 1;
  return count;
}

describe("countRatio", () => {
  it("contains the ratio that was seen, and turns round with its sides", () => {
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 9 }), (counts) => {
        const { ratio, low, high } = countRatio(counts);
        fc.pre(!Number.isNaN(ratio));
        expect(low).toBeLessThanOrEqual(ratio);
        expect(high).toBeGreaterThanOrEqual(ratio);
        const other = countRatio(swapped(counts));
        expect(1 / other.high).toBeCloseTo(low, 8);
      }),
      { numRuns: 200 },
    );
  });

  it("bounds a ratio of nothing to 10 events of independent boots by the exact binomial interval", () => {
    const { ratio, low, high } = countRatio([{ standing: 10, varied: 0 }]);
    const share = 1 - 0.025 ** (1 / 10);
    expect([ratio, low]).toEqual([0, 0]);
    expect(high).toBeCloseTo(share / (1 - share), 9);
  });

  it("says nothing of two counts of nothing", () => {
    expect(countRatio([{ standing: 0, varied: 0 }])).toMatchObject({ ratio: Number.NaN, low: 0, high: Infinity });
  });

  it("takes all events of one boot as few, where the others have none", () => {
    const even = countRatio([5, 5, 5, 5].map((standing) => ({ standing, varied: 0 })));
    const clumped = countRatio([20, 0, 0, 0].map((standing) => ({ standing, varied: 0 })));
    expect(even.high).toBeLessThan(0.7);
    expect(clumped.high).toBeGreaterThan(3);
  });

  it("drops what makes whole boots differ", () => {
    const counts = [100, 10, 400, 30].map((mean) => ({ standing: mean, varied: mean / 2 }));
    expect(countRatio(counts).method).toContain("spread 1.00");
    expect(countRatio(counts).ratio).toBeCloseTo(0.5, 12);
  });

  // Goal: the interval contains the true ratio as often as it says. Method: 600 experiments of 8 boots each, with events
  // that come independently; the standard error of a share near 0.95 is 0.9 %.
  it.each([
    [6, 6],
    [12, 3],
    [2, 1],
  ])("covers the truth in at least 93 %% of experiments with %d and %d events a boot", (standing, varied) => {
    const random = new RandomStreams("count ratio", 0).stream(`${standing} ${varied}`);
    let covered = 0;
    for (let experiment = 0; experiment < 600; experiment += 1) {
      const counts = Array.from({ length: 8 }, () => ({
        standing: eventsOf(standing, random),
        varied: eventsOf(varied, random),
      }));
      const { low, high } = countRatio(counts);
      if (low <= varied / standing && varied / standing <= high) covered += 1;
    }
    expect(covered / 600).toBeGreaterThanOrEqual(0.93);
  });
});
