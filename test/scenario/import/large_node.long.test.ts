import { describe, expect, it } from "vitest";
import { runReplication } from "../../../src/cluster/replication.ts";
import { formatDiagnostic } from "../../../src/scenario/diagnostic.ts";
import { importScenario } from "../../../src/scenario/import/import_scenario.ts";
import { SECOND } from "../../../src/units.ts";
import { scenarioOf } from "../small_scenario.ts";
import { filesOf } from "./exported_node.ts";
import { LARGE_NODE, largeNode } from "./large_node.ts";

// Goal: a large node's exports import in seconds, and the scenario has the occupancy that the export had.
// Method: 250 pods, 2,000 services and 100,000 lines of conntrack; one boot runs until the open connections have turned over.

describe("A large node", () => {
  const before = process.cpuUsage();
  const imported = importScenario(largeNode(LARGE_NODE), {});
  const seconds = process.cpuUsage(before).user / 1e6;

  it("is imported in less than ten seconds of CPU, its generation included", () => {
    expect(imported).toMatchObject({ ok: true, notes: [] });
    expect(seconds).toBeLessThan(10);
  });

  it("has its own occupancy again when it runs", () => {
    if (!imported.ok) throw new Error(imported.diagnostics.map(formatDiagnostic).join("\n"));
    const scenario = scenarioOf(imported.text);
    expect(scenario.pods).toHaveLength(251);
    expect(scenario.services).toHaveLength(2000);
    const { ports, conntrack } = runReplication(scenario, 0, { until: 900 * SECOND });
    const figures = scenario.expect.map(({ that, between: [low, high] = [0, 0] }) => {
      const address = that.replace("ports.timeWaitByAddress.", "");
      const got = that === "conntrack.atEnd" ? (conntrack.atEnd ?? 0) : (ports.timeWaitByAddress[address] ?? 0);
      return { that, isInside: got >= low && got <= high, got };
    });
    expect(figures.map(({ that }) => that)).toEqual([
      "ports.timeWaitByAddress.10.20.0.17",
      "ports.timeWaitByAddress.10.244.7.1",
      "conntrack.atEnd",
    ]);
    expect(figures.filter(({ isInside }) => !isInside)).toEqual([]);
  });

  it("may have a line of 200 MB in an export, which is a diagnostic", () => {
    const huge = new Uint8Array(200_000_000).fill(0x78);
    huge.set(new TextEncoder().encode("TIME-WAIT 0 0 10.0.0.10:1 10.0.0.9:2\nTIME-WAIT 0 0 "));
    const result = importScenario(filesOf({ "ss-tan.txt": huge }), {});
    expect(result.ok ? [] : result.diagnostics.map(({ file, line, message }) => [file, line, message])).toEqual([
      ["ss-tan.txt", 2, "Cannot read a line of 199999963 characters"],
    ]);
  });
});
