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

  it("are beyond every number where there is none", () => {
    expect([leastOf([]), largestOf([])]).toEqual([Infinity, -Infinity]);
  });
});
