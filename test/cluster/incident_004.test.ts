import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/cluster/clients.ts";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import { Errno } from "../../src/kernel/errno.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { type Micros, SECOND } from "../../src/units.ts";
import { PacketLog } from "../support/packet_log.ts";
import { type Attempt, SERVERS, TwoNodes } from "./two_nodes.ts";
import { runReplication } from "../../src/cluster/replication.ts";

// Goal: what clients and probes see under the misconfigurations of incident 004 is what a real kernel showed.
// Method: the matrix was measured on Linux 6.18 with a DNAT service and with IPVS on 6.1, with two pods on a bridge and
// a host off the node; each cell is one connection here, on two nodes joined by VXLAN.

const DNAT = "10.100.225.230";
const DNAT_RULES = [
  "*nat",
  `-A PREROUTING -d ${DNAT}/32 -p tcp --dport 80 -j DNAT --to-destination ${SERVERS.near}`,
  `-A PREROUTING -d ${DNAT}/32 -p tcp --dport 81 -j DNAT --to-destination ${SERVERS.far}`,
  "COMMIT",
];
const SERVICES = `services:
  - { name: default/near, type: ClusterIP, clusterIP: 10.100.225.223, ports: [{ port: 80, targetPort: 8080 }], endpoints: [10.244.27.10] }
  - { name: default/far, type: ClusterIP, clusterIP: 10.100.225.224, ports: [{ port: 80, targetPort: 8080 }], endpoints: [10.244.21.10] }
overlay: { kind: vxlan }
`;

function settings(forward: number, bridgeNf: number): readonly string[] {
  return [`sysctls.net.ipv4.ip_forward=${forward}`, `sysctls.net.bridge.bridge-nf-call-iptables=${bridgeNf}`];
}

function wordOf({ outcome }: Attempt): string {
  if (outcome.isSuccess) return "ok";
  return outcome.cause === "connect-timeout" ? "timeout" : outcome.cause;
}

/** Connects from the client's pod to each of the endpoints, and says what came of it; it sends three SYNs, as measured. */
function attempts(nodes: TwoNodes, endpoints: readonly string[]): string[] {
  const client = nodes.netns("default/client");
  client.sysctls.set("net.ipv4.tcp_syn_retries", "2");
  return endpoints.map((endpoint) => wordOf(nodes.connect(client, endpoint, 20 * SECOND)));
}

describe("The matrix of ip_forward and bridge-nf-call-iptables", () => {
  const columns = [SERVERS.near, `${DNAT}:80`, `${DNAT}:81`, SERVERS.outside];

  // pod to pod on one node; DNAT service with its backend on the node; with its backend off the node; host outside.
  it.each([
    [1, 1, ["ok", "ok", "ok", "ok"]],
    [1, 0, ["ok", "timeout", "ok", "ok"]],
    [0, 1, ["ok", "timeout", "timeout", "timeout"]],
    [0, 0, ["ok", "timeout", "timeout", "timeout"]],
  ] as const)(
    "has the measured row for ip_forward=%i bridge-nf=%i, with every probe green",
    (forward, bridgeNf, row) => {
      const nodes = new TwoNodes(SERVICES, { overrides: settings(forward, bridgeNf) });
      nodes.loadRules(0, DNAT_RULES);
      expect(attempts(nodes, columns)).toEqual(row);
      expect(nodes.failedProbesAfter(20 * SECOND)).toBe(0);
    },
  );

  // The same service columns with IPVS, which sends by itself what a DNAT leaves to forwarding.
  it.each([
    [1, 1, ["ok", "ok"]],
    [1, 0, ["timeout", "ok"]],
    [0, 1, ["ok", "timeout"]],
    [0, 0, ["timeout", "timeout"]],
  ] as const)("has the row measured with IPVS for ip_forward=%i bridge-nf=%i", (forward, bridgeNf, row) => {
    const nodes = new TwoNodes(SERVICES, { overrides: settings(forward, bridgeNf) });
    expect(attempts(nodes, ["10.100.225.223:80", "10.100.225.224:80"])).toEqual(row);
  });
});

describe("bridge-nf-call-iptables=0", () => {
  it("lets the client answer a SYN-ACK of an address it never called with RST, and send its SYN again", () => {
    const trace = new PacketLog();
    const nodes = new TwoNodes(SERVICES, { overrides: settings(1, 0), trace });
    nodes.connect(nodes.netns("default/client"), "10.100.225.223:80", 2 * SECOND);
    const seen = trace.at("default/client/eth0").map(({ direction, way, flags }) => {
      const [from = "", to = ""] = way.split(" > ");
      return `${direction} ${flags} ${direction === "out" ? to : from}`;
    });
    const round = ["out S 10.100.225.223:80", "in S. 10.244.27.10:8080", "out R 10.244.27.10:8080"];
    expect(seen.slice(0, 3)).toEqual(round);
    expect(seen.filter((line) => line === round[0])).toHaveLength(2);
  });
});

describe("ip_forward=0", () => {
  it("drops without an ICMP error, and counts IpInAddrErrors", () => {
    const nodes = new TwoNodes(SERVICES, { overrides: settings(0, 1) });
    expect(attempts(nodes, [SERVERS.far])).toEqual(["timeout"]);
    expect(nodes.cluster.nodes[0]!.node.netns.counters).toMatchObject({ IpInAddrErrors: 3, IcmpOutDestUnreachs: 0 });
  });
});

/** How long a patient client waits for a pod of the other node, and what the kernel tells it then. */
function patientAttempt(sections: string): { readonly outcome: Outcome; readonly took: Micros } {
  const nodes = new TwoNodes(sections);
  return nodes.connect(nodes.netns("default/client"), SERVERS.far, 200 * SECOND);
}

describe("A blocked VXLAN port", () => {
  it.each(["drop", "reject"])("ends in ETIMEDOUT after the whole ladder of SYNs, with %s", (blocked) => {
    const { outcome, took } = patientAttempt(`overlay: { kind: vxlan, blocked: ${blocked} }\n`);
    expect(outcome).toMatchObject({ errno: Errno.ETIMEDOUT, cause: "connect-timeout" });
    // 1 + 2 + 4 + 8 + 16 + 32 + 64 s, and what the timer wheel adds.
    expect(took).toBeGreaterThanOrEqual(127 * SECOND);
    expect(took).toBeLessThan(136 * SECOND);
  });

  it("draws an ICMP error to the node when it rejects, and none to the pod", () => {
    const trace = new PacketLog();
    const nodes = new TwoNodes("overlay: { kind: vxlan, blocked: reject }\n", { trace });
    nodes.connect(nodes.netns("default/client"), SERVERS.far);
    const flags = (place: string): string[] =>
      trace.at(place).flatMap((seen) => (seen.direction === "in" ? seen.flags : []));
    expect(flags("node-1/eth0")).toContain("icmp 3/3");
    expect(flags("default/client/eth0")).toEqual([]);
  });

  it("leaves nodes, pods of one node and hosts outside alone", () => {
    const nodes = new TwoNodes("overlay: { kind: vxlan, blocked: drop }\n");
    expect(attempts(nodes, [SERVERS.near, SERVERS.outside])).toEqual(["ok", "ok"]);
    expect(nodes.failedProbesAfter(10 * SECOND)).toBe(0);
  });
});

describe("The source/destination check", () => {
  it("lets SYNs leave a node and never get to the other", () => {
    const trace = new PacketLog();
    const nodes = new TwoNodes("overlay: { kind: host-gw }\ncloud: { sourceDestCheck: true }\n", { trace });
    nodes.connect(nodes.netns("default/client"), SERVERS.far);
    expect(trace.at("node-1/eth0").map(({ direction, flags }) => `${direction} ${flags}`)).toEqual(["out S", "out S"]);
    expect(trace.at("node-2/eth0")).toEqual([]);
  });

  it("drops what a node itself sends to a pod of the other node, for its destination", () => {
    const nodes = new TwoNodes("cloud: { sourceDestCheck: true }\n");
    expect(wordOf(nodes.connect(nodes.cluster.nodes[0]!.node.netns, SERVERS.far))).toBe("timeout");
  });

  it.each([
    ["masqueraded flows", "overlay: { kind: host-gw }\n", SERVERS.outside],
    ["VXLAN, whose outer addresses are the nodes'", "overlay: { kind: vxlan }\n", SERVERS.far],
  ])("passes %s", (_, overlay, endpoint) => {
    const nodes = new TwoNodes(`${overlay}cloud: { sourceDestCheck: true }\n`);
    expect(attempts(nodes, [endpoint])).toEqual(["ok"]);
  });

  it("drops what pods send out of the cluster under their own addresses", () => {
    const nodes = new TwoNodes("overlay: { kind: host-gw, masquerade: off }\ncloud: { sourceDestCheck: true }\n");
    expect(attempts(nodes, [SERVERS.outside])).toEqual(["timeout"]);
  });
});

describe("A pod network that overlaps the hosts'", () => {
  it("ends in EHOSTUNREACH after three ARP requests where the pod takes the address for a neighbour", () => {
    const nodes = new TwoNodes("overlay: { kind: vxlan }\n");
    const { outcome, took } = nodes.connect(nodes.netns("default/client"), "10.244.27.200:5000", 10 * SECOND);
    expect(outcome).toMatchObject({ errno: Errno.EHOSTUNREACH, cause: "host-unreachable" });
    expect(took).toBeGreaterThanOrEqual(3 * SECOND);
    expect(took).toBeLessThanOrEqual(3.1 * SECOND);
  });

  it("ends in the same on a pod behind a node that takes the address for a neighbour", () => {
    const nodes = new TwoNodes("overlay: { kind: vxlan }\n");
    const { outcome, took } = nodes.connect(nodes.netns("default/client"), "172.28.128.132:5000", 10 * SECOND);
    expect(outcome).toMatchObject({ errno: Errno.EHOSTUNREACH, cause: "host-unreachable" });
    expect(took).toBeGreaterThanOrEqual(3 * SECOND);
    expect(took).toBeLessThanOrEqual(3.1 * SECOND);
  });
});

function runOfFile(name: string, ...overrides: readonly string[]): ReplicationResult {
  const file = `scenarios/${name}.yaml`;
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const parsed = parseScenario(text, file, ["duration=2m", ...overrides]);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join("; "));
  return runReplication(parsed.scenario, 0);
}

describe("The scenarios of incident 004", () => {
  it.each([
    ["ip-forward-off", "sysctls.net.ipv4.ip_forward=1", ["service-other-node", "pod-other-node", "host-outside"]],
    ["bridge-nf-off", "sysctls.net.bridge.bridge-nf-call-iptables=1", ["service-same-node", "service-both-nodes"]],
    ["vxlan-blocked", "overlay.blocked=off", ["service-other-node", "pod-other-node"]],
    ["source-dest-check", "cloud.sourceDestCheck=false", ["service-other-node", "pod-other-node"]],
    ["pod-cidr-conflict", "nodes.node-1.podCIDR=10.244.27.0/24", ["into-the-overlap", "out-of-the-overlap"]],
  ])("fails some clients and no probe in %s, and none once it is mended", (name, mend, failing) => {
    const broken = runOfFile(name);
    const failed = broken.workloads.filter((workload) => workload.failed > 0 && workload.name !== "patient");
    expect(failed.map((workload) => workload.name).toSorted()).toEqual(failing.toSorted());
    const mended = runOfFile(name, mend);
    expect(mended.workloads.filter((workload) => workload.failed > 0)).toEqual([]);
    expect([broken.probes.failed, mended.probes.failed]).toEqual([0, 0]);
  });
});
