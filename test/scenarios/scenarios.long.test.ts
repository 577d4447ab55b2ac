import { describe, expect, it } from "vitest";
import { failedExpectations, runScenario } from "./run_scenario.ts";
import { SCENARIOS } from "./scenario_table.ts";

// Goal: each scenario shows what it says, whole. Method: as in scenarios.test.ts, with nothing cut.
describe("The whole scenarios", () => {
  it.each(SCENARIOS)("hold what they expect: $file", ({ file }) => {
    expect(failedExpectations(runScenario(file, []))).toEqual([]);
  });

  it.each(SCENARIOS)("do not hold it without the cause: $file", ({ file, removed }) => {
    expect(failedExpectations(runScenario(file, removed))).not.toEqual([]);
  });

  it("reach the verdicts of the incidents' audits", () => {
    const opener = runScenario("port-opener-removed.yaml", []).audit!;
    expect([opener.isCause, opener.explainedBy]).toEqual(["no", ["before", "old-kube-proxy", "reserved"]]);
    const silent = runScenario("health-checks-silent.yaml", []).audit!;
    expect([silent.isCause, silent.explainedBy]).toEqual(["yes", ["reserved", "default-range", "held-ports"]]);
  });
});
