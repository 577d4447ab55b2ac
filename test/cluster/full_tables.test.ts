import { describe, expect, it } from "vitest";
import type { ReplicationResult, WorkloadResult } from "../../src/cluster/replication_result.ts";
import { NODE_PORT, runOf, smallNode } from "./small_node.ts";

// Goal: what full and lingering tables of the kernel do to probes and workloads, and what cures it.
// Method: the scenarios port-exhaustion, conntrack-full and reused-port-delay made small: tens of ports and entries.

const POD = `pods:
  - { name: default/busy, address: 10.23.77.140, listen: [8080], readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }
  - { name: default/idle, listen: [8080], readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }
`;

function failedOf({ series }: ReplicationResult, pod: string): number {
  return series.find(({ name }) => name.startsWith(pod))!.failed;
}

describe("a node whose connections to one pod use up the ports", () => {
  const churn = "churn:\n  - { name: proxy, to: 10.23.77.140:8080, rate: 4/s }\n";
  // 200 ports for 5 connects a second, of which each keeps its port for 60 s.
  const narrow = "sysctls:\n  net.ipv4.ip_local_port_range: 50000 50199\n";
  const exhausted = (...overrides: readonly string[]): ReplicationResult =>
    runOf(smallNode(`${narrow}${POD}${churn}`, ["kernel=6.1", ...overrides]));

  it("fails that pod's probes and no others", () => {
    const run = exhausted();
    expect(run.probes.byCause["port-exhaustion"]).toBe(failedOf(run, "default/busy"));
    expect(failedOf(run, "default/busy")).toBeGreaterThan(50);
    expect(failedOf(run, "default/idle")).toBe(0);
    expect(run.ports).toMatchObject({ inUseMax: 200, candidatesMax: 200 });
  });

  it.each(["portRange.width=1200", "sysctls.net.ipv4.tcp_tw_reuse=1", "churn.proxy.closes=server"])(
    "fails none with %s",
    (cure) => {
      expect(exhausted(cure).probes.failed).toBe(0);
    },
  );

  it("fails as many with a shorter tcp_fin_timeout", () => {
    expect(exhausted("sysctls.net.ipv4.tcp_fin_timeout=1").probes).toEqual(exhausted().probes);
  });
});

describe("a node whose connection-tracking table is full of long connections", () => {
  const churn = `churn:\n  - { name: lb, from: 10.10.85.50, to: "10.10.85.105:${NODE_PORT}", rate: 4/s, lasts: 2m }\n`;
  const full = (...overrides: readonly string[]): ReplicationResult =>
    runOf(smallNode(`sysctls:\n  net.netfilter.nf_conntrack_max: 300\n${POD}${churn}`, ["kernel=6.1", ...overrides]));

  it("drops first packets, those of probes and of clients elsewhere", () => {
    const { probes, workloads, conntrack } = full();
    expect(conntrack).toMatchObject({ peak: 300, earlyDropped: 0 });
    expect(conntrack.dropped).toBeGreaterThan(100);
    expect(probes.byCause).toMatchObject({ "conntrack-full": probes.failed, other: 0 });
    expect(probes.failed).toBeGreaterThan(10);
    expect(workloads[0]!.byCause["conntrack-full"]).toBeGreaterThan(10);
  });

  it("drops none with a larger nf_conntrack_max", () => {
    const { probes, conntrack } = full("sysctls.net.netfilter.nf_conntrack_max=2000");
    expect([probes.failed, conntrack.dropped]).toEqual([0, 0]);
  });
});

describe("a client whose source ports come again while IPVS holds their connections in TIME_WAIT", () => {
  const proxy = `name: proxy, from: 10.10.85.50, sourcePorts: 40000-40019, to: "10.10.85.105:${NODE_PORT}"`;
  const churn = `churn:\n  - { ${proxy}, rate: 1/s, arrivals: periodic, closes: server }\n`;
  const reusing = (...overrides: readonly string[]): WorkloadResult =>
    runOf(smallNode(`sysctls:\n  net.ipv4.vs.conn_reuse_mode: 1\n${churn}`, ["kernel=4.18.0-147.el8", ...overrides]))
      .workloads[0]!;

  it("connects one second late each time, but for the first of each port", () => {
    const { connectTimes, failed } = reusing();
    expect(connectTimes.slow + failed).toBeGreaterThanOrEqual(279);
    expect(connectTimes.max).toBeGreaterThanOrEqual(1_000_000);
    expect(connectTimes.max).toBeLessThan(1_100_000);
  });

  it.each(["sysctls.net.ipv4.vs.conn_reuse_mode=0", "kernel=5.10.89", "churn.proxy.sourcePorts=40000-40999"])(
    "is not late with %s",
    (cure) => {
      expect(reusing(cure).connectTimes.slow).toBeLessThan(10);
    },
  );
});
