import { describe, expect, it } from "vitest";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { documentOf, type RunProgress } from "../../src/study/run_study.ts";
import { runStudy, type RunRequest } from "../../src/study/study_on_workers.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { StudyPlan } from "../../src/study/study_plan.ts";
import { smallNode } from "../cluster/small_node.ts";
import { runReplication } from "../../src/cluster/replication.ts";

// Goal: variants are what separate runs with --set are, and change nothing of the scenario as it stands.
// Method: replications in this thread, so that nothing has to be built; the last group uses the pool of built workers.

const PODS = `sysctls:
  net.ipv4.ip_local_port_range: 36600 36999
pods:
  - { name: default/app, listen: [80], replicas: 9, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 } }
churn:
  - { name: agents, from: node, to: 10.10.85.10:9100, rate: 1/s }
`;
const VARIANTS = `variants:
  before: { kubeProxy.version: 1.18.20 }
  after: { kubeProxy.version: 1.23.10 }
  no-agents: { churn.agents.rate: 0/s }
audit: { claim: The agents make it worse, cause: no-agents, figure: probes.failed }
expect:
  - { that: before.probes.failed, equals: 0 }
  - { that: after.probes.failed, above: 0 }
  - { that: before.engine.connections, above: 0 }
`;

function boots(scenario: Scenario): ReturnType<typeof runReplication>[] {
  return Array.from({ length: scenario.replications }, (_, index) => runReplication(scenario, index));
}

/** The document of a scenario with its variants. */
function documentFor(sections: string, overrides: readonly string[]): RunDocument {
  const scenario = smallNode(sections, ["replications=6", "duration=20m", ...overrides]);
  const request = { scenario, file: "small.yaml", digest: "sha256:0", version: "1.2.3", overrides: {} };
  const varied = scenario.variants.map((variant) => boots(variant.scenario));
  return documentOf(request, boots(scenario), { wallSeconds: 0, cpuSeconds: 0 }, varied);
}

describe("A document with variants", () => {
  const document = documentFor(`${PODS}${VARIANTS}`, []);

  it("is beside variants, audit and expectations what it is without variants", () => {
    const { variants: _variants, audit: _audit, expectations: _expectations, ...rest } = document;
    const { expectations: _none, ...plain } = documentFor(PODS, []);
    expect(JSON.stringify(rest)).toBe(JSON.stringify(plain));
  });

  it("has for each variant the figures of a run with its settings", () => {
    const { probes, ports, exposure, engine, settings } = documentFor(PODS, ["kubeProxy.version=1.18.20"]);
    const { fingerprint } = engine;
    expect(document.variants![0]).toMatchObject({ name: "before", probes, ports, exposure, engine: { fingerprint } });
    expect(document.variants![0]!.settings).toEqual({ ...settings, overrides: { "kubeProxy.version": "1.18.20" } });
  });

  it("judges the expectations of each variant by its own figures", () => {
    expect(document.expectations.map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  it("audits the variants that differ from the scenario as it stands", () => {
    const { variants, explainedBy, isCause } = document.audit!;
    expect(variants.map(({ variant }) => variant)).toEqual(["before", "no-agents"]);
    expect([variants[0]!.change, explainedBy]).toEqual(["lower", ["before"]]);
    expect(isCause).toBe(variants[1]!.explains);
  });
});

describe("StudyPlan", () => {
  const scenario = smallNode(`${PODS}${VARIANTS}`);
  const plan = new StudyPlan(scenario, scenario.variants);

  it("simulates settings that come to the same node once", () => {
    expect(plan.scenarios).toHaveLength(3);
    expect([0, 1, 2].map((variant) => plan.placeOf(variant))).toEqual([1, 0, 2]);
  });

  it("gives an error the settings of the variant that broke, and none to the scenario as it stands", () => {
    const broken = (task: number): unknown => plan.placed(Object.assign(new Error("x"), { task }), 4);
    expect(broken(3)).not.toHaveProperty("settings");
    expect(broken(4)).toHaveProperty("settings", { "kubeProxy.version": "1.18.20" });
    expect(broken(11)).toHaveProperty("settings", { "churn.agents.rate": "0/s" });
  });
});

describe("runStudy with variants", () => {
  const scenario = smallNode(`${PODS}${VARIANTS}`, ["replications=2", "duration=20s"]);
  const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
  const run = (parts: Partial<RunRequest>): Promise<RunDocument> =>
    runStudy({ scenario, file: "s.yaml", digest: "", version: "", overrides: {}, jobs: 1, clocks, ...parts });

  it("gives the same bytes with any number of jobs, and counts the boots of all variants as progress", async () => {
    const seen: RunProgress[] = [];
    const one = await run({ onProgress: (progress) => void seen.push(progress) });
    expect(JSON.stringify(await run({ jobs: 5 }))).toBe(JSON.stringify(one));
    // Three different nodes, two boots each.
    expect(seen.at(-1)).toMatchObject({ finishedReplications: 6, replications: 6, simulated: 6 * 20_000_000 });
  });

  it("runs the scenario as it stands alone when one replication is asked for", async () => {
    const document = await run({ replication: 1 });
    expect(document.variants).toBeUndefined();
    expect(document.audit).toBeUndefined();
  });
});
