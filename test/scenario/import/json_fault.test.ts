import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonFault } from "../../../src/scenario/import/json_fault.ts";

describe("jsonFault", () => {
  it.each([
    ['{"a": [1, 2}', 11],
    ['{"a" 1}', 5],
    ['{"a": 01}', 6],
    ["[1,]", 3],
    ["[1] 2", 4],
    ["{a: 1}", 1],
    ['["a\nb"]', 1],
    ['["\\x"]', 1],
  ])("finds the first token that cannot stand there: %s", (text, offset) => {
    expect(jsonFault(text)).toBe(offset);
  });

  it("is the end of every text that is cut off", () => {
    fc.assert(
      fc.property(fc.json(), fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
        const cut = `[${text}, [${text}`.slice(0, 1 + Math.floor((text.length * 2 + 3) * share));
        expect(jsonFault(cut)).toBe(cut.length);
      }),
    );
  });
});
