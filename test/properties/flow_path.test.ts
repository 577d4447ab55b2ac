import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scenarioOf } from "../scenario/small_scenario.ts";
import { bothWays } from "./both_ways.ts";
import { callersOfServices, randomScenario } from "./random_scenario.ts";

// Goal: the flow path makes no difference but to the time it takes.
// Method: random busy nodes, with ports that come again and tables that fill up, run packet by packet and with the flow
// path; results, event counts, and what ss, conntrack, ipvsadm and nstat would show half-way and at the end are compared.
// Many more of them in flow_path.long.test.ts.

const NODE = `node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs }
`;

/** The same node in another mode of kube-proxy. */
function nodeOf(mode: "ipvs" | "iptables" | "nftables"): string {
  return NODE.replace("ipvs", mode).replaceAll("1.23.10", mode === "nftables" ? "1.31.1" : "1.23.10");
}

describe("The flow path", () => {
  it("gives the same results and tables as packet by packet on random nodes", () => {
    let carried = 0;
    // TIME_WAIT entries end within the shorter time, entries of connection tracking within the longer one.
    const duration = fc.constantFrom("70s", "310s");
    fc.assert(
      fc.property(randomScenario, duration, (text, time) => {
        const { packets, flows, carried: count } = bothWays(scenarioOf(text, [`duration=${time}`]));
        carried += count;
        expect(flows).toEqual(packets);
      }),
      { numRuns: 5 },
    );
    expect(carried).toBeGreaterThan(0);
  }, 60_000);

  it("does so where connections overlap", () => {
    const text = `kernel: 5.4.188
duration: 40s
sysctls: { net.ipv4.ip_local_port_range: 20000 40000 }
${NODE}services: [{ generate: 100, name: many, type: NodePort, endpoints: [10.23.78.11] }]
pods:
  - name: default/app
    replicas: 60
    listen: [80]
    readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 }
    livenessProbe: { httpGet: { port: 80 }, periodSeconds: 1 }
churn:
  - { name: fast, from: node, to: 10.10.85.10:10051, rate: 300/s, closes: client }
  - { name: steady, from: node, to: 10.10.85.11:10051, rate: 100/s, arrivals: periodic, closes: server }
`;
    const { packets, flows, carried, overlapped } = bothWays(scenarioOf(text));
    expect(flows).toEqual(packets);
    expect(carried).toBeGreaterThan(15_000);
    expect(overlapped).toBeGreaterThan(4_000);
    expect(flows.result.probes.failed).toBeGreaterThan(0);
  });

  // Entries have timers there: those of earlier probes of the same pod end at the same moment of each period.
  it("carries connections in whose middle entries of earlier ones end", () => {
    const text = `kernel: 3.10.0-1160.el7
duration: 60s
sysctls: { net.ipv4.ip_local_port_range: 20000 40000, net.netfilter.nf_conntrack_tcp_timeout_time_wait: 5 }
${NODE}services: [{ generate: 100, name: many, type: NodePort, endpoints: [10.23.78.11] }]
pods:
  - name: default/app
    replicas: 20
    listen: [80]
    readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 }
    livenessProbe: { httpGet: { port: 80 }, periodSeconds: 1 }
churn:
  - { name: steady, from: node, to: 10.10.85.11:10051, rate: 20/s, arrivals: periodic, closes: server }
  - { name: outbound, from: default/app-0, to: 10.10.85.12:10051, rate: 20/s, arrivals: periodic, closes: client }
timeline: [{ at: 30s, restart: kubeProxy }]
`;
    const { packets, flows, carried } = bothWays(scenarioOf(text));
    expect(flows).toEqual(packets);
    // Of 4,800: what is learnt is learnt again once kube-proxy has begun anew.
    expect(carried).toBeGreaterThan(4_500);
  });

  // By ClusterIP and NodePort; with ports drawn by masquerading, some of them NodePorts; tuples come again that are known still.
  it.each([
    ["3.10.0-1160.el7", "ipvs"],
    ["5.4.188", "ipvs"],
    ["3.10.0-1160.el7", "iptables"],
    ["5.4.188", "iptables"],
    ["6.12.1", "nftables"],
  ] as const)("carries connections to services, on %s in mode %s", (kernel, mode) => {
    const text = `kernel: ${kernel}
duration: 150s
sysctls: { net.ipv4.ip_local_port_range: 32768 33791 }
${nodeOf(mode)}services:
  - { name: default/web, type: NodePort, clusterIP: 10.96.0.20, ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }],
      endpoints: [10.23.77.250, 10.23.77.251] }
  - { generate: 1500, name: many, type: NodePort, endpoints: [10.23.78.11] }
pods:
  - { name: default/app, replicas: 3, listen: [80], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
  - { name: default/web-0, address: 10.23.77.250, listen: [8080] }
  - { name: default/web-1, address: 10.23.77.251, listen: [8080] }
churn:
  - { name: node, from: node, to: 10.96.0.20:80, rate: 10/s, closes: client }
  - { name: served, from: default/app-1, to: 10.10.85.105:30080, rate: 5/s, closes: server }
  - { name: impatient, from: default/app-2, to: 10.96.0.20:80, rate: 10/s, closes: reset }
`;
    const { packets, flows, carried } = bothWays(scenarioOf(text));
    expect(flows).toEqual(packets);
    // Of 4,200.
    expect(carried).toBeGreaterThan(3_000);
  });

  // Until those of IPVS end; pods' SYNs come to the node's rules later than the node's own, which may have begun after them.
  it.each(["ipvs", "iptables", "nftables"] as const)(
    "carries connections to services that overlap, in mode %s",
    (mode) => {
      const text = `kernel: 5.4.188
duration: 200s
sysctls: { net.ipv4.ip_local_port_range: 1025 65000 }
${nodeOf(mode)}services:
  - { name: default/web, type: ClusterIP, clusterIP: 10.96.0.20, ports: [{ port: 80, targetPort: 8080 }],
      endpoints: [10.23.77.250, 10.23.77.251] }
pods:
  - { name: default/app, listen: [80] }
  - { name: default/web-0, address: 10.23.77.250, listen: [8080] }
  - { name: default/web-1, address: 10.23.77.251, listen: [8080] }
churn:
  - { name: node, from: node, to: 10.96.0.20:80, rate: 100/s, closes: client }
  - { name: pod, from: default/app, to: 10.96.0.20:80, rate: 50/s, closes: client }
`;
      const { packets, flows, carried, overlapped } = bothWays(scenarioOf(text));
      expect(flows).toEqual(packets);
      // Of 30,000.
      expect(carried).toBeGreaterThan(20_000);
      expect(overlapped).toBeGreaterThan(2_000);
    },
  );

  // IPVS keeps a connection for 120 s after its last packet and takes its entry along: in the middle of one of the same agent.
  it("learns and carries connections in whose middle those of IPVS end", () => {
    const agents = Array.from(
      { length: 10 },
      (_, index) =>
        `  - { name: agent-${index}, from: default/app-${index}, to: 10.96.0.20:80, rate: 2/s, arrivals: periodic, closes: client }`,
    );
    const text = `kernel: 4.4.302
duration: 260s
sysctls: { net.ipv4.ip_local_port_range: 1025 65000 }
${NODE}services:
  - { name: default/web, type: ClusterIP, clusterIP: 10.96.0.20, ports: [{ port: 80, targetPort: 8080 }], endpoints: [10.23.77.250] }
pods:
  - { name: default/app, replicas: 10, listen: [80] }
  - { name: default/web-0, address: 10.23.77.250, listen: [8080] }
churn:
${agents.join("\n")}
timeline: [{ at: 130s, restart: kubeProxy }]
`;
    const { packets, flows, carried } = bothWays(scenarioOf(text));
    expect(flows).toEqual(packets);
    // Of 5,200; 4,200 where either is not so.
    expect(carried).toBeGreaterThan(4_600);
  });

  // Each packet has an entry of conntrack for a moment then, which counts among the most there ever were.
  it("leaves connections to their packets that IPVS keeps out of conntrack", () => {
    const text = `kernel: 5.4.188
duration: 60s
sysctls: { net.ipv4.ip_local_port_range: 32768 60999 }
${NODE}services:
  - { name: default/web, type: ClusterIP, clusterIP: 10.96.0.20, ports: [{ port: 80, targetPort: 8080 }], endpoints: [10.23.77.250] }
pods:
  - { name: default/app, listen: [80] }
  - { name: default/web, address: 10.23.77.250, listen: [8080] }
churn:
  - { name: caller, from: default/app, to: 10.96.0.20:80, rate: 40/s, closes: client }
  - { name: other, from: node, to: 10.10.85.10:10051, rate: 1/s, closes: client }
timeline: [{ at: 100ms, set: { sysctls.net.ipv4.vs.conntrack: 0 } }]
`;
    const { packets, flows } = bothWays(scenarioOf(text));
    expect(flows).toEqual(packets);
  });

  it("does what packets do where agents call services", () => {
    fc.assert(
      fc.property(callersOfServices, (text) => {
        const { packets, flows } = bothWays(scenarioOf(text));
        expect(flows).toEqual(packets);
      }),
      { numRuns: 8 },
    );
  }, 60_000);

  // On a startup probe's success the readiness worker connects in the same microsecond: no part of the first connection.
  it("does not take a connection for a part of the one that it follows at once", () => {
    const text = `kernel: 3.10.108
duration: 70s
${NODE}pods:
  - name: default/app
    replicas: 3
    listen: [80]
    containerStart: 1us
    startupProbe: { httpGet: { port: 80 }, periodSeconds: 1 }
    readinessProbe: { httpGet: { port: 10250 }, periodSeconds: 1 }
    livenessProbe: { httpGet: { port: 367 }, periodSeconds: 1, failureThreshold: 1 }
`;
    const { packets, flows } = bothWays(scenarioOf(text));
    expect(flows).toEqual(packets);
  });
});
