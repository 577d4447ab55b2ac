import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proportionInterval } from "../../src/study/intervals.ts";
import { decide, firstRound, lookOf, relativeHalfWidth } from "../../src/study/stopping_rule.ts";
import type { LookResult, Spending, StoppingRule } from "../../src/study/stopping_rule.ts";
import { independentProbes } from "./synthetic_boots.ts";

const HOUR = 3_600e6;
const spent: Spending = { first: 8, replicationTime: HOUR, cpuSeconds: 4 };

/** A look at 8 replications whose interval has this relative half-width. */
function lookWith(width: number, changes: Partial<LookResult> = {}): LookResult {
  return {
    number: 2,
    level: 0.95,
    replications: 8,
    probability: 1e-4,
    low: 1e-4 * (1 - width),
    high: 1e-4 * (1 + width),
    exact: 1e-4,
    ...changes,
  };
}

describe("decide", () => {
  it("stops as soon as the relative half-width is what was asked for", () => {
    expect(decide({ precision: 0.1 }, lookWith(0.099), spent)).toEqual({
      kind: "stop",
      isReached: true,
      why: "the interval is within 9.9 % of the estimate",
    });
  });

  it("goes on to what the width asks for and a reserve, within a quarter and three times more", () => {
    expect(decide({ precision: 0.1 }, lookWith(0.15), spent)).toEqual({ kind: "more", replications: 24 });
    expect(decide({ precision: 0.1 }, lookWith(0.101), spent)).toEqual({ kind: "more", replications: 11 });
    expect(decide({ precision: 0.1 }, lookWith(3), spent)).toEqual({ kind: "more", replications: 32 });
  });

  it("goes on without a failure, unless the exact value is 0", () => {
    const none = { probability: 0, low: 0, high: 1e-6 };
    expect(decide({ precision: 0.1 }, lookWith(1, none), spent)).toEqual({ kind: "more", replications: 32 });
    expect(decide({ precision: 0.1 }, lookWith(1, { ...none, exact: 0 }), spent)).toEqual({
      kind: "stop",
      isReached: false,
      why: "the exact value is 0, and nothing failed",
    });
  });

  it.each<[string, StoppingRule, number]>([
    ["100 times the first round without one", { precision: 0.01 }, 800],
    ["simulated time", { precision: 0.01, budget: 700 * HOUR }, 700],
    ["CPU seconds, by what the replications have cost so far", { precision: 0.01, cpuBudgetSeconds: 8 }, 400],
    ["the smaller of two", { precision: 0.01, budget: 300 * HOUR, cpuBudgetSeconds: 8 }, 300],
  ])("never exceeds the budget: %s", (_, rule, most) => {
    expect(decide(rule, lookWith(0.9, { replications: 200 }), spent)).toEqual({ kind: "more", replications: most });
    expect(decide(rule, lookWith(0.9, { replications: most }), { ...spent, cpuSeconds: 1e9 })).toEqual({
      kind: "stop",
      isReached: false,
      why: "the budget is spent, and the interval is ±90 % wide",
    });
  });

  it("ends after few looks, whatever they see", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.11, max: 5, noNaN: true }), { minLength: 30, maxLength: 30 }),
        (widths) => {
          let replications = 8;
          let looks = 0;
          for (const width of widths) {
            looks += 1;
            const decision = decide({ precision: 0.1 }, lookWith(width, { replications }), spent);
            if (decision.kind === "stop") break;
            expect(decision.replications).toBeGreaterThan(replications);
            replications = decision.replications;
          }
          expect(replications).toBeLessThanOrEqual(800);
          expect(looks).toBeLessThan(25);
        },
      ),
    );
  });
});

describe("lookOf", () => {
  it("spends no more than the error of the stated level over all looks", () => {
    let error = 0;
    for (let number = 1; number <= 10_000; number += 1) error += 1 - lookOf(number, 0.95).level;
    expect(error).toBeLessThan(0.05);
    expect(error).toBeGreaterThan(0.0499);
    expect([1, 2, 3].map((number) => lookOf(number, 0.95).level)).toEqual(
      [0.995, 0.965, 0.995].map((l) => expect.closeTo(l, 12)),
    );
  });
});

describe("relativeHalfWidth", () => {
  it("is infinite without a failure", () => {
    expect(relativeHalfWidth({ probability: 0, low: 0, high: 1e-6 })).toBe(Infinity);
  });
});

// Goal: an interval that has been looked at until it was narrow still holds the truth. Method: 1,000 studies of
// independent probes that stop by the rule at ±20 %; the standard error of a share near 0.97 is 0.6 %.
describe("A study that stops at a precision", () => {
  it("holds the truth at least as often as its level says", () => {
    const source = independentProbes(1e-3, 5);
    let covered = 0;
    for (let study = 0; study < 1_000; study += 1) {
      const counts = Array.from({ length: firstRound(8) }, () => source.draw());
      for (let number = 1; ; number += 1) {
        const { low, high } = proportionInterval(counts, lookOf(number, 0.95).level);
        const probability = counts.reduce((sum, { x }) => sum + x, 0) / counts.reduce((sum, { n }) => sum + n, 0);
        const look = { number, level: 0.95, replications: counts.length, probability, low, high, exact: undefined };
        const decision = decide({ precision: 0.2 }, look, spent);
        if (decision.kind === "stop") {
          if (low <= source.truth && source.truth <= high) covered += 1;
          break;
        }
        while (counts.length < decision.replications) counts.push(source.draw());
      }
    }
    expect(covered / 1_000).toBeGreaterThanOrEqual(0.95);
  });
});
