import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exp, exponential, ln } from "../../src/sim/distributions.ts";
import { RandomStream } from "../../src/sim/random.ts";

/** The gap between a double and the next one. */
function ulp(value: number): number {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, Math.abs(value));
  bytes.setBigUint64(0, bytes.getBigUint64(0) + 1n);
  return bytes.getFloat64(0) - Math.abs(value);
}

describe("ln", () => {
  /** How many ulp it is off. Math.log of this engine may be off by 1 itself, hence 3 below where ln promises 2. */
  const error = (x: number): number => Math.abs(ln(x) - Math.log(x)) / ulp(Math.log(x));

  it("is within 2 ulp of the logarithm of any positive normal number", () => {
    const doubles = fc.double({ min: 2.2250738585072014e-308, max: 1.7976931348623157e308, noNaN: true });
    fc.assert(
      fc.property(doubles, (x) => {
        expect(error(x)).toBeLessThanOrEqual(3);
      }),
      { numRuns: 5000 },
    );
  });

  it("is within 2 ulp close to 1 and at every power of two", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 2, noNaN: true }), (x) => {
        expect(error(x)).toBeLessThanOrEqual(3);
      }),
      { numRuns: 5000 },
    );
    let worst = 0;
    for (let exponent = -1022; exponent <= 1023; exponent += 1) worst = Math.max(worst, error(2 ** exponent));
    for (let draw = 1; draw <= 2000; draw += 1) worst = Math.max(worst, error(1 - draw / 4294967296));
    expect(worst).toBeLessThanOrEqual(3);
  });

  it("is exactly 0 at 1 and refuses what has no logarithm", () => {
    expect(ln(1)).toBe(0);
    for (const x of [0, -1, NaN, Infinity, 5e-324]) expect(() => ln(x)).toThrow("ln takes a positive normal number");
  });
});

describe("exp", () => {
  it("is within 4e-16 of the exponential, relatively, and undoes ln", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        // Math.exp of this engine may itself be 1 ulp (2.2e-16) off.
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(7e-16);
        expect(Math.abs(ln(exp(x)) - x)).toBeLessThan(1e-15 * Math.max(1, Math.abs(x)));
      }),
      { numRuns: 3000 },
    );
    expect([exp(0), exp(-1000)]).toEqual([1, 0]);
    expect(() => exp(710)).toThrow("exp takes a number of at most 709");
  });
});

describe("exponential", () => {
  it("has the mean that was asked for and as large a standard deviation", () => {
    const stream = new RandomStream("exponential");
    const count = 200_000;
    let sum = 0;
    let squares = 0;
    for (let draw = 0; draw < count; draw += 1) {
      const value = exponential(stream, 3);
      sum += value;
      squares += value * value;
    }
    const mean = sum / count;
    const deviation = Math.sqrt(squares / count - mean * mean);
    // The standard error of the mean is 0.0067, that of the deviation 0.0095: five of them.
    expect(Math.abs(mean - 3)).toBeLessThan(0.034);
    expect(Math.abs(deviation - 3)).toBeLessThan(0.048);
  });

  it("is never negative and at most 22.2 means", () => {
    const stream = new RandomStream("bounds");
    for (let draw = 0; draw < 20_000; draw += 1) {
      const value = exponential(stream, 1);
      expect(value >= 0 && value <= 22.2).toBe(true);
    }
    expect(-ln(1 / 4294967296)).toBeLessThan(22.2);
  });
});
