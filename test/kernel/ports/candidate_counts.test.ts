import { describe, expect, it } from "vitest";
import { CandidateCounts } from "../../../src/kernel/ports/candidate_counts.ts";

describe("CandidateCounts", () => {
  it("has a place for each number up to 63, and one for all above", () => {
    const counts = new CandidateCounts();
    for (const examined of [1, 1, 63, 64, 65, 28_232]) counts.add(examined);
    const { histogram } = counts;
    expect([histogram[1], histogram[2], histogram[63], histogram[64], histogram.length]).toEqual([2, 0, 1, 3, 65]);
    expect([counts.sum, counts.max]).toEqual([1 + 1 + 63 + 64 + 65 + 28_232, 28_232]);
  });

  it("begins anew once it has forgotten", () => {
    const counts = new CandidateCounts();
    counts.add(7);
    counts.forget();
    counts.add(2);
    expect([counts.sum, counts.max, counts.histogram[7], counts.histogram[2]]).toEqual([2, 2, 0, 1]);
  });
});
