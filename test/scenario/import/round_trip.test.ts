import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/scenario/diagnostic.ts";
import { importScenario, type ImportedScenario } from "../../../src/scenario/import/import_scenario.ts";
import { poissonInterval } from "../../../src/scenario/import/poisson_interval.ts";
import type { Churn, Scenario } from "../../../src/scenario/scenario.ts";
import { formatIpv4, SECOND } from "../../../src/units.ts";
import { scenarioOf } from "../small_scenario.ts";
import { exportNode } from "./exported_node.ts";
import { runReplication } from "../../../src/cluster/replication.ts";

// Goal: what is exported of a node and imported again is that node.
// Method: a simulated node with every kind of churn runs until its tables are full; ss, conntrack, ipvsadm, sysctl and
// kubectl are written of it and imported. Rates must agree within the interval that so many sockets allow.

const NODE = `about: Every kind of churn.
kernel: "5.4.188"
duration: 20m
replications: 1
seed: round-trip
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
sysctls:
  net.ipv4.ip_local_port_range: 1024 65000
  net.ipv4.tcp_tw_reuse: "0"
kubelet: { version: 1.23.10, httpProbeClosesFirst: 0.3 }
kubeProxy: { version: 1.23.10, mode: ipvs, nodePortRange: 20000-40000 }
services:
  - { name: default/web, type: NodePort, clusterIP: 10.96.0.20, ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }], endpoints: [10.23.78.12, 10.23.78.13] }
  - { name: default/db, type: ClusterIP, clusterIP: 10.96.0.30, ports: [{ port: 5432 }], endpoints: [10.23.77.160] }
pods:
  - { name: host/agent, hostNetwork: true, listen: [9100] }
  - { name: default/db-0, address: 10.23.77.160, listen: [5432], readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 5 } }
  - { name: default/app-0, address: 10.23.77.161, listen: [8080], readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }
  - { name: default/app-1, address: 10.23.77.162, listen: [8080], readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }
churn:
  - { name: zabbix, from: node, to: 10.10.85.10:10051, rate: 160/m, closes: client }
  - { name: registry, from: node, to: 10.10.85.11:5000, rate: 90/m, closes: server }
  - { name: aborts, from: node, to: 10.10.85.12:7000, rate: 200/m, closes: reset }
  - { name: scrape, from: 10.10.85.30, to: 10.10.85.105:9100, rate: 120/m, closes: server }
  - { name: clients, from: 10.10.99.7, to: 10.10.85.105:30080, rate: 240/m, closes: client }
  - { name: queries, from: default/app-0, to: default/db:5432, rate: 180/m, closes: client }
  - { name: outside, from: default/app-1, to: 10.50.1.1:443, rate: 100/m, closes: client }
  - { name: kept, from: node, to: 10.10.85.13:6443, rate: 30/m, lasts: 5m, closes: reset }
`;

const SECONDS = 900;

function importedOf(scenario: Scenario): ImportedScenario & { readonly ok: true } {
  const imported = importScenario(exportNode(scenario, SECONDS), {});
  if (!imported.ok) throw new Error(imported.diagnostics.map(formatDiagnostic).join("\n"));
  return imported;
}

const original = scenarioOf(NODE);
const imported = importedOf(original);
const again = scenarioOf(imported.text);

/** Connections a minute to an address and port, those kept open apart. */
function perMinute({ churn }: Scenario, isAsked: (one: Churn) => boolean): number {
  return churn.filter(isAsked).reduce((sum, { ratePerSecond }) => sum + ratePerSecond * 60, 0);
}

describe("A node that is exported and imported", () => {
  it.each([
    ["closed by the node", 10051, 160, "client"],
    ["closed by the other end", 5000, 90, "server"],
    ["aborted", 7000, 200, "reset"],
    ["that come in and are closed by the node", 9100, 120, "server"],
    ["through a NodePort", 30080, 240, "client"],
    ["of a pod to a service", 5432, 180, "client"],
    ["of a pod to the outside", 443, 100, "client"],
  ] as const)("has the rate of connections %s", (_what, port, rate, closes) => {
    // So many entries were there: those of one minute, of two minutes in conntrack, of ten seconds after a reset.
    const found = perMinute(again, (one) => one.to.port === port && one.closes === closes && one.lasts === undefined);
    const seen = closes === "reset" ? 6 : 1;
    const [low, high] = poissonInterval(rate / seen);
    expect(found).toBeGreaterThanOrEqual(low * seen * 0.95);
    expect(found).toBeLessThanOrEqual(high * seen * 1.05);
    expect(perMinute(again, (one) => one.to.port === port && one.closes !== closes)).toBe(0);
  });

  it("has its open connections open", () => {
    const [low, high] = poissonInterval(150);
    const open = perMinute(again, (one) => one.to.port === 6443 && one.lasts !== undefined) * 10;
    expect(open).toBeGreaterThan(low);
    expect(open).toBeLessThan(high);
  });

  it("has its pods with their probes, and none of the probes as churn", () => {
    const probesOf = (scenario: Scenario) =>
      scenario.pods.flatMap(({ name, address, readinessProbe: probe }) =>
        probe === undefined ? [] : [{ name, address, probe }],
      );
    expect(probesOf(again)).toEqual(probesOf(original));
    expect(again.churn.filter(({ from, to }) => from === "node" && to.port === 8080)).toEqual([]);
  });

  it("has its kernel, interfaces, services, kube-proxy and sysctls", () => {
    expect(again.kernel).toEqual(original.kernel);
    expect(again.node.interfaces).toEqual(original.node.interfaces);
    expect(again.services).toEqual(original.services);
    expect(again.kubeProxy).toEqual(original.kubeProxy);
    expect(again.kubelet.version).toEqual(original.kubelet.version);
    expect(Object.fromEntries(again.sysctls)).toMatchObject(Object.fromEntries(original.sysctls));
  });

  it("says how many HTTP probes the kubelet closes first", () => {
    expect(again.kubelet.httpProbeClosesFirst).toBeGreaterThan(0.2);
    expect(again.kubelet.httpProbeClosesFirst).toBeLessThan(0.42);
  });

  it("expects the occupancy of the export, which a run then has", () => {
    const { ports, conntrack } = runReplication(again, 0, { until: SECONDS * SECOND });
    for (const { that, between = [0, 0] } of again.expect) {
      const address = that.replace("ports.timeWaitByAddress.", "");
      const got = that === "conntrack.atEnd" ? (conntrack.atEnd ?? 0) : (ports.timeWaitByAddress[address] ?? 0);
      // One boot, where a study has eight: chance is that of both counts.
      const slack = (between[1] - between[0]) / 4;
      expect({ that, isInside: got > between[0] - slack && got < between[1] + slack, got }).toMatchObject({
        isInside: true,
      });
    }
    expect(again.expect.map(({ that }) => that)).toEqual([
      `ports.timeWaitByAddress.${formatIpv4(original.node.primaryAddress)}`,
      "ports.timeWaitByAddress.10.23.77.129",
      "conntrack.atEnd",
    ]);
  });

  it("gives the same text each time, whatever the order of the files", () => {
    const files = exportNode(original, 20);
    const texts = [files, files.toReversed()].map((list) => {
      const result = importScenario(list, {});
      return result.ok ? result.text : "";
    });
    expect(texts[0]).not.toBe("");
    expect(texts[1]).toBe(texts[0]);
  });
});
