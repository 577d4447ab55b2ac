import * as fc from "fast-check";

/** A kernel of every walk and of every way in which conntrack entries end. */
const KERNELS = [
  "3.10.0-1160.el7.x86_64",
  "4.4.302",
  "4.9.337",
  "5.4.188",
  "5.15.24",
  "5.19.17",
  "6.1",
  "6.12.1",
  "7.1",
];

/** Narrow ranges, so that ports come again and some of them are NodePorts; and one that is wide. */
const RANGES = ["30070 30101", "30000 30255", "1025 2048", "32000 36000", "1024 65000"];

const churn = (index: number): fc.Arbitrary<string> =>
  fc
    .record({
      from: fc.constantFrom("node", "default/http-1", "default/tcp"),
      to: fc.constantFrom(
        "10.10.85.10:10051",
        "10.10.85.11:443",
        "10.23.77.140:8080",
        "10.96.0.20:80",
        "10.10.85.12:81",
      ),
      // With the high ones connections overlap.
      rate: fc.oneof({ arbitrary: fc.integer({ min: 1, max: 40 }), weight: 8 }, fc.constant(150)),
      arrivals: fc.constantFrom("poisson", "periodic"),
      closes: fc.constantFrom("client", "server", "reset"),
      lasts: fc.constantFrom("", ", lasts: 300ms", ", lasts: 2s"),
    })
    .map(({ from, to, rate, arrivals, closes, lasts }) => {
      const length = closes === "server" ? "" : lasts;
      return `  - { name: agent-${index}, from: ${from}, to: ${to}, rate: ${rate}/s, arrivals: ${arrivals}, closes: ${closes}${length} }`;
    });

/**
 * A scenario of one busy node that lasts some minutes: kernels, narrow port ranges over NodePorts, reservations, tables
 * that fill up, all data planes, HTTP and TCP probes, agents that close in every way, restarts, a rollout of rules.
 */
export const randomScenario: fc.Arbitrary<string> = fc
  .record({
    kernel: fc.constantFrom(...KERNELS),
    seed: fc.nat(999),
    minutes: fc.integer({ min: 2, max: 5 }),
    range: fc.constantFrom(...RANGES),
    reserved: fc.constantFrom("", "30072-30079", "30084", "30000-30127"),
    max: fc.constantFrom(200, 1200, 262_144),
    waits: fc.constantFrom(40, 8192),
    reuse: fc.constantFrom(0, 1),
    mode: fc.constantFrom("ipvs", "ipvs", "iptables", "nftables"),
    ipMasq: fc.boolean(),
    nodePorts: fc.uniqueArray(fc.integer({ min: 30_070, max: 30_101 }), { minLength: 1, maxLength: 4 }),
    closesFirst: fc.constantFrom("0", "0.3", "1"),
    period: fc.integer({ min: 1, max: 3 }),
    churn: fc.tuple(churn(0), churn(1), churn(2)),
    changes: fc.constantFrom(
      "",
      "timeline:\n  - { at: 70s, set: { sysctls.net.ipv4.ip_local_port_range: 30064 30103 } }\n",
    ),
  })
  .map((one) => {
    const version = one.mode === "nftables" ? "1.31.1" : "1.23.10";
    const services = one.nodePorts.map(
      (nodePort, index) => `  - name: default/web-${index}
    type: NodePort
    clusterIP: 10.96.0.${20 + index}
    ports: [{ port: 80, nodePort: ${nodePort}, targetPort: 8080 }]
    endpoints: [10.23.77.140, 10.23.78.12]
`,
    );
    return `about: A random node.
kernel: "${one.kernel}"
duration: ${one.minutes}m
replications: 1
seed: random-${one.seed}
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
  podNetwork: bridge
sysctls:
  net.ipv4.ip_local_port_range: ${one.range}
  net.ipv4.ip_local_reserved_ports: "${one.reserved}"
  net.ipv4.tcp_tw_reuse: ${one.reuse}
  net.ipv4.tcp_max_tw_buckets: ${one.waits}
  net.netfilter.nf_conntrack_max: ${one.max}
kubelet: { version: ${version}, httpProbeClosesFirst: ${one.closesFirst} }
kubeProxy: { version: ${version}, mode: ${one.mode}, nodePortRange: 30000-32767 }
services:
${services.join("")}pods:
  - name: default/http
    replicas: 2
    listen: [80]
    readinessProbe: { httpGet: { port: 80 }, periodSeconds: ${one.period}, timeoutSeconds: 1 }
    livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: ${one.period}, failureThreshold: 2 }
  - name: default/tcp
    address: 10.23.77.140
    listen: [8080]
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
churn:
${one.churn.join("\n")}
${one.changes}`;
  });

/**
 * A scenario of agents in many pods that connect in step, so that the same ones always meet, with pods that are probed every
 * second and conntrack entries that soon end: most is known after some seconds, and little of it was ever seen alone.
 */
export const agentsInStep: fc.Arbitrary<string> = fc
  .record({
    kernel: fc.constantFrom(...KERNELS),
    seed: fc.nat(9999),
    rates: fc.array(fc.constantFrom(5, 10, 20, 40), { minLength: 2, maxLength: 12 }),
    closes: fc.constantFrom("client", "server"),
    timeout: fc.constantFrom(2, 5, 120),
    period: fc.integer({ min: 1, max: 2 }),
    restart: fc.constantFrom("", "timeline: [{ at: 12s, restart: kubeProxy }]\n"),
  })
  .map(({ kernel, seed, rates, closes, timeout, period, restart }) => {
    const agents = rates.map((rate, index) => {
      const from = index % 3 === 0 ? "node" : `default/http-${index % 10}`;
      return `  - { name: agent-${index}, from: ${from}, to: 10.10.85.${10 + (index % 4)}:${10_051 + index}, rate: ${rate}/s, arrivals: periodic, closes: ${closes} }`;
    });
    return `about: Agents in step.
kernel: "${kernel}"
duration: 25s
replications: 1
seed: in-step-${seed}
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
sysctls: { net.netfilter.nf_conntrack_tcp_timeout_time_wait: ${timeout}, net.ipv4.ip_local_port_range: 30000 36000 }
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs, nodePortRange: 30000-32767 }
services: [{ generate: 20, name: many, type: NodePort, endpoints: [10.23.78.11] }]
pods:
  - name: default/http
    replicas: 10
    listen: [80]
    readinessProbe: { httpGet: { port: 80 }, periodSeconds: ${period} }
    livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 }
churn:
${agents.join("\n")}
${restart}`;
  });

/**
 * A scenario of agents on the node and in pods that call services, in every mode of kube-proxy: by ClusterIP and NodePort, with real servers on the
 * node, elsewhere and nowhere, in ranges so narrow that tuples come again while IPVS still knows them, with rollouts.
 */
export const callersOfServices: fc.Arbitrary<string> = fc
  .record({
    kernel: fc.constantFrom(...KERNELS),
    seed: fc.nat(9999),
    range: fc.constantFrom("32000 32099", "32000 32511", "30000 30255", "20000 40000"),
    agents: fc.array(
      fc.record({
        from: fc.constantFrom("node", "default/app-0", "default/app-1", "default/backend-0"),
        to: fc.constantFrom("10.96.0.20:80", "10.96.0.21:80", "10.96.0.22:80", "10.10.85.105:30080"),
        rate: fc.constantFrom(2, 8, 30),
        arrivals: fc.constantFrom("poisson", "periodic"),
        closes: fc.constantFrom("client", "server", "reset"),
      }),
      { minLength: 2, maxLength: 5 },
    ),
    timeout: fc.constantFrom(2, 120),
    nodePorts: fc.constantFrom(1, 500),
    proxy: fc.constantFrom(
      { mode: "ipvs, scheduler: rr", version: "1.12.2" },
      { mode: "ipvs, scheduler: rr", version: "1.23.10" },
      { mode: "ipvs, scheduler: rr", version: "1.33.4" },
      { mode: "ipvs, scheduler: wrr", version: "1.23.10" },
      { mode: "iptables", version: "1.12.2" },
      { mode: "iptables", version: "1.23.10" },
      { mode: "iptables", version: "1.33.4" },
      { mode: "nftables", version: "1.31.1" },
      { mode: "nftables", version: "1.33.4" },
    ),
    change: fc.constantFrom(
      "",
      "timeline: [{ at: 15s, rollout: default/rolled }]\n",
      "timeline: [{ at: 20s, restart: kubeProxy }]\n",
      "timeline: [{ at: 10s, set: { sysctls.net.ipv4.vs.conntrack: 0 } }]\n",
    ),
  })
  .map(({ kernel, seed, range, agents, timeout, nodePorts, proxy, change }) => {
    const churned = agents.map(
      ({ from, to, rate, arrivals, closes }, index) =>
        `  - { name: agent-${index}, from: ${from}, to: ${to}, rate: ${rate}/s, arrivals: ${arrivals}, closes: ${closes} }`,
    );
    return `about: Callers of services.
kernel: "${kernel}"
duration: 90s
replications: 1
seed: services-${seed}
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
sysctls: { net.netfilter.nf_conntrack_tcp_timeout_time_wait: ${timeout}, net.ipv4.ip_local_port_range: ${range} }
kubelet: { version: ${proxy.version} }
kubeProxy: { version: ${proxy.version}, mode: ${proxy.mode}, nodePortRange: 30000-32767 }
services:
  - { name: default/local, type: NodePort, clusterIP: 10.96.0.20, ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }],
      endpoints: [10.23.77.250, 10.23.77.251] }
  - { name: default/mixed, type: ClusterIP, clusterIP: 10.96.0.21, ports: [{ port: 80, targetPort: 8080 }],
      endpoints: [10.23.77.250, 10.64.9.12] }
  - { name: default/rolled, type: ClusterIP, clusterIP: 10.96.0.22, ports: [{ port: 80, targetPort: 8080 }],
      selector: default/rolled }
  - { generate: ${nodePorts}, name: many, type: NodePort, endpoints: [10.64.9.11] }
pods:
  - name: default/app
    replicas: 4
    listen: [8080]
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
  - { name: default/backend-0, address: 10.23.77.250, listen: [8080] }
  - { name: default/backend-1, address: 10.23.77.251, listen: [8080] }
  - { name: default/rolled, replicas: 3, nodeName: others, podCIDR: 10.64.2.0/23, listen: [8080] }
churn:
${churned.join("\n")}
${change}`;
  });
