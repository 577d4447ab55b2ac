import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodePortValues, portTexts } from "../../../src/app/web/node_port_values.ts";
import { overridesOf, type NodePortWish } from "../../../src/app/web/page_settings.ts";
import { parseScenario, type Scenario } from "../../../src/scenario/scenario.ts";

const RANDOM: NodePortWish = { placement: "random", count: 7, list: "" };
const LISTED: NodePortWish = { placement: "listed", count: 0, list: "30080-30082, 32443" };

function textOf(name: string): string {
  return readFileSync(`scenarios/${name}.yaml`, "utf8");
}

function scenarioWith(name: string, wish: NodePortWish): Scenario {
  const text = textOf(name);
  const parsed = parseScenario(text, name, overridesOf(nodePortValues(text, wish)));
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]?.message);
  return parsed.scenario;
}

describe("nodePortValues", () => {
  it("sets the keys of a named entry that makes all NodePorts", () => {
    expect(nodePortValues(textOf("clustered-nodeports"), RANDOM)).toEqual({
      "services.web.generate": "7",
      "services.web.nodePorts": "random",
    });
    expect(scenarioWith("clustered-nodeports", LISTED).serviceGenerators).toMatchObject([
      { name: "web", nodePorts: "listed", list: [30080, 30081, 30082, 32443] },
    ]);
  });

  it("puts one entry in the place of services with NodePorts, with their endpoints", () => {
    const { services, serviceGenerators } = scenarioWith("nodelocaldns", RANDOM);
    expect(services).toEqual([]);
    expect(serviceGenerators).toMatchObject([{ name: "nodeports", count: 7, nodePorts: "random" }]);
    expect(serviceGenerators[0]!.endpoints).toHaveLength(2);
  });

  it("keeps services that something else names", () => {
    const { services, serviceGenerators } = scenarioWith("kube-proxy-graceful-termination", RANDOM);
    expect(services.map(({ name }) => name)).toContain("default/web");
    expect(serviceGenerators).toMatchObject([{ count: 7 }]);
  });
});

describe("portTexts", () => {
  it("spells out ranges, and leaves to the scenario's reader what is none", () => {
    expect(portTexts("80, 90-92 ,, x 5-1 1-70000")).toEqual(["80", "90", "91", "92", "x", "5-1", "1-70000"]);
  });
});

describe("overridesOf", () => {
  it("orders values as sim run does: --set first, then its own options", () => {
    const values = { kernel: "6.1", "kubeProxy.mode": "ipvs", seed: "x", "churn.a.rate": "1/s" };
    expect(overridesOf(values)).toEqual(["kubeProxy.mode=ipvs", "churn.a.rate=1/s", "seed=x", "kernel=6.1"]);
  });
});
