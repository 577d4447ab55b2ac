import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { initialScenario } from "../../src/scenario/init.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { scenarioAsRun } from "../../src/scenario/scenario_as_run.ts";

const TEXT = readFileSync(new URL("../../scenarios/nodelocaldns.yaml", import.meta.url), "utf8");

describe("scenarioAsRun", () => {
  it("is the text itself without overrides", () => {
    expect(scenarioAsRun(TEXT, [])).toBe(TEXT);
  });

  it.each([
    ["kernel=5.10"],
    ["kernel.portWalk=4.6-5.11"],
    ["seed=007"],
    ["sysctls.net.ipv4.tcp_fin_timeout=010"],
    ["sysctls.net.ipv4.ip_local_reserved_ports=30000-32767,8080"],
    ["sysctls.net.ipv4.ip_local_reserved_ports="],
    ["portRange.low=2048", "portRange.width=1000"],
    ["nodeLocalDns=off"],
    ["churn.zabbix.rate=100/s", "duration=90m", "replications=3"],
    ["pods.default/nginx.readinessProbe.periodSeconds=5"],
    ["services.kube-system/kubernetes-dashboard.ports=[{ port: 443, nodePort: 30443, targetPort: 8443 }]"],
  ])("gives the run of the overrides %j without them", (...overrides) => {
    const asRun = parseScenario(scenarioAsRun(TEXT, overrides), "f", []);
    expect(asRun).toEqual(parseScenario(TEXT, "f", overrides));
    expect(asRun.ok).toBe(true);
  });

  it("keeps the comments", () => {
    expect(scenarioAsRun(TEXT, ["kernel=6.1"])).toContain("# Incident 001: after an upgrade of Kubernetes");
  });

  it("changes one use of an alias only", () => {
    const text = `${initialScenario().replace(/^seed:.*\n/m, "")}\nseed: &same abc\n`.replace(
      /^about:.*$/m,
      "about: *same",
    );
    const ordered = `seed: &same abc\n${text.replace(/^seed: .*\n/m, "")}`;
    const asRun = parseScenario(scenarioAsRun(ordered, ["seed=xyz"]), "f", []);
    expect(asRun).toMatchObject({ ok: true, scenario: { seed: "xyz", about: "abc" } });
  });
});
