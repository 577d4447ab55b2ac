import { describe, expect, it } from "vitest";
import { coverage } from "./coverage.ts";

// Goal: intervals contain the truth as often as they say. Method: 10,000 synthetic experiments of 8 boots for every
// pair of expected count and spread; the standard error of a share near 0.94 is 0.0024.
describe("proportionInterval over 10,000 experiments", () => {
  const counts = [5, 10, 20, 50, 200];
  const shapes = [0, 8, 4, 2, 1];
  it.each(shapes.flatMap((shape) => counts.map((failures) => [failures, shape] as const)))(
    "covers at least 93 % with 8 boots, %d failures expected and gamma shape %d (0 = no spread)",
    (failures, shape) => {
      expect(coverage({ boots: 8, failures, shape }, 10_000)).toBeGreaterThanOrEqual(0.93);
    },
  );

  it.each([3, 4, 30])("covers at least 93 % with %d boots that vary by their mean", (boots) => {
    for (const failures of [20, 200]) {
      expect(coverage({ boots, failures, shape: 1 }, 10_000)).toBeGreaterThanOrEqual(0.93);
    }
  });
});
