import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scenarioConfig, nodeConfig } from "../../../src/check/properties/node_config.ts";
import { PROBE_NODEPORT } from "../../../src/check/properties/probe_nodeport.ts";
import { RESTART_WEEK } from "../../../src/check/properties/restart_week.ts";
import { DEFAULT_BOUNDS } from "../../../src/check/properties/search_bounds.ts";
import { searchProperty } from "../../../src/check/properties/search_property.ts";
import { runReplication } from "../../../src/cluster/replication.ts";
import { parseScenario } from "../../../src/scenario/scenario.ts";
import { documentOf } from "../../../src/study/run_study.ts";

// Goal: the search finds what is there, makes it as small as it can be, and gives it again; and it says nothing that it
// does not know.

const FILE = "scenarios/nodelocaldns.yaml";
const INCIDENT = scenarioConfig(readFileSync(FILE, "utf8"), FILE);
const LONG = { budgetMs: 60_000 };

/** Runs the scenario of a counterexample as `sim run` does. */
function runScenario(text: string) {
  const parsed = parseScenario(text, "counterexample.yaml", []);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join("\n"));
  const { scenario } = parsed;
  const of = { scenario, file: "counterexample.yaml", digest: "", version: "", overrides: {} };
  const varied = scenario.variants.map((variant) => [runReplication(variant.scenario, 0)]);
  const document = documentOf(of, [runReplication(scenario, 0)], { wallSeconds: 0, cpuSeconds: 0 }, varied);
  return { scenario, document };
}

describe("searchProperty", () => {
  const found = searchProperty(PROBE_NODEPORT, INCIDENT, LONG);
  const text = found.counterexample?.scenario ?? "";

  it("finds a failing probe of the incident's node", () => {
    expect(found.verdict).toBe("violated");
  });

  it("shrinks it to one service, one pod and one probe", () => {
    const { scenario, document } = runScenario(text);
    expect([scenario.services.length, scenario.pods.length, document.probes.total]).toEqual([1, 1, 1]);
  });

  it("writes a scenario that meets its own expectations", () => {
    const { document } = runScenario(text);
    expect(document.expectations.map(({ ok }) => ok)).toEqual([true, true]);
  });

  it("is what the guide shows", () => {
    const guide = readFileSync("src/docs/properties.md", "utf8");
    const shown = /^```yaml\n(.*?)^```$/ms.exec(guide)?.[1] ?? "";
    const withoutComments = (yaml: string): string => yaml.replaceAll(/^#.*\n/gm, "");
    expect(withoutComments(shown)).toBe(withoutComments(text));
    expect(guide).toContain(`--replay ${found.seed}:${found.path}\n`);
  });

  it("gives it again by seed and path", () => {
    const again = searchProperty(PROBE_NODEPORT, INCIDENT, { ...LONG, seed: found.seed, path: found.path ?? "" });
    expect(again.counterexample?.scenario).toBe(text);
    expect(again.cases).toBe(1);
  });

  it("finds the same by the same seed", () => {
    expect(searchProperty(PROBE_NODEPORT, INCIDENT, LONG)).toEqual(found);
  });

  it("needs no simulation where the NodePorts are reserved", () => {
    const reserved = nodeConfig({
      sysctls: { "net.ipv4.ip_local_port_range": "1024 65000", "net.ipv4.ip_local_reserved_ports": "30000-32767" },
    });
    const { verdict, method, cases } = searchProperty(PROBE_NODEPORT, reserved);
    expect({ verdict, method, cases }).toEqual({ verdict: "holds", method: "structure", cases: 0 });
  });

  it("takes a NodePort outside the range that nobody named, as a cluster that serves it must", () => {
    const node = nodeConfig({ kernel: "5.4.188", nodePorts: [36704] });
    expect(node.nodePortRange).toEqual([30000, 36704]);
    expect(searchProperty(PROBE_NODEPORT, node, LONG).counterexample?.what).toBe(
      "The only probe fails: its source port 36704 is a NodePort.",
    );
  });

  it("calls a rare violation undecided rather than absent", () => {
    const { verdict, ok, why } = searchProperty(
      { ...PROBE_NODEPORT, aims: () => [] },
      nodeConfig({
        kernel: "6.12",
        kubeProxy: "1.23.10",
        sysctls: "net.ipv4.ip_local_port_range=1024 65000",
        nodePorts: [30_080],
      }),
      { cases: 2, bounds: { ...DEFAULT_BOUNDS, pods: [1, 1], churn: [0, 0] } },
    );
    expect({ verdict, ok }).toEqual({ verdict: "undecided", ok: true });
    expect(why).toBe("connect() may take 1 NodePort: 30080. None of 2 cases violated it within the bounds.");
  });

  it("finds three adjacent NodePorts that restart a container on 5.15.24", () => {
    const node = nodeConfig({
      kernel: "5.15.24",
      kubeProxy: "1.23.10",
      sysctls: "net.ipv4.ip_local_port_range = 1024 65000",
      nodePorts: "30080-30097",
    });
    const bounds = { ...DEFAULT_BOUNDS, period: [10, 10] } as const;
    const { counterexample } = searchProperty(RESTART_WEEK, node, { ...LONG, bounds });
    const { scenario, document } = runScenario(counterexample?.scenario ?? "");
    expect([scenario.services.length, scenario.pods.length, document.restarts.count]).toEqual([3, 1, 1]);
  });
});
