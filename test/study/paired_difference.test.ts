import { describe, expect, it } from "vitest";
import { pairedDifference } from "../../src/study/paired_difference.ts";
import type { PairedBoot } from "../../src/study/paired_difference.ts";
import { pairedCoverage } from "./paired_coverage.ts";

function boots(...counts: readonly (readonly [a: number, b: number])[]): PairedBoot[] {
  return counts.map(([a, b]) => ({ a: { events: a, among: 1000 }, b: { events: b, among: 1000 } }));
}

function pearson(pairs: readonly PairedBoot[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [as, bs] = [pairs.map(({ a }) => a.events), pairs.map(({ b }) => b.events)];
  const covariance = (x: readonly number[], y: readonly number[]): number =>
    mean(x.map((value, index) => value * y[index]!)) - mean(x) * mean(y);
  return covariance(as, bs) / Math.sqrt(covariance(as, as) * covariance(bs, bs));
}

describe("pairedDifference", () => {
  it("is B less A, pooled over boots of any size", () => {
    const pairs = [
      { a: { events: 1, among: 100 }, b: { events: 6, among: 300 } },
      { a: { events: 3, among: 300 }, b: { events: 2, among: 100 } },
    ];
    expect(pairedDifference(pairs, "proportion")).toMatchObject({ a: 0.01, b: 0.02, difference: 0.01 });
  });

  it("takes Student's t of the differences for levels", () => {
    // Differences 1, 2, 3: mean 2, standard error 1/sqrt(3), and t is 4.302653 with 2 degrees of freedom.
    const levels = [1, 2, 3].map((by, boot) => ({
      a: { events: 10 * boot, among: 1 },
      b: { events: 10 * boot + by, among: 1 },
    }));
    const { interval, varianceReduction } = pairedDifference(levels, "level");
    expect(interval.low).toBeCloseTo(2 - 4.302653 / Math.sqrt(3), 5);
    expect(interval.high).toBeCloseTo(2 + 4.302653 / Math.sqrt(3), 5);
    // Variances of 100 and 121 against one of 1.
    expect(varianceReduction).toBeCloseTo(221, 9);
  });

  it("says that pairing is of no use where one side goes up as the other goes down", () => {
    expect(pairedDifference(boots([10, 20], [20, 10]), "rate").varianceReduction).toBe(0.5);
  });

  it("has no variance reduction where nothing varies", () => {
    expect(pairedDifference(boots([5, 5], [5, 5]), "rate").varianceReduction).toBeNull();
  });

  it("bounds the difference of two zeros by what could have been missed", () => {
    // Garwood's upper bound of 0 is 3.688879 events.
    const { low, high } = pairedDifference(boots([0, 0], [0, 0]), "rate").interval;
    expect([low * 2000, high * 2000].map((bound) => bound.toFixed(4))).toEqual(["-3.6889", "3.6889"]);
  });

  it("gives a side without events the other side's spread", () => {
    const even = pairedDifference(boots([0, 10], [0, 10], [0, 10], [0, 10]), "rate").interval;
    const uneven = pairedDifference(boots([0, 0], [0, 20], [0, 0], [0, 20]), "rate").interval;
    expect(uneven.low).toBeLessThan(0);
    expect(even.low).toBeGreaterThan(0);
  });

  it("uses a correlation only from four boots on, and less than is seen", () => {
    const three = boots([10, 14], [40, 33], [90, 99]);
    expect(pairedDifference(three, "rate").interval.method).toContain("correlation 0.00,");
    const six = [...three, ...boots([20, 25], [60, 50], [30, 38])];
    const trusted = Math.tanh(Math.atanh(pearson(six)) - 1.644854 / Math.sqrt(6 - 3));
    expect(pearson(six)).toBeCloseTo(0.964, 3);
    expect(pairedDifference(six, "rate").interval.method).toContain(`correlation ${trusted.toFixed(2)},`);
  });

  it.each([
    { boots: 8, onlyA: 25, onlyB: 25, shared: 0, shape: 0 },
    { boots: 8, onlyA: 40, onlyB: 80, shared: 0, shape: 4 },
    { boots: 8, onlyA: 0, onlyB: 20, shared: 0, shape: 1 },
    { boots: 4, onlyA: 30, onlyB: 300, shared: 0, shape: 4 },
    { boots: 4, onlyA: 5, onlyB: 5, shared: 40, shape: 0 },
  ])("contains the true difference in at least 93 of 100 experiments: %o", (world) => {
    expect(pairedCoverage(world, "rate", 200)).toBeGreaterThanOrEqual(0.93);
  });
});
