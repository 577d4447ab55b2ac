import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exp, ln } from "../../src/sim/distributions.ts";
import {
  chiSquareTail,
  clopperPearson,
  garwood,
  normalQuantile,
  regularizedBeta,
  regularizedGamma,
  studentQuantile,
} from "../../src/study/binomial.ts";

/** Relative distance of `value` from `reference`. */
function distance(value: number, reference: number): number {
  return Math.abs(value / reference - 1);
}

describe("exp", () => {
  it("agrees with Math.exp to 1e-14 wherever the result is a normal number", () => {
    fc.assert(
      fc.property(fc.double({ min: -708, max: 709, noNaN: true }), (x) => {
        expect(distance(exp(x), Math.exp(x))).toBeLessThan(1e-14);
      }),
      { numRuns: 5_000 },
    );
  });

  it("is exactly 1 at 0 and 0 where the result would be subnormal", () => {
    expect([exp(0), exp(-0), exp(-709)]).toEqual([1, 1, 0]);
  });

  it("undoes ln", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        expect(distance(exp(ln(x)), x)).toBeLessThan(1e-12);
      }),
    );
  });

  it("refuses what would overflow", () => {
    expect(() => exp(710)).toThrow("exp takes a number of at most 709");
  });
});

// References computed with 40 digits (mpmath) or with scipy 1.17.
describe("regularizedBeta", () => {
  it.each([
    [0.3, 2, 5, 0.579825],
    [0.01, 0.5, 0.5, 0.06376856085851985],
    [0.9, 0.5, 3.5, 0.9999041540942807],
    [0.999, 30, 2, 0.9995438962809783],
    [1e-9, 5, 1e9, 0.0036598468656644885],
    [7e-9, 5, 1e9, 0.827008395630138],
    [0.5, 1e6, 1e6, 0.5],
    [1e-4, 0.7, 12000.5, 0.8112059668723117],
    // So far above the mean that its series is larger than any number.
    [0.125, 2, 5404, 1],
    [0.25, 2, 5404, 1],
  ])("is the distribution function of beta: at %d with %d and %d", (x, a, b, reference) => {
    expect(distance(regularizedBeta(x, a, b), reference)).toBeLessThan(1e-10);
  });

  it("never falls from one place to a higher one", () => {
    const parameter = fc.integer({ min: -40, max: 140 }).map((twentieths) => 10 ** (twentieths / 20));
    const meansAway = fc.integer({ min: -60, max: 80 }).map((twentieths) => 10 ** (twentieths / 20));
    fc.assert(
      fc.property(parameter, parameter, meansAway, meansAway, (a, b, one, other) => {
        const places = [Math.min(one, other), Math.max(one, other)].map((times) => Math.min(1, (times * a) / (a + b)));
        const [low, high] = places.map((x) => regularizedBeta(x, a, b));
        expect(low).toBeLessThanOrEqual(high! + 1e-9);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is the binomial tail summed term by term", () => {
    const arbitrary = fc.tuple(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    );
    fc.assert(
      fc.property(arbitrary, ([a, b, x]) => {
        const n = a + b - 1;
        let coefficient = 1;
        let tail = 0;
        for (let k = 0; k <= n; k += 1) {
          if (k >= a) tail += coefficient * x ** k * (1 - x) ** (n - k);
          coefficient *= (n - k) / (k + 1);
        }
        expect(regularizedBeta(x, a, b)).toBeCloseTo(tail, 12);
      }),
    );
  });
});

describe("regularizedGamma", () => {
  it.each([
    [0.5, 1.92, 0.9499564787512952],
    [5, 2, 0.05265301734371115],
    [100, 130, 0.9972495916326934],
    [1e6, 1_001_000, 0.8413447863683403],
    [3.5, 0.01, 8.530580469427e-9],
  ])("is the distribution function of gamma: shape %d at %d", (shape, x, reference) => {
    expect(distance(regularizedGamma(shape, x), reference)).toBeLessThan(1e-11);
  });

  it("gives the 5 % points of chi-square", () => {
    expect(chiSquareTail(3.841458820694124, 1)).toBeCloseTo(0.05, 12);
    expect(chiSquareTail(14.067140449340169, 7)).toBeCloseTo(0.05, 12);
  });
});

describe("quantiles", () => {
  it("of the normal distribution are those of the tables", () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.995)).toBeCloseTo(2.5758293035489004, 12);
    expect(normalQuantile(0.1)).toBeCloseTo(-1.2815515655446004, 12);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 12);
  });

  it("of Student's t are those of the tables", () => {
    expect(studentQuantile(0.975, 1)).toBeCloseTo(12.706204736174698, 9);
    expect(studentQuantile(0.975, 2)).toBeCloseTo(4.302652729749462, 11);
    expect(studentQuantile(0.995, 3)).toBeCloseTo(5.840909309733355, 11);
    expect(studentQuantile(0.025, 7)).toBeCloseTo(-2.3646242515927844, 11);
    expect(studentQuantile(0.975, 1e6)).toBeCloseTo(1.9599663568, 9);
  });
});

describe("clopperPearson", () => {
  it.each([
    { failures: 0, trials: 1000, level: 0.95, low: 0, high: 0.0036820838968655 },
    { failures: 5, trials: 9_780_000, level: 0.95, low: 1.6600067355520126e-7, high: 1.19308058e-6 },
    { failures: 1.7, trials: 33.3, level: 0.9, low: 0.007325595945797272, high: 0.16486820587026288 },
    { failures: 20, trials: 20, level: 0.99, low: 0.005 ** (1 / 20), high: 1 },
  ])("bounds $failures of $trials at level $level", ({ failures, trials, level, low, high }) => {
    const bounds = clopperPearson(failures, trials, level);
    expect(Math.abs(bounds.low - low)).toBeLessThanOrEqual(1e-8 * low);
    expect(distance(bounds.high, high)).toBeLessThan(1e-8);
  });

  it("has bounds for a small fraction of a failure, down to 0 where no number is small enough", () => {
    expect(distance(clopperPearson(0.024, 1000, 0.95).low, 1.0117678445739e-70)).toBeLessThan(1e-9);
    expect(clopperPearson(0.001, 1000, 0.95).low).toBe(0);
  });

  it("leaves half of the error to each side", () => {
    const arbitrary = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.constantFrom(0.8, 0.95, 0.99));
    fc.assert(
      fc.property(arbitrary, ([failures, level]) => {
        const { low, high } = clopperPearson(failures, 100, level);
        expect(regularizedBeta(low, failures, 101 - failures)).toBeCloseTo((1 - level) / 2, 10);
        expect(regularizedBeta(high, failures + 1, 100 - failures)).toBeCloseTo((1 + level) / 2, 10);
      }),
      { numRuns: 50 },
    );
  });
});

describe("garwood", () => {
  it("is 0 to 3.69 when nothing was counted, at 95 %", () => {
    const { low, high } = garwood(0, 0.95);
    expect(low).toBe(0);
    expect(high).toBeCloseTo(-Math.log(0.025), 12);
  });

  it("bounds a count of 304 as the chi-square quantiles do", () => {
    const { low, high } = garwood(304, 0.95);
    expect(low).toBeCloseTo(270.7836450799721, 9);
    expect(high).toBeCloseTo(340.16638881078734, 9);
  });
});
