import { describe, expect, it } from "vitest";
import { SequentialTest, type SequentialVerdict } from "../../../src/check/properties/sequential_test.ts";
import { RandomStream } from "../../../src/sim/random.ts";

/** A test over boots of which each shows 1 with the given probability and 0 else. */
function verdictOf(share: number, limit: number, stream: RandomStream): SequentialVerdict {
  const test = new SequentialTest({ limit, falseAlarm: 0.05 });
  for (let boot = 0; boot < 400 && test.verdict === "undecided"; boot += 1) test.add(stream.uniform() < share ? 1 : 0);
  return test.verdict;
}

function shareOf(verdict: SequentialVerdict, share: number, limit: number): number {
  const stream = new RandomStream(`sequential ${share} ${limit}`);
  const runs = 1_000;
  let count = 0;
  for (let run = 0; run < runs; run += 1) if (verdictOf(share, limit, stream) === verdict) count += 1;
  return count / runs;
}

describe("SequentialTest", () => {
  it("calls a share at the limit above it in 5 % of all cases at most, however often one looks", () => {
    expect(shareOf("above", 0.1, 0.1)).toBeLessThan(0.05 + 0.014);
  });

  it("calls a share at the limit below it in 5 % of all cases at most", () => {
    expect(shareOf("below", 0.1, 0.1)).toBeLessThan(0.05 + 0.014);
  });

  it("finds a share of three times the limit", () => {
    expect(shareOf("above", 0.3, 0.1)).toBeGreaterThan(0.99);
  });

  it("finds a share of a tenth of the limit", () => {
    expect(shareOf("below", 0.05, 0.5)).toBeGreaterThan(0.99);
  });

  it("is undecided before it has seen anything, and by a small limit for long", () => {
    expect(new SequentialTest({ limit: 0.1, falseAlarm: 0.01 }).verdict).toBe("undecided");
    expect(shareOf("undecided", 0, 1e-4)).toBe(1);
  });
});
