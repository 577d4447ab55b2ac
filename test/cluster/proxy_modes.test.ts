import { describe, expect, it } from "vitest";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import { SECOND } from "../../src/units.ts";
import { ip } from "../support/small_network.ts";
import { bootOf, NODE_PORT, runOf, smallNode } from "./small_node.ts";

const PODS = `pods:
  - name: default/app
    listen: [8080]
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10 }
`;

/** Probes of a node with sixteen source ports, the first of which is the NodePort. */
function failed(mode: string, ...overrides: readonly string[]): { readonly total: number; readonly failed: number } {
  const range = `sysctls.net.ipv4.ip_local_port_range=${NODE_PORT} ${NODE_PORT + 15}`;
  const { probes } = runOf(
    smallNode(PODS, [`kubeProxy.mode=${mode}`, "kubeProxy.version=1.29.0", range, ...overrides]),
  );
  expect(probes.byCause["nodeport-collision"]).toBe(probes.failed);
  return { total: probes.total, failed: probes.failed };
}

describe("A probe whose source port is a NodePort", () => {
  it("fails in IPVS mode", () => {
    const { total, failed: lost } = failed("ipvs");
    expect(total).toBeGreaterThanOrEqual(29);
    expect(lost).toBeGreaterThan(0);
  });

  it.each(["iptables", "nftables"])("succeeds in %s mode", (mode) => {
    const { total, failed: lost } = failed(mode);
    expect(total).toBeGreaterThanOrEqual(29);
    expect(lost).toBe(0);
  });

  it("meets no NodePort in iptables mode either while kube-proxy holds the port", () => {
    const scenario = smallNode(PODS, ["kubeProxy.mode=iptables", "kubeProxy.version=1.18.20"]);
    expect(runOf(scenario).exposure.heldByKubeProxy).toEqual([NODE_PORT]);
  });

  it("has no exact failure probability but 0 in the modes in which no virtual server waits for its answer", () => {
    const exposureOf = (mode: string): readonly number[] =>
      runOf(smallNode(PODS, [`kubeProxy.mode=${mode}`, "kubeProxy.version=1.29.0", "duration=20s"])).exposure
        .intercepted;
    expect([exposureOf("ipvs"), exposureOf("iptables"), exposureOf("nftables")]).toEqual([[NODE_PORT], [], []]);
  });
});

describe("A service in the rule modes", () => {
  const service = `  - name: default/app
    type: ClusterIP
    clusterIP: 10.96.0.30
    ports: [{ port: 80, targetPort: 8080 }]
    selector: default/app
pods: [{ name: default/app, replicas: 4, nodeName: others, podCIDR: 10.23.79.0/24, listen: [8080] }]
churn: [{ name: caller, from: node, to: 10.96.0.30:80, rate: 20/s }]
`;
  const runWith = (mode: string, timeline: string): ReplicationResult =>
    runOf(
      smallNode(`${service}timeline: ${timeline}\n`, [
        `kubeProxy.mode=${mode}`,
        "kubeProxy.version=1.33.4",
        "duration=1m",
      ]),
    );

  it.each(["iptables", "nftables"])(
    "follows a rollout in %s mode: no connection goes to a pod that is gone",
    (mode) => {
      const { workloads } = runWith(mode, "[{ at: 10s, rollout: default/app }]");
      expect(workloads[0]!.connects).toBeGreaterThan(1_000);
      expect(workloads[0]!.failed).toBe(0);
    },
  );

  it.each(["iptables", "nftables"])(
    "has its rules once in %s mode, also after kube-proxy has started again",
    (mode) => {
      const before = runWith(mode, "[]").dataPlane;
      const after = runWith(mode, "[{ at: 10s, restart: kubeProxy }, { at: 20s, set: { kubeProxy.version: 1.33.5 } }]");
      expect(after.kubeProxy.restarts).toBe(2);
      expect(after.dataPlane.newConnections).toBe(before.newConnections);
      expect(after.dataPlane.filterPasses).toBe(before.filterPasses);
    },
  );
});

describe("kube-proxy in IPVS mode", () => {
  it("masquerades what the node sends to a ClusterIP, whose address is the node's own as well", () => {
    const churn = "churn: [{ name: caller, from: node, to: 10.96.0.20:80, rate: 5/s }]\n";
    const { workloads, dataPlane } = runOf(smallNode(churn, ["duration=1m"]));
    expect(workloads[0]!.failed).toBe(0);
    expect(dataPlane.sourceNat.connections).toBe(workloads[0]!.connects);
  });
});

describe("A CNI plugin that masquerades", () => {
  it("has a rule for the pods of a rollout too", () => {
    const pods = "pods: [{ name: default/app, listen: [8080] }]\ntimeline: [{ at: 10s, rollout: default/app }]\n";
    const { loop, node } = bootOf(smallNode(pods, ["node.ipMasq=on"]));
    node.start();
    loop.runUntil(60 * SECOND);
    const { tcp } = node.machine;
    const pod = node.machine.netns("default/app-r1-0")!;
    tcp.connect(tcp.socket(pod, undefined, 0), ip("203.0.113.10"), 443);
    loop.runUntil(61 * SECOND);
    expect(node.netns.sourceNatPorts!.reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});
