import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { diffScenario, runScenario, sweepScenario } from "../../src/study/run_scenario.ts";
import { runStudy } from "../../src/study/study_on_workers.ts";

// A node with few probes, on which failures are frequent.
const FILE = "scenarios/reservation-funnel.yaml";
const SOURCE = { file: FILE, text: readFileSync(FILE, "utf8") };
const SHORT = ["duration=1m", "replications=2"];

describe("runScenario", () => {
  it("gives the document of a run on worker threads, but for what a command knows", async () => {
    const file = "two.yaml";
    const variants =
      'variants:\n  none: { "sysctls.net.ipv4.ip_local_reserved_ports": "" }\n  same: { kernel: "6.1" }\n';
    const source = { file, text: `${SOURCE.text}\n${variants}` };
    const parsed = parseScenario(source.text, file, SHORT);
    if (!parsed.ok) throw new Error("a scenario of the project");
    const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
    const overrides = { duration: "1m", replications: "2" };
    const told = { file, digest: "", version: "", overrides, jobs: 1, clocks };
    expect(runScenario(source, SHORT)).toEqual(await runStudy({ ...told, scenario: parsed.scenario }));
  });

  it("hands out the boots behind the document", () => {
    const boots: number[] = [];
    runScenario(SOURCE, SHORT, (standing) => boots.push(...standing.map(({ replication }) => replication)));
    expect(boots).toEqual([0, 1]);
  });

  it("throws the diagnostics of a wrong setting", () => {
    expect(() => runScenario(SOURCE, ["kernel=2.4"])).toThrow(/^--set:1:8: Cannot [^]*expected: /);
  });
});

describe("sweepScenario", () => {
  it("runs each point as a run by itself", () => {
    const { points } = sweepScenario(SOURCE, ["kernel=5.4.188,6.1"], SHORT);
    const alone = ["5.4.188", "6.1"].map((kernel) => runScenario(SOURCE, [...SHORT, `kernel=${kernel}`]));
    expect(points.map(({ engine }) => engine.fingerprint)).toEqual(alone.map(({ engine }) => engine.fingerprint));
    expect(points.map(({ probes }) => probes)).toEqual(alone.map(({ probes }) => probes));
  });

  it("throws what is wrong with a varied path", () => {
    expect(() => sweepScenario(SOURCE, ["kernel"])).toThrow("write PATH=A,B,C or PATH=LOW..HIGH/STEPS");
    expect(() => sweepScenario(SOURCE, ["kernel=6.1"], SHORT)).toThrow('Cannot vary "kernel" by the one value "6.1"');
    expect(() => sweepScenario(SOURCE, ["kernel=2.4,6.1"], SHORT)).toThrow(/^--vary:1:8: Cannot /);
  });
});

describe("diffScenario", () => {
  it("compares two settings on the same chance", async () => {
    const diff = await diffScenario(SOURCE, { b: ["kubeProxy.mode=iptables"] }, SHORT);
    expect(diff.b.settings.overrides).toMatchObject({ "kubeProxy.mode": "iptables" });
    expect(diff.a.engine.fingerprint).toBe(runScenario(SOURCE, SHORT).engine.fingerprint);
    const same = await diffScenario(SOURCE, {}, SHORT);
    expect(same.isSameHistory).toBe(true);
  });

  it("names the side whose setting is wrong", async () => {
    await expect(diffScenario(SOURCE, { b: ["kernel=2.4"] }, SHORT)).rejects.toThrow(/^--b:1:8: Cannot /);
  });
});
