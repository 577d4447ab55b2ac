import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { documentOf, runStudyOnPool } from "../../src/study/run_study.ts";
import type { ReplicationPool } from "../../src/study/replication_pool.ts";
import { scenarioOf } from "../scenario/small_scenario.ts";
import { runReplication } from "../../src/cluster/replication.ts";

// Goal: what has no order has none: the order of entries in the file changes the order of rows and nothing else, and the
// order in which boots finish changes nothing at all.
// Method: a node with pods, services, agents, load balancers and sysctls in another order; a pool that finishes its tasks
// in another order.

const HEAD = `about: The order of entries.
duration: 20s
replications: 1
seed: order
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
kubelet: { version: 1.23.10 }
`;

const ENTRIES = {
  sysctls: [
    "  net.ipv4.ip_local_port_range: 30000 30399",
    '  net.ipv4.ip_local_reserved_ports: "30100-30180"',
    "  net.netfilter.nf_conntrack_max: 900",
    "  net.ipv4.tcp_max_tw_buckets: 200",
  ],
  services: Array.from(
    { length: 6 },
    (_, place) =>
      `  - { name: default/s${place}, type: NodePort, clusterIP: 10.96.0.${20 + place}, ` +
      `ports: [{ port: 80, nodePort: ${30000 + 60 * place}, targetPort: 8080 }], ` +
      `endpoints: [10.23.78.${12 + place}, 10.23.78.${30 + place}] }`,
  ),
  // An address that is not named is the next one, so there the order has a meaning.
  pods: Array.from(
    { length: 8 },
    (_, place) =>
      `  - { name: default/p${place}, address: 10.23.77.${140 + place}, listen: [80], ` +
      `readinessProbe: { ${place % 2 === 0 ? "tcpSocket" : "httpGet"}: { port: 80 }, periodSeconds: ${1 + (place % 3)} }, ` +
      `livenessProbe: { tcpSocket: { port: ${place === 3 ? 81 : 80} }, periodSeconds: 5 } }`,
  ),
  churn: Array.from(
    { length: 4 },
    (_, place) =>
      `  - { name: c${place}, to: "${place % 2 === 0 ? "10.10.85.10:10050" : "10.96.0.20:80"}", ` +
      `rate: ${1 + place}/s, arrivals: ${place === 3 ? "periodic" : "poisson"} }`,
  ),
  loadBalancers: Array.from(
    { length: 3 },
    (_, place) =>
      `  - { name: lb${place}, address: 10.10.85.${200 + place}, service: default/s${place}, connections: 2 }`,
  ),
};

/** The scenario with its entries in some order, and its sections too. */
function inOrder(entries: typeof ENTRIES, settings: readonly string[], isReversed = false): Scenario {
  const sections = Object.entries(entries).map(([key, lines]) => `${key}:\n${lines.join("\n")}\n`);
  return scenarioOf(`${HEAD}${(isReversed ? sections.toReversed() : sections).join("")}`, settings);
}

/** A result with its rows by name. */
function byName(result: ReplicationResult): unknown {
  const { series, workloads, loadBalancers, life, exposure } = result;
  const sorted = <T extends { readonly name: string }>(rows: readonly T[]): T[] =>
    rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const pods = life?.pods.map((pod) => JSON.stringify(pod)).toSorted();
  const heldByKubeProxy = exposure.heldByKubeProxy.toSorted((a, b) => a - b);
  return {
    ...result,
    series: sorted(series),
    workloads: sorted(workloads),
    loadBalancers: sorted(loadBalancers),
    life: { ...life, pods },
    exposure: { ...exposure, heldByKubeProxy },
  };
}

const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length });

const MODES = [
  ["kubeProxy.mode=ipvs", "kubeProxy.version=1.23.10", "kernel=3.10.0-1160.el7"],
  ["kubeProxy.mode=ipvs", "kubeProxy.version=1.18.20", "kernel=5.4.188"],
  ["kubeProxy.mode=nftables", "kubeProxy.version=1.31.0", "kernel=6.18.44"],
  ["kubeProxy.mode=iptables", "kubeProxy.version=1.23.10", "kernel=6.1"],
];

describe("The order of a scenario's entries", () => {
  it.each(MODES)("changes the order of rows and nothing else, with %s, %s and %s", (...settings) => {
    const plain = runReplication(inOrder(ENTRIES, settings), 0);
    expect(plain.probes.failed).toBeGreaterThan(0);
    const orders = fc.record({
      sysctls: shuffled(ENTRIES.sysctls),
      services: shuffled(ENTRIES.services),
      pods: shuffled(ENTRIES.pods),
      churn: shuffled(ENTRIES.churn),
      loadBalancers: shuffled(ENTRIES.loadBalancers),
    });
    fc.assert(
      fc.property(orders, fc.boolean(), (entries, isReversed) => {
        const other = runReplication(inOrder(entries, settings, isReversed), 0);
        expect(byName(withoutRulesTested(other))).toEqual(byName(withoutRulesTested(plain)));
      }),
      { numRuns: 2 },
    );
  });

  it("has a meaning where rules are tried one after the other, and pods take the next address", () => {
    const rules = ["kubeProxy.mode=iptables", "kubeProxy.version=1.23.10", "kernel=6.1"];
    const reversed = { ...ENTRIES, services: ENTRIES.services.toReversed() };
    const tested = [ENTRIES, reversed].map(
      (entries) => runReplication(inOrder(entries, rules), 0).dataPlane.natRulesTested,
    );
    expect(tested[0]).not.toBe(tested[1]);
    const next = ENTRIES.pods.map((pod) => pod.replace(/address: [^,]+, /, ""));
    const fingerprints = [next, next.toReversed()].map(
      (pods) => runReplication(inOrder({ ...ENTRIES, pods }, rules), 0).engine.fingerprint,
    );
    expect(fingerprints[0]).not.toBe(fingerprints[1]);
  });
});

/** How many rules iptables tries for a packet is the place of the one that it is for. */
function withoutRulesTested(result: ReplicationResult): ReplicationResult {
  return { ...result, dataPlane: { ...result.dataPlane, natRulesTested: 0 } };
}

describe("The order in which boots finish", () => {
  it("changes not a byte of the document, however many run side by side", async () => {
    const scenario = inOrder(ENTRIES, [...MODES[1]!, "duration=5s", "replications=4"]);
    const results = Array.from({ length: 4 }, (_, replication) => runReplication(scenario, replication));
    const request = { scenario, file: "a.yaml", digest: "", version: "", overrides: {} };
    const document = JSON.stringify(documentOf(request, results, { wallSeconds: 0, cpuSeconds: 0 }));
    const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
    await fc.assert(
      fc.asyncProperty(shuffled([0, 1, 2, 3]), async (order) => {
        const waiting = new Map<number, () => void>();
        const pool: ReplicationPool = {
          run: ({ replication }) =>
            new Promise((resolve) => {
              waiting.set(replication, () => resolve(results[replication]!));
              if (waiting.size === order.length) for (const next of order) waiting.get(next)!();
            }),
          drop: () => {},
        };
        expect(JSON.stringify(await runStudyOnPool({ ...request, pool, clocks }))).toBe(document);
      }),
      { numRuns: 10 },
    );
  });
});
