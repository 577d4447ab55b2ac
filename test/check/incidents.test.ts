import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judgeExample } from "../../src/check/rule_example.ts";
import type { CheckFacts } from "../../src/check/check_facts.ts";

// Goal: what operators have published as the cure is judged for what it is.
// Method: each configuration as it was printed, and the rules that must and must not speak.

function rulesOf(files: Readonly<Record<string, string>>, facts: CheckFacts = {}) {
  return judgeExample({ files, facts }, "2026-11-21").map(({ severity, rule }) => `${severity} ${rule}`);
}

const POST = "net.ipv4.ip_local_port_range=12000 65001\n";

describe("The published cures", () => {
  it("00: the typographic dash and quotes leave everything as it was, and the block has one port too many", () => {
    expect(rulesOf({ "99.conf": `${POST}net.ipv4.ip_local_reserved_ports=\u201d30000\u201332768"\n` })).toEqual([
      "error NODEPORT-OVERLAP",
      "error RESERVED-UNPARSEABLE",
      "note EPHEMERAL-ALLOCATED-BY-BIND0",
      "note RESERVED-OFF-BY-ONE",
    ]);
  });

  it("00: what was meant needs no more than a note", () => {
    expect(rulesOf({ "99.conf": `${POST}net.ipv4.ip_local_reserved_ports=30000-32768\n` })).toEqual([
      "note RESERVED-OFF-BY-ONE",
    ]);
  });

  it("01: the usual reservation does not cover that node's range, and funnels", () => {
    const text = "net.ipv4.ip_local_port_range = 1024 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767\n";
    const found = rulesOf({ "99.conf": text }, { nodePortRange: "20000-40000" });
    expect(found).toContain("error NODEPORT-OVERLAP");
    expect(found).toContain("warning RESERVATION-FUNNEL");
  });

  it("02: with the default range the reservation does nothing", () => {
    const text = "net.ipv4.ip_local_port_range = 32768 60999\nnet.ipv4.ip_local_reserved_ports = 30000-32767\n";
    expect(rulesOf({ "99.conf": text })).toEqual(["note RESERVED-NOOP"]);
  });

  it("02: a second file takes the reservation away", () => {
    const files = {
      "etc/sysctl.d/50-kubernetes.conf": `${POST}net.ipv4.ip_local_reserved_ports = 30000-32767\n`,
      "etc/sysctl.d/60-agent.conf": "net.ipv4.ip_local_reserved_ports = 20000\n",
    };
    expect(rulesOf(files)).toEqual([
      "error NODEPORT-OVERLAP",
      "warning RESERVED-OVERWRITES",
      "note EPHEMERAL-ALLOCATED-BY-BIND0",
    ]);
  });

  it("04: nothing reads /etc/sysconf.d", () => {
    const files = {
      "etc/sysconf.d/10-ipv4-forwarding-on.conf": "net.ipv4.ip_forward=1\n",
      "etc/sysconf.d/10-bridge-nf-call-iptables.conf": "net.bridge.bridge-nf-call-iptables=1\n",
    };
    expect(rulesOf(files)).toEqual(["error NOT-PERSISTED", "error NOT-PERSISTED"]);
  });

  it("a template's minus sign makes no list", () => {
    expect(rulesOf({ "99.conf": `${POST}net.ipv4.ip_local_reserved_ports = -2767\n` })).toContain(
      "error RESERVED-UNPARSEABLE",
    );
  });

  it.each([
    ["the kernel's default", "net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n"],
    ["a range off the NodePorts", "net.ipv4.ip_local_port_range = 32768 65535\n"],
    ["a range over them with all of them reserved", `${POST}net.ipv4.ip_local_reserved_ports = 30000-32767\n`],
  ])("a correct configuration passes without a finding: %s", (_name, text) => {
    expect(rulesOf({ "99.conf": text }, { kernel: "6.1", kubeProxy: "1.30.0" })).toEqual([]);
  });
});

describe("The node of incident 001", () => {
  const text = readFileSync("scenarios/nodelocaldns.yaml", "utf8");

  it("has 7 of its 18 NodePorts in reach, named, with the exact probability", () => {
    const findings = judgeExample({ files: { "scenarios/nodelocaldns.yaml": text } }, "2026-11-21");
    const overlap = findings.find(({ rule }) => rule === "NODEPORT-OVERLAP");
    expect(overlap?.message).toBe(
      "connect() of kernel 5.4.188 may take 7 of 18 NodePorts as its source port: 21980 28796 32080 35934 36704 38820 " +
        "39080 (it takes even ports first). That is 1 in 4,570 connects, 2.19e-4, which gets no answer.",
    );
    expect(overlap?.place).toMatchObject({ line: 22, column: 33, length: 10 });
    expect(overlap?.evidence["exact"]).toBe(7 / 31_988);
  });
});

describe("A snapshot of a large cluster", () => {
  const pods = Array.from({ length: 500 }, (_, index) => ({
    kind: "Pod",
    metadata: { namespace: "n", name: `p${index}` },
    spec: {
      containers: [
        { livenessProbe: { tcpSocket: { port: 80 }, timeoutSeconds: 5, failureThreshold: index < 5 ? 1 : 3 } },
      ],
    },
  }));

  it("gives one finding for what many pods have alike, and names the first", () => {
    const files = {
      "99.conf": "net.ipv4.ip_forward = 1\n",
      "pods.json": JSON.stringify({ kind: "List", items: pods }),
    };
    expect(judgeExample({ files }, "2026-11-21").map(({ message }) => message)).toEqual([
      "n/p0 livenessProbe, n/p1 livenessProbe, n/p2 livenessProbe and 2 more have failureThreshold 1: one failure restarts the container.",
    ]);
  });

  it("takes the version from kube-proxy's image, the mode from its ConfigMap and the range from the apiserver", () => {
    const items = [
      {
        kind: "Pod",
        metadata: { name: "a" },
        spec: { containers: [{ name: "kube-proxy", image: "r/kube-proxy:v1.12.2" }] },
      },
      {
        kind: "Pod",
        metadata: { name: "b" },
        spec: { containers: [{ command: ["x", "--service-node-port-range=20000-40000"] }] },
      },
      {
        kind: "ConfigMap",
        metadata: { namespace: "kube-system", name: "kube-proxy" },
        data: { "config.conf": 'mode: "ipvs"\n' },
      },
    ];
    const files = {
      "99.conf": "net.ipv4.ip_local_port_range = 35001 60998\n",
      "c.json": JSON.stringify({ kind: "List", items }),
    };
    const found = judgeExample({ files }, "2026-11-21");
    expect(found.map(({ rule }) => rule)).toContain("IPVS-GRACEFUL-BUG");
    expect(found.find(({ rule }) => rule === "NODEPORT-OVERLAP")?.evidence["nodePortRange"]).toEqual([20_000, 40_000]);
  });

  it("has nothing to say about IPVS where the ConfigMap leaves the mode empty, which is iptables", () => {
    const map = {
      kind: "ConfigMap",
      metadata: { namespace: "kube-system", name: "kube-proxy" },
      data: { "config.conf": 'mode: ""\n' },
    };
    const files = { "99.conf": "net.ipv4.ip_local_port_range = 12000 65001\n", "c.json": JSON.stringify(map) };
    expect(judgeExample({ files }, "2026-11-21").map(({ rule }) => rule)).toEqual(["EPHEMERAL-ALLOCATED-BY-BIND0"]);
  });
});
