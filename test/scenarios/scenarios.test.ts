import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { failedExpectations, runScenario } from "./run_scenario.ts";
import { SCENARIOS } from "./scenario_table.ts";

// Goal: each scenario shows what it says. Method: cut down to seconds. The seeds are fixed, so a cut that holds holds
// every time. Whole runs are in scenarios.long.test.ts; what happens without the cause is in causes.test.ts.

describe("The scenarios", () => {
  it("are all in the table", () => {
    const files = readdirSync(new URL("../../scenarios", import.meta.url)).filter((file) => file.endsWith(".yaml"));
    expect(SCENARIOS.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
  });

  it.each(SCENARIOS)("hold what they expect, cut down: $file", ({ file, cut }) => {
    expect(failedExpectations(runScenario(file, cut))).toEqual([]);
  });
});
