import { describe, expect, it } from "vitest";
import { FAILURE_CAUSES } from "../../src/cluster/replication_result.ts";
import { CAUSE_NAMES, FIGURE_PATHS } from "../../src/scenario/expectation_section.ts";
import { diagnosticsOf, smallScenarioWith } from "./small_scenario.ts";

describe("the figures that can be expected", () => {
  it("have the causes of failure that results have", () => {
    expect(CAUSE_NAMES).toEqual(FAILURE_CAUSES);
  });

  it.each([
    ...FIGURE_PATHS,
    "counters.TcpActiveOpens",
    "ports.timeWaitByAddress.10.23.77.129",
    "workloads.zabbix.failed",
    "workloads.node-local-dns.byCause.port-exhaustion",
  ])("include %s", (path) => {
    expect(diagnosticsOf(smallScenarioWith("probes.probability", path))).toBe("none");
  });

  it.each([
    "probes",
    "probes.byCause",
    "workloads.nobody.failed",
    "counters.a.b",
    "ports.timeWaitByAddress.x",
    "format",
  ])("do not include %s", (path) => {
    expect(diagnosticsOf(smallScenarioWith("probes.probability", path))).toContain("the result has no such figure");
  });
});
