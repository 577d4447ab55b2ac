import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { failedExpectations, runScenario } from "./run_scenario.ts";
import { SCENARIOS } from "./scenario_table.ts";

// Goal: each scenario shows what it says, and shows it because of the cause it says.
// Method: cut down to seconds; with the cause taken away an expectation must fail. The seeds are fixed, so a cut that
// holds holds every time. Whole runs are in scenarios.long.test.ts.

describe("The scenarios", () => {
  it("are all in the table", () => {
    const files = readdirSync(new URL("../../scenarios", import.meta.url)).filter((file) => file.endsWith(".yaml"));
    expect(SCENARIOS.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
  });

  it.each(SCENARIOS)("hold what they expect, cut down: $file", ({ file, cut }) => {
    expect(failedExpectations(runScenario(file, cut))).toEqual([]);
  });

  it.each(SCENARIOS)("do not hold it without the cause: $file", ({ file, cut, removed }) => {
    expect(failedExpectations(runScenario(file, [...cut, ...removed]))).not.toEqual([]);
  });
});
