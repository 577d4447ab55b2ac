import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/scenario/diagnostic.ts";
import { importScenario } from "../../../src/scenario/import/import_scenario.ts";
import type { ImportOptions } from "../../../src/scenario/import/import_options.ts";
import { poissonInterval } from "../../../src/scenario/import/poisson_interval.ts";
import { bootOf } from "../../cluster/small_node.ts";
import { ip } from "../../support/small_network.ts";
import { scenarioOf } from "../small_scenario.ts";
import { filesOf } from "./exported_node.ts";

const IP_ADDR = `1: lo: <UP>
    inet 127.0.0.1/8 scope host lo
2: ens4: <UP> mtu 1460
    inet 10.128.0.5/32 scope global dynamic ens4
3: nodelocaldns: <NOARP>
    inet 169.254.20.10/32 scope global nodelocaldns
    inet 10.96.0.10/32 scope global nodelocaldns
7: cali12ab@if3: <UP>
`;

function objects(...items: readonly object[]): string {
  return JSON.stringify({ kind: "List", items });
}

function service(name: string, spec: object): object {
  return { kind: "Service", metadata: { namespace: "kube-system", name }, spec };
}

function pod(name: string, spec: object, status: object = { podIP: "10.8.0.9" }): object {
  return {
    kind: "Pod",
    metadata: { namespace: "default", name },
    spec: { nodeName: "a", ...spec },
    status: { phase: "Running", ...status },
  };
}

const DNS = service("kube-dns", { clusterIP: "10.96.0.10", ports: [{ port: 53, protocol: "UDP" }] });
const TIME_WAIT = (local: string, peer: string, count: number): string =>
  Array.from(
    { length: count },
    (_, index) =>
      `TIME-WAIT 0 0 ${local.replace("PORT", `${40_000 + index}`)} ${peer.replace("PORT", `${40_000 + index}`)}\n`,
  ).join("");

function imported(files: Readonly<Record<string, string>>, options: ImportOptions = {}) {
  const result = importScenario(filesOf({ "uname-a.txt": "Linux a 6.1.55\n", ...files }), options);
  if (!result.ok) throw new Error(result.diagnostics.map(formatDiagnostic).join("\n"));
  return { ...result, scenario: scenarioOf(result.text) };
}

describe("Interfaces of an export", () => {
  it("have a gateway where a cloud gives a node a /32, and leave a service its address", () => {
    const { text, scenario } = imported({ "ip-addr.txt": IP_ADDR, "kubectl.json": objects(DNS) });
    expect(text).toContain("- { name: ens4, addresses: [ 10.128.0.5/24 ] }");
    expect(text).toContain("# The first interface has a network of one address");
    expect(scenario.node.interfaces.map(({ name, addresses }) => [name, addresses.length])).toEqual([
      ["ens4", 1],
      ["nodelocaldns", 1],
    ]);
  });
});

describe("The node of an export", () => {
  const nodes = objects(...["a", "b"].map((name) => ({ kind: "Node", metadata: { name } })));

  it("is asked for where nothing tells which it is", () => {
    const result = importScenario(filesOf({ "uname-r.txt": "6.1.55\n", "nodes.json": nodes }), {});
    expect(result.ok ? "" : result.diagnostics.map(formatDiagnostic).join("\n")).toBe(
      "--node:1:1: Cannot tell which of 2 nodes the exports are of\n" +
        "  expected: one of a, b\n" +
        "  to mend:  name the node with --node, or collect uname -a on it",
    );
  });

  it("is the one that the user names, or that uname names with its domain", () => {
    expect(importScenario(filesOf({ "uname-r.txt": "6.1.55\n", "nodes.json": nodes }), { node: "b" })).toMatchObject({
      ok: true,
    });
    const uname = { "uname-a.txt": "Linux b.example.com 6.1.55\n", "nodes.json": nodes };
    expect(imported(uname).text).toContain("the exports of node b:");
  });
});

describe("Pods of an export", () => {
  it("have the probes of their first container; those of others connect as churn", () => {
    const probe = { tcpSocket: { port: 8080 }, periodSeconds: 20 };
    const containers = [
      { name: "app", readinessProbe: probe },
      {
        name: "sidecar",
        ports: [{ name: "health", containerPort: 9000 }],
        readinessProbe: { httpGet: { port: "health", scheme: "HTTPS" } },
      },
    ];
    const { scenario, text } = imported({ "ip-addr.txt": IP_ADDR, "pods.json": objects(pod("p", { containers })) });
    expect(scenario.pods).toMatchObject([
      { name: "default/p", listen: [8080, 9000], readinessProbe: { periodSeconds: 20 } },
    ]);
    expect(scenario.churn).toMatchObject([
      { name: "probe-1", arrivals: "periodic", ratePerSecond: 0.1, to: { port: 9000 } },
    ]);
    expect(text).toContain("# HTTPS probes, taken as HTTP: the same connections, without TLS (1).");
  });

  it("have the probes of their sidecars, which are init containers that restart always, and of no other", () => {
    const of = (port: number): object => ({ readinessProbe: { tcpSocket: { port } } });
    const spec = {
      containers: [{ name: "app", ...of(8080) }],
      initContainers: [
        { name: "proxy", restartPolicy: "Always", ...of(15_021) },
        { name: "migrate", ...of(9_999) },
      ],
    };
    const { scenario } = imported({ "ip-addr.txt": IP_ADDR, "pods.json": objects(pod("p", spec)) });
    expect(scenario.pods[0]!.listen).toEqual([8080, 15_021]);
    expect(scenario.churn.map(({ to }) => to.port)).toEqual([15_021]);
  });

  it("say which probes go to another address than they do, and that host ports are left out", () => {
    const probe = (host: string) => ({ tcpSocket: { host, port: 10_257 } });
    const ofHost = {
      hostNetwork: true,
      containers: [{ livenessProbe: probe("127.0.0.1"), readinessProbe: probe("10.9.9.9") }],
    };
    const inPod = { containers: [{ ports: [{ containerPort: 80, hostPort: 80 }], livenessProbe: probe("127.0.0.1") }] };
    const pods = objects(pod("p", ofHost, { podIP: "10.128.0.5" }), pod("q", inPod));
    const { text, scenario } = imported({ "ip-addr.txt": IP_ADDR, "pods.json": pods });
    expect(scenario.pods).toMatchObject([{ hostNetwork: true, listen: [10_257] }, { listen: [80] }]);
    expect(scenario.pods.map((one) => [one.livenessProbe !== undefined, one.readinessProbe !== undefined])).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(text).toContain(
      "# Probes of loopback or another address of the node: sent to its primary one, which has NodePorts (1).",
    );
    expect(text).toContain("# Probes of another host, or of a port that no container names: left out (2).");
    expect(text).toContain(
      "# Host ports: left out, since nobody listens there; rules of the CNI plugin translate them (1).",
    );
  });

  it.each([
    ["v1.23.17", "tcpSocket"],
    ["v1.24.0", "grpc"],
  ])("of a node with kubelet %s have %s probes where their spec asks for gRPC", (kubeletVersion, kind) => {
    const node = { kind: "Node", metadata: { name: "a" }, status: { nodeInfo: { kubeletVersion } } };
    const one = pod("p", { containers: [{ name: "app", livenessProbe: { grpc: { port: 50_051 } } }] });
    const { scenario, text } = imported({ "ip-addr.txt": IP_ADDR, "pods.json": objects(node, one) });
    expect(scenario.pods[0]?.livenessProbe?.handler).toEqual({ kind, port: 50_051 });
    expect(text.includes("behind a feature gate: taken as TCP probes (1).")).toBe(kind === "tcpSocket");
  });

  it("share the node's ports with the host network, each port once", () => {
    const ports = [{ containerPort: 9100 }];
    const two = ["p", "q"].map((name) => pod(name, { hostNetwork: true, containers: [{ name: "c", ports }] }));
    const { scenario } = imported({ "ip-addr.txt": IP_ADDR, "pods.json": objects(...two) });
    expect(scenario.pods.map(({ listen }) => listen)).toEqual([[9100], []]);
  });
});

describe("node-local-dns of an export", () => {
  const cache = (probe: object): object =>
    pod("dns", {
      hostNetwork: true,
      containers: [{ name: "node-cache", image: "k8s-dns-node-cache:1.22.20", ...probe }],
    });

  it("has the address, port and times of its own probe, as Kubespray sets them", () => {
    const httpGet = { host: "169.254.25.10", path: "/health", port: 9254 };
    const livenessProbe = { httpGet, timeoutSeconds: 5, failureThreshold: 10 };
    const { scenario } = imported({ "pods.json": objects(cache({ livenessProbe, readinessProbe: livenessProbe })) });
    expect(scenario.nodeLocalDns).toMatchObject({
      address: ip("169.254.25.10"),
      healthPort: 9254,
      livenessProbe: { handler: { port: 9254, path: "/health" }, timeoutSeconds: 5, failureThreshold: 10 },
    });
  });

  it("has the link-local address of the node where it has no probe, and says what is assumed without one", () => {
    const interfaces = IP_ADDR.replace("169.254.20.10", "169.254.33.1");
    const known = imported({ "ip-addr.txt": interfaces, "pods.json": objects(cache({})) });
    expect(known.scenario.nodeLocalDns?.address).toBe(ip("169.254.33.1"));
    const unknown = imported({ "pods.json": objects(cache({})) });
    expect(unknown.scenario.nodeLocalDns?.address).toBe(ip("169.254.20.10"));
    expect(unknown.text).toContain("Assumed: its address.");
  });
});

describe("Services of an export", () => {
  it("keep the NodePorts of a service that has some, and say that its other ports are left out", () => {
    const ports = [
      { name: "a", port: 443, nodePort: 31_999 },
      { name: "b", port: 444 },
    ];
    const spec = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, clusterIP: "10.96.0.9", ports };
    const { scenario, text } = imported({ "svc.json": objects(service("mixed", spec)) });
    expect(scenario.services).toMatchObject([{ type: "LoadBalancer", ports: [{ port: 443, nodePort: 31_999 }] }]);
    expect(text).toContain("# Its ports without a NodePort are left out (1).");
  });

  it("have the address of a load balancer unless it sends to NodePorts itself (ipMode Proxy)", () => {
    const of = (name: string, clusterIP: string, ingress: object): object => ({
      ...service(name, {
        type: "LoadBalancer",
        clusterIP,
        ports: [{ port: 80, nodePort: Number(`31${clusterIP.at(-1)}00`) }],
      }),
      status: { loadBalancer: { ingress: [ingress] } },
    });
    const vip = of("vip", "10.96.0.1", { ip: "192.0.2.1", ipMode: "VIP" });
    const proxy = of("proxy", "10.96.0.2", { ip: "192.0.2.2", ipMode: "Proxy" });
    const { scenario } = imported({ "svc.json": objects(vip, proxy) });
    expect(scenario.services.map(({ externalIps }) => externalIps)).toEqual([[ip("192.0.2.1")], []]);
  });

  it("say what they ask for and the model does not have", () => {
    const of = (name: string, last: number, more: object): object =>
      service(name, {
        type: "NodePort",
        clusterIP: `10.96.0.${last}`,
        ports: [{ port: 80, nodePort: 31_000 + last }],
        ...more,
      });
    const { text } = imported({
      "svc.json": objects(
        of("a", 1, { externalTrafficPolicy: "Local" }),
        of("b", 2, { externalTrafficPolicy: "Local", sessionAffinity: "ClientIP" }),
        of("c", 3, { loadBalancerSourceRanges: ["192.0.2.0/24"], externalTrafficPolicy: "Cluster" }),
      ),
    });
    expect(text).toContain(
      "# Taken without: externalTrafficPolicy Local (2), session affinity (1), loadBalancerSourceRanges (1).",
    );
  });
});

describe("kube-proxy of an export", () => {
  it("serves the node's own address where nodePortAddresses is primary", () => {
    const config =
      "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\nnodePortAddresses: [primary]\n";
    const { text } = imported({ "ip-addr.txt": IP_ADDR, "kube-proxy.yaml": config });
    expect(text).toContain("nodePortAddresses: [ 10.128.0.5/32 ]");
  });
});

describe("Sysctls of an export", () => {
  it("are said although they are the kernel's defaults where programs of the node write others when they start", () => {
    const { scenario } = imported({
      "sysctl-a.txt":
        "net.ipv4.ip_forward = 0\nnet.ipv4.vs.expire_nodest_conn = 0\nnet.ipv4.tcp_tw_reuse = 2\n" +
        "net.netfilter.nf_conntrack_tcp_timeout_close_wait = 60\n",
    });
    expect(scenario.sysctls).toEqual(
      expect.arrayContaining([
        ["net.ipv4.ip_forward", "0"],
        ["net.ipv4.vs.expire_nodest_conn", "0"],
        ["net.netfilter.nf_conntrack_tcp_timeout_close_wait", "60"],
      ]),
    );
    expect(scenario.sysctls.map(([name]) => name)).not.toContain("net.ipv4.tcp_tw_reuse");
  });

  it.each([
    [{ cpu: "2" }, "", "131072"],
    [{ cpu: "16" }, "", "524288"],
    [{ cpu: "16" }, "conntrack: { maxPerCore: 1000, min: 20000 }\n", "20000"],
    [{ cpu: "16" }, "conntrack: { maxPerCore: 0 }\n", undefined],
    [{}, "", undefined],
  ])("have kube-proxy's nf_conntrack_max for a node with %j and configuration %j: %s", (capacity, config, expected) => {
    const node = { kind: "Node", metadata: { name: "a" }, status: { capacity } };
    const { scenario } = imported({
      "nodes.json": objects(node),
      "kube-proxy.yaml": `kind: KubeProxyConfiguration\napiVersion: kubeproxy.config.k8s.io/v1alpha1\n${config}`,
    });
    const found = scenario.sysctls.find(([name]) => name === "net.netfilter.nf_conntrack_max");
    expect(found?.[1]).toBe(expected);
  });

  it("keep a node that does not forward from forwarding when it is simulated", () => {
    const { scenario } = imported({ "sysctl-a.txt": "net.ipv4.ip_forward = 0\n" });
    const { node } = bootOf(scenario);
    node.start();
    expect(node.netns.mayForward).toBe(false);
  });
});

describe("Traffic of an export", () => {
  const LISTEN = "LISTEN 0 128 0.0.0.0:9100 0.0.0.0:*\n";

  it("keeps what goes to a probed port beyond all that its probes can leave", () => {
    const containers = [{ name: "app", readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10 } }];
    const pods = objects(pod("p", { containers }));
    const few = {
      "ip-addr.txt": IP_ADDR,
      "pods.json": pods,
      "ss.txt": LISTEN + TIME_WAIT("10.128.0.5:PORT", "10.8.0.9:8080", 6),
    };
    expect(imported(few).scenario.churn).toEqual([]);
    const many = { ...few, "ss.txt": LISTEN + TIME_WAIT("10.128.0.5:PORT", "10.8.0.9:8080", 66) };
    expect(imported(many).scenario.churn).toMatchObject([{ from: "node", ratePerSecond: 1, closes: "client" }]);
  });

  it("goes to the node's primary address where it went to loopback, and its sockets are expected there", () => {
    const { scenario } = imported({
      "ip-addr.txt": IP_ADDR,
      "ss.txt": LISTEN + TIME_WAIT("127.0.0.1:PORT", "127.0.0.1:9100", 60),
    });
    expect(scenario.churn).toMatchObject([{ from: "node", to: { port: 9100 }, ratePerSecond: 1, closes: "client" }]);
    expect(scenario.pods).toMatchObject([{ name: "host/processes", listen: [9100] }]);
    expect(scenario.expect).toMatchObject([{ that: "ports.timeWaitByAddress.10.128.0.5", between: [45, 78] }]);
  });

  it("is closed by the node first where the sockets stand on the port that it listens on", () => {
    const { scenario } = imported({
      "ip-addr.txt": IP_ADDR,
      "ss.txt": LISTEN + TIME_WAIT("10.128.0.5:9100", "10.9.9.9:PORT", 30),
    });
    expect(scenario.churn).toMatchObject([
      { from: "10.9.9.9", to: { port: 9100 }, ratePerSecond: 0.5, closes: "server" },
    ]);
  });

  it("says that rates are at least so high where the table of TIME-WAIT sockets is full", () => {
    const files = { "ip-addr.txt": IP_ADDR, "ss.txt": TIME_WAIT("10.128.0.5:PORT", "10.9.9.9:443", 100) };
    const full = imported({ ...files, "sysctl-a.txt": "net.ipv4.tcp_max_tw_buckets = 100\n" });
    expect(full.text).toContain("rates are at least these.");
    expect(imported(files).text).not.toContain("rates are at least these.");
  });
});

describe("poissonInterval", () => {
  // The exact interval by the quantiles of the chi-squared distribution.
  it.each([
    [0, 0, 3.689],
    [1, 0.0253, 5.572],
    [10, 4.795, 18.39],
    [161, 137.1, 187.9],
    [849, 792.8, 908.1],
  ])("of %i is that of the exact method", (count, low, high) => {
    const [from, to] = poissonInterval(count);
    expect(Math.abs(from - low)).toBeLessThan(0.01 * (low + 2));
    expect(Math.abs(to - high)).toBeLessThan(0.01 * high);
  });
});
