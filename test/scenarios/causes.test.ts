import { describe, expect, it } from "vitest";
import { failedExpectations, runScenario } from "./run_scenario.ts";
import { SCENARIOS } from "./scenario_table.ts";

// Goal: each scenario shows what it says because of the cause it says: with the cause taken away an expectation fails.
// Method: cut down to seconds, in a file of its own so that another core can take it. Whole runs are in
// scenarios.long.test.ts.

describe("The scenarios without their cause", () => {
  it.each(SCENARIOS)("do not hold what they expect: $file", ({ file, cut, removed }) => {
    expect(failedExpectations(runScenario(file, [...cut, ...removed]))).not.toEqual([]);
  });
});
