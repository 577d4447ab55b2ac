import { describe, expect, it } from "vitest";
import { runReplication } from "../../src/cluster/replication.ts";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import { Hook, Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { TcpFlag } from "../../src/kernel/packet.ts";
import { formatIpv4, SECOND } from "../../src/units.ts";
import { SMALL_SCENARIO, scenarioOf } from "../scenario/small_scenario.ts";
import { SERVERS, TwoNodes, twoNodes } from "./two_nodes.ts";

/** The source addresses of SYNs that the first node puts on the wire for connections to an endpoint. */
function sourcesOf(sections: string, pod: string | undefined, endpoint: string): readonly string[] {
  const nodes = new TwoNodes(sections);
  const { netns } = nodes.cluster.nodes[0]!.node;
  const sources: string[] = [];
  netns.hooks.register(Hook.POST_ROUTING, 101, (packet) => {
    if (packet.flags === TcpFlag.SYN && packet.outDevice !== "cni0") sources.push(formatIpv4(packet.src));
    return Verdict.ACCEPT;
  });
  nodes.connect(pod === undefined ? netns : nodes.netns(pod), endpoint);
  return sources;
}

describe("Cluster", () => {
  it("runs one node under nodes:, named or not, as it runs it under node:", () => {
    const one = scenarioOf(SMALL_SCENARIO, ["duration=5m"]);
    const listed = SMALL_SCENARIO.replace("node:\n  interfaces:", "nodes:\n- name: alone\n  interfaces:");
    expect(runReplication(scenarioOf(listed, ["duration=5m"]), 0)).toEqual(runReplication(one, 0));
  });

  it("gives each node a boot secret and tables of its own", () => {
    const nodes = new TwoNodes();
    const [first, second] = nodes.cluster.nodes.map(({ node }) => node.machine);
    expect(first!.tcp).not.toBe(second!.tcp);
    expect(first!.monotonicSecond(0)).not.toBe(second!.monotonicSecond(0));
    expect(first!.group).toBe(second!.group);
  });

  it("gives the same result twice, with other draws on each node and in each boot", () => {
    const scenario = scenarioOf(SMALL_SCENARIO.replace("node:\n", "node:\n  count: 2\n"), ["duration=2m"]);
    const first = runReplication(scenario, 0);
    expect(runReplication(scenario, 0)).toEqual(first);
    expect(runReplication(scenario, 1).engine.fingerprint).not.toBe(first.engine.fingerprint);
  });

  it("adds up the probes of all nodes, and takes what is largest of what each kernel has once", () => {
    const nodes = new TwoNodes("overlay: { kind: vxlan }\n");
    nodes.failedProbesAfter(60 * SECOND);
    const totals = nodes.cluster.nodes.map(({ node }) => node.kubelet.totals.total);
    expect(totals).toEqual([60, 60]);
    const scenario = scenarioOf(SMALL_SCENARIO.replace("node:\n", "node:\n  count: 2\n"), ["duration=10m"]);
    const both = runReplication(scenario, 0);
    expect(both.nodes).toBe(2);
    expect(both.probes.total).toBe(180 + 2 * 60);
    expect(both.series.map(({ name }) => name)).toContain("kube-system/node-local-dns-node-1 node-cache liveness");
    expect(both.conntrack.max).toBe(262_144);
  });

  it("draws the NodePorts of generated services once for all nodes", () => {
    const text = SMALL_SCENARIO.replace("node:\n", "node:\n  count: 3\n");
    const nodePorts = runReplication(scenarioOf(text, ["duration=1s"]), 0).exposure.nodePorts;
    expect(nodePorts).toEqual(runReplication(scenarioOf(SMALL_SCENARIO, ["duration=1s"]), 0).exposure.nodePorts);
  });

  it("serves a ClusterIP on every node, with endpoints wherever they are", () => {
    const services = `services:
  - { name: default/far, type: ClusterIP, clusterIP: 10.96.0.9, ports: [{ port: 80, targetPort: 8080 }], endpoints: [10.244.21.10] }
overlay: { kind: vxlan }
`;
    const nodes = new TwoNodes(services);
    for (const netns of [nodes.netns("default/client"), ...nodes.cluster.nodes.map(({ node }) => node.netns)]) {
      expect(nodes.connect(netns, "10.96.0.9:80").outcome.isSuccess).toBe(true);
    }
  });
});

describe("The way between pods of two nodes", () => {
  it.each(["", "overlay: { kind: host-gw }\n", "overlay: { kind: vxlan }\n"])(
    "keeps their addresses with %j",
    (overlay) => {
      const sources = sourcesOf(overlay, "default/client", SERVERS.far);
      expect(sources).toEqual(["10.244.27.20"]);
    },
  );

  it("gives what leaves the pod networks the node's address, unless masquerade is off", () => {
    expect(sourcesOf("overlay: { kind: vxlan }\n", "default/client", SERVERS.outside)).toEqual(["172.28.128.101"]);
    const plain = "overlay: { kind: host-gw, masquerade: off }\n";
    expect(sourcesOf(plain, "default/client", SERVERS.outside)).toEqual(["10.244.27.20"]);
  });

  it("begins at the first address of the pod network for the node itself, with VXLAN", () => {
    expect(sourcesOf("overlay: { kind: vxlan }\n", undefined, SERVERS.far)).toEqual(["10.244.27.0"]);
  });
});

describe("Fabric", () => {
  const routed = ["nodes.node-2.gateway=172.29.0.1", "nodes.node-2.interfaces.eth0.addresses=[172.29.0.102/24]"];

  it.each(["vxlan", "host-gw"])("routes between subnets, with %s", (kind) => {
    const nodes = new TwoNodes(`overlay: { kind: ${kind} }\n`, { overrides: routed });
    expect(nodes.connect(nodes.netns("default/client"), SERVERS.far).outcome.isSuccess).toBe(true);
  });

  it("answers for no address that nobody has", () => {
    const nodes = new TwoNodes();
    const { outcome, took } = nodes.connect(nodes.cluster.nodes[0]!.node.netns, "172.28.128.77:80", 10 * SECOND);
    expect(outcome.cause).toBe("host-unreachable");
    expect(took).toBeGreaterThan(3 * SECOND);
  });

  it("blocks a TCP port of a security group for connections to it, not for answers from it", () => {
    const nodes = new TwoNodes("cloud: { blockedPorts: [8080/TCP] }\n");
    expect(nodes.connect(nodes.netns("default/client"), SERVERS.far).outcome.cause).toBe("connect-timeout");
    const [first] = nodes.cluster.nodes;
    first!.node.netns.sysctls.set("net.ipv4.ip_local_port_range", "8080 8080");
    expect(nodes.connect(first!.node.netns, SERVERS.outside).outcome).toMatchObject({
      isSuccess: true,
      localPort: 8080,
    });
  });
});

describe("Churn from a host outside several nodes", () => {
  const services = (endpoint: string): string => `services:
  - name: default/far
    type: NodePort
    clusterIP: 10.96.0.9
    ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }]
    endpoints: [${endpoint}]
overlay: { kind: vxlan }
`;
  const FAR = "10.244.21.10";
  const OUTSIDE = "172.28.128.99";
  /** 5 minutes with a service of one endpoint and one workload. */
  const run = (endpoint: string, churn: string, ...overrides: readonly string[]): ReplicationResult =>
    runReplication(twoNodes(services(endpoint), churn, overrides), 0);
  const proxy = `{ name: proxy, from: 172.28.128.50, to: "172.28.128.101:30080", rate: 1/s, arrivals: periodic }`;

  it.each([FAR, OUTSIDE])("reaches a service by a node's NodePort, with an endpoint at %s", (endpoint) => {
    const { workloads } = run(endpoint, proxy);
    expect(workloads.find(({ name }) => name === "proxy")).toMatchObject({ connects: 300, failed: 0 });
  });

  it("is part of the result's connections and of its fingerprint", () => {
    const [busy, idle] = [run(FAR, proxy), run(FAR, proxy.replace("1/s", "0/s"))];
    expect(busy.engine.connections - idle.engine.connections).toBe(300);
    expect(busy.engine.fingerprint).not.toBe(idle.engine.fingerprint);
  });

  it("is left out of the figures while the nodes warm up", () => {
    const scenario = twoNodes(services(FAR), proxy);
    const { workloads } = runReplication(scenario, 0, { warmUp: 100 * SECOND });
    const { connects, connectTimes } = workloads.find(({ name }) => name === "proxy")!;
    expect([connects, connectTimes.count]).toEqual([200, 200]);
  });

  it("finds no way to a ClusterIP", () => {
    const { workloads } = run(FAR, proxy.replace("172.28.128.101:30080", "10.96.0.9:80"));
    expect(workloads.find(({ name }) => name === "proxy")!.byCause["host-unreachable"]).toBe(300);
  });

  it("names a full table of a node as the cause of its failures", () => {
    const full = "nodes.node-1.sysctls.net.netfilter.nf_conntrack_max=60";
    const { workloads, conntrack } = run(OUTSIDE, proxy.replace("1/s", "2/s, lasts: 1m"), full);
    expect(conntrack.dropped).toBeGreaterThan(100);
    const { byCause, failed } = workloads.find(({ name }) => name === "proxy")!;
    expect(failed).toBeGreaterThan(100);
    expect(byCause["conntrack-full"]).toBe(failed);
  });
});
