import { describe, expect, it } from "vitest";
import { pilotVerdict } from "../../src/study/pilot_verdict.ts";
import type { PilotBoot } from "../../src/study/pilot_verdict.ts";
import { exponential } from "../../src/sim/distributions.ts";
import { RandomStream } from "../../src/sim/random.ts";

/** Boots of 8,000 probes each, with these failures. */
function boots(failed: readonly number[], probability: number): PilotBoot[] {
  return failed.map((count) => ({ probes: 8_000, failed: count, probability }));
}

/** A Poisson count. */
function poisson(stream: RandomStream, mean: number): number {
  let count = 0;
  for (let time = exponential(stream, 1); time <= mean; time += exponential(stream, 1)) count += 1;
  return count;
}

/** The share of pilots of 8 boots that contradict, at a level; failures come in clumps of so many. */
function contradicted(given: {
  readonly truth: number;
  readonly exact: number;
  readonly clump: number;
  readonly level: number;
}): number {
  const stream = new RandomStream(`pilots ${JSON.stringify(given)}`);
  const pilots = 2_000;
  let refused = 0;
  for (let pilot = 0; pilot < pilots; pilot += 1) {
    const failed = Array.from({ length: 8 }, () => given.clump * poisson(stream, (8_000 * given.truth) / given.clump));
    if (pilotVerdict(boots(failed, given.exact), given.clump).pValue < given.level) refused += 1;
  }
  return refused / pilots;
}

describe("pilotVerdict", () => {
  it("is twice the smaller tail of the binomial distribution", () => {
    // Of 16,000 probes with 1/16,000 each at least 5 fail with probability 0.0036596.
    const verdict = pilotVerdict(boots([2, 3], 1 / 16_000), 1);
    expect(verdict).toMatchObject({ failed: 5, expected: 1, designEffect: 1 });
    expect(verdict.pValue).toBeCloseTo(2 * 0.003659, 5);
  });

  it("refuses 0 and 1 at the first case to the contrary", () => {
    expect(pilotVerdict(boots([0, 1], 0), 1).pValue).toBe(0);
    expect(pilotVerdict(boots([8_000, 7_999], 1), 1).pValue).toBe(0);
    expect(pilotVerdict(boots([0, 0], 0), 1).pValue).toBe(1);
    expect(pilotVerdict(boots([8_000, 8_000], 1), 1).pValue).toBe(1);
  });

  it("takes failures for one that come together", () => {
    expect(pilotVerdict(boots([9, 0, 0, 0, 0, 0, 0, 0], 1e-5), 1).designEffect).toBeCloseTo(9, 12);
    const none = boots([0, 0, 0, 0, 0, 0, 0, 0], 2e-4);
    expect(pilotVerdict(none, 1).pValue).toBeLessThan(1e-4);
    expect(pilotVerdict(none, 9).pValue).toBeGreaterThan(0.1);
  });

  it("compares each boot with the value of its own NodePorts", () => {
    const own = [1, 2, 3, 4].map((level) => ({ probes: 1_000, failed: 10 * level, probability: level / 100 }));
    expect(pilotVerdict(own, 1)).toMatchObject({ expected: 100, designEffect: 1 });
  });

  it.each([
    { truth: 2e-4, clump: 1 },
    { truth: 2e-3, clump: 1 },
    { truth: 2e-4, clump: 4 },
    { truth: 1e-3, clump: 9 },
  ])("refuses right values no more often than stated: %o", ({ truth, clump }) => {
    expect(contradicted({ truth, exact: truth, clump, level: 0.01 })).toBeLessThanOrEqual(0.015);
  });

  it("finds most values that are three times too low", () => {
    expect(contradicted({ truth: 6e-4, exact: 2e-4, clump: 1, level: 0.01 / 60 })).toBeGreaterThan(0.8);
  });

  it("finds a value that is five times too high where many failures are expected", () => {
    expect(contradicted({ truth: 2e-4, exact: 1e-3, clump: 1, level: 0.01 / 60 })).toBeGreaterThan(0.95);
  });
});
