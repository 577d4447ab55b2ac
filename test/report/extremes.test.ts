import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largestOf, leastOf } from "../../src/report/extremes.ts";

describe("largestOf and leastOf", () => {
  it("are the ends of the numbers in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (numbers) => {
        const ordered = numbers.toSorted((a, b) => a - b);
        expect([leastOf(numbers), largestOf(numbers)]).toEqual([ordered[0], ordered.at(-1)]);
      }),
    );
  });

  it("take more numbers than a call may have arguments", () => {
    const numbers = Array.from({ length: 2_000_000 }, (_, index) => index);
    expect([leastOf(numbers), largestOf(numbers)]).toEqual([0, 1_999_999]);
  });

  it("are beyond every number where there is none", () => {
    expect([leastOf([]), largestOf([])]).toEqual([Infinity, -Infinity]);
  });
});
