import { describe, expect, it } from "vitest";
import { type DataPlaneWork, dataPlaneWork, syncSeconds } from "../../../src/cluster/kube_proxy/data_plane_cost.ts";
import type { ProxiedService } from "../../../src/cluster/kube_proxy/proxier.ts";
import type { KubeProxyOptions, Version } from "../../../src/cluster/options.ts";
import { emptyTally } from "../../../src/kernel/netfilter/rule_tally.ts";
import { ip } from "../../support/small_network.ts";
import { runOf, smallNode } from "../small_node.ts";

/** Services with a ClusterIP and two endpoints each. */
function services(count: number): ProxiedService[] {
  return Array.from({ length: count }, (_, index) => ({
    spec: {
      name: `default/web-${index}`,
      clusterIp: ip("10.96.0.0") + index,
      externalIps: [],
      ports: [{ port: 80, targetPort: 8080, protocol: "TCP" as const }],
      endpoints: [],
    },
    endpoints: [1, 2].map((which) => ({ address: ip("10.244.0.0") + 2 * index + which, isReady: true })),
  }));
}

function workOf(mode: KubeProxyOptions["mode"], count: number, version: Version = [1, 33, 0]): DataPlaneWork {
  return dataPlaneWork(services(count), {
    kubeProxy: { version, mode, nodePortRange: [30000, 32767], scheduler: "rr" },
    nodePortAddresses: [ip("192.0.2.1")],
    limitedAddresses: undefined,
    tally: emptyTally(),
    sourceNatPorts: undefined,
  });
}

describe("dataPlaneWork", () => {
  it("finds 7 rules more for each service and pair of endpoints in iptables mode, none in IPVS mode", () => {
    expect(workOf("iptables", 101).rules - workOf("iptables", 1).rules).toBe(700);
    expect(workOf("ipvs", 101).rules).toBe(workOf("ipvs", 1).rules);
    expect(workOf("ipvs", 101).entries).toBe(303);
  });

  it("puts what grows into maps in nftables mode: one element for a service, one for its address", () => {
    expect(workOf("nftables", 101).entries).toBe(202);
  });

  it("rewrites all services at each sync before iptables mode learnt not to in 1.27, and nftables mode in 1.32", () => {
    const { full, change } = workOf("iptables", 100, [1, 26, 9]).sync;
    expect(change).toBe(full);
    const later = workOf("iptables", 100, [1, 27, 0]).sync;
    expect([later.full, later.full - later.change]).toEqual([full, 99 * 9]);
    expect(workOf("nftables", 100, [1, 31, 0]).sync.change).toBe(workOf("nftables", 100).sync.full);
    expect(workOf("nftables", 100).sync.change).toBeLessThan(100);
  });

  it("rests its seconds per line on 10,000 services with two endpoints each, which are ten lines a service", () => {
    const linesPerService = (mode: "iptables" | "nftables"): number =>
      (workOf(mode, 200).sync.full - workOf(mode, 100).sync.full) / 100;
    expect([linesPerService("iptables"), linesPerService("nftables")]).toEqual([10, 10]);
    expect(syncSeconds("iptables", 100_000)).toBeCloseTo(40.1);
    expect(syncSeconds("nftables", 100_000)).toBeCloseTo(194.4);
    // One service added to 10,000 took 141 ms (kubernetes pull request 126013).
    expect(syncSeconds("nftables", workOf("nftables", 100).sync.change)).toBeCloseTo(0.141, 1);
  });
});

describe("A run", () => {
  const many = `churn:
  - { name: agent, from: node, to: 10.10.85.10:10051, rate: 10/s, arrivals: periodic, closes: client }
`;
  /** Rules that a new connection of the agent meets, beside a service of the small node and so many others. */
  const rulesPerConnection = (mode: string, others: number): number => {
    const named = Array.from(
      { length: others },
      (_, index) =>
        `  - { name: default/other-${index}, type: ClusterIP, clusterIP: 10.96.1.${index + 1}, ports: [{ port: 80 }], endpoints: [10.23.78.13] }\n`,
    );
    const overrides = [`kubeProxy.mode=${mode}`, "kubeProxy.version=1.29.0", "duration=20s"];
    const { natRulesTested, newConnections } = runOf(smallNode(named.join("") + many, overrides)).dataPlane;
    expect(newConnections).toBeGreaterThan(100);
    return natRulesTested / newConnections;
  };

  it("tests a new connection to another host against one rule more for each ClusterIP, in iptables mode only", () => {
    expect(rulesPerConnection("iptables", 41) - rulesPerConnection("iptables", 1)).toBe(40);
    expect(rulesPerConnection("nftables", 41)).toBe(rulesPerConnection("nftables", 1));
    expect(rulesPerConnection("ipvs", 41)).toBe(rulesPerConnection("ipvs", 1));
  });
});
