import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tooDeepInJson } from "../../src/scenario/json_depth.ts";

describe("tooDeepInJson", () => {
  it("finds the 201st level, of lists and of objects", () => {
    expect(tooDeepInJson("[".repeat(200) + "]".repeat(200))).toBeUndefined();
    expect(tooDeepInJson("[".repeat(201))).toBe(200);
    expect(tooDeepInJson('{"a":'.repeat(201))).toBe(1000);
  });

  it("counts no bracket inside a string, whatever stands before its quotes", () => {
    expect(tooDeepInJson(JSON.stringify(["[".repeat(500), '"\\'.repeat(50), "[".repeat(500)]))).toBeUndefined();
  });

  it("has nothing to say about any JSON that is not deep", () => {
    fc.assert(fc.property(fc.json({ maxDepth: 20 }), (text) => tooDeepInJson(text) === undefined));
  });
});
