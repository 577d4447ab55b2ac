import { describe, expect, it } from "vitest";
import { parseScenario, type Scenario } from "../../src/scenario/scenario.ts";
import { runReplication } from "../../src/cluster/replication.ts";
import { exactRestarts } from "../../src/study/exact_restarts.ts";
import { exactForRun } from "../../src/study/exact_twin.ts";
import { summarise } from "../../src/study/summary.ts";

/** 18 adjacent NodePorts, 100 pods, packet by packet. */
function scenarioOf(kernel: string, probes: string): Scenario {
  const text = `about: Adjacent NodePorts.
kernel: "${kernel}"
duration: 6h
replications: 4
seed: exact-restarts
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
  podNetwork: bridge
sysctls:
  net.ipv4.ip_local_port_range: 1024 65000
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs }
services:
  - { generate: 18, name: web, nodePorts: contiguous, endpoints: [10.23.78.11] }
pods:
  - { name: default/app, replicas: 100, listen: [8080], ${probes} }
`;
  const parsed = parseScenario(text, "adjacent.yaml", []);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join("; "));
  return parsed.scenario;
}

// Goal: whole packet runs agree with the enumeration. Method: four boots of six hours for each walk in question; the
// counts lie within 4 standard errors between boots.
describe("exactRestarts against packet runs", () => {
  const liveness = "livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10 }";
  const readiness = "readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10 }";
  it.each([
    ["5.15.24", `${liveness}, ${readiness}`],
    ["5.4.188", `${liveness}, ${readiness}`],
    ["6.1", "livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 3 }"],
  ])(
    "holds on kernel %s with %s",
    (kernel, probes) => {
      const scenario = scenarioOf(kernel, probes);
      const results = Array.from({ length: 4 }, (_, boot) => runReplication(scenario, boot));
      const exact = exactForRun(scenario, results);
      const exactInAll = exactRestarts(scenario, results, exact);
      const { probes: counted, restarts } = summarise(results, { exact, exactRestarts: exactInAll });
      if ("declined" in counted.exact) throw new Error(counted.exact.declined);
      expect(Math.abs(counted.exact.gapStandardErrors ?? NaN)).toBeLessThan(4);
      if (restarts.exact === undefined || "declined" in restarts.exact) throw new Error("no exact restarts");
      expect(Math.abs(restarts.exact.gapStandardErrors ?? NaN)).toBeLessThan(4);
    },
    300_000,
  );
});
