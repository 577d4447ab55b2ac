import { describe, expect, it } from "vitest";
import { coverageRow, isAsPromised, promisedSources, STUDY_BOOTS } from "./coverage_table.ts";

// Goal: intervals hold the truth as often as they say. Method: 5,000 synthetic studies of 2 to 50 boots of every source;
// the standard error of a share near 0.95 is 0.003.
describe("proportionInterval over 5,000 studies", () => {
  it.each(promisedSources().map((source) => [source.name, source.truth * source.probes, source] as const))(
    "covers 0.93 to 0.97 of studies with 20 failures expected and at least 0.93 of others: %s, %d failures a boot",
    (_name, _failures, source) => {
      const { covered } = coverageRow(source, 5_000);
      const wrong = covered.flatMap((share, index) =>
        isAsPromised(source, STUDY_BOOTS[index]!, share) ? [] : [`${STUDY_BOOTS[index]} boots: ${share}`],
      );
      expect(wrong).toEqual([]);
    },
  );
});
