import { describe, expect, it } from "vitest";
import { ruleOf, SequenceRules } from "../../../src/kernel/flow/exchange_sequences.ts";

const INITIAL = [
  [100, 5000],
  [2_147_483_647, -7],
] as const;

describe("ruleOf", () => {
  it("finds a number that never changes", () => {
    expect(ruleOf(INITIAL, [0, 0])).toEqual({ base: 0, offset: 0 });
  });

  it("finds a number that follows the client's, round the end of 32 bits", () => {
    expect(ruleOf(INITIAL, [102, -2_147_483_647])).toEqual({ base: 1, offset: 2 });
  });

  it("finds a number that follows the server's", () => {
    expect(ruleOf(INITIAL, [5001, -6])).toEqual({ base: 2, offset: 1 });
  });

  it("finds no rule for numbers that follow neither", () => {
    expect(ruleOf(INITIAL, [1, 2])).toBeUndefined();
  });
});

describe("SequenceRules", () => {
  it("gives the numbers of another connection", () => {
    const rules = new SequenceRules([
      { base: 0, offset: 3 },
      { base: 1, offset: 2 },
      { base: 2, offset: -1 },
    ]);
    expect([0, 1, 2].map((rule) => rules.value(rule, 2_147_483_647, 10))).toEqual([3, -2_147_483_647, 9]);
  });
});
