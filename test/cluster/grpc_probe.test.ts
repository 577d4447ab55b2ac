import { describe, expect, it } from "vitest";
import { goDuration } from "../../src/cluster/kubelet/grpc_probe.ts";
import { Server } from "../../src/cluster/server.ts";
import { parseSs } from "../../src/kernel/show/ss_reader.ts";
import { showSs } from "../../src/kernel/show/ss_text.ts";
import { SECOND } from "../../src/units.ts";
import { bootOf, NODE_PORT, runOf, smallNode } from "./small_node.ts";

// Goal: a gRPC probe goes as the kubelet's does: it closes first, waits out its time when the dial fails, and says so.
// Method: pods with a fast, a slow and no server, and a node whose only source port is a NodePort.

const KUBELET = "kubelet.version=1.24.17";

function podWith(probe: string, responseDelay = "100us"): string {
  return `pods:\n  - { name: default/app, listen: [80], responseDelay: ${responseDelay}, readinessProbe: { ${probe} } }\n`;
}

function outputsOf(sections: string, overrides: readonly string[] = []): readonly string[] {
  const { failures } = runOf(smallNode(sections, [KUBELET, ...overrides]));
  return failures.map(({ logLine }) => logLine.replace(/^.* output=/, ""));
}

describe("A gRPC probe", () => {
  it("succeeds once a period, and every TIME-WAIT is the node's", () => {
    const { loop, node } = bootOf(smallNode(podWith("grpc: { port: 80 }"), [KUBELET]));
    node.start();
    loop.runUntil(50 * SECOND);
    expect(node.kubelet.totals).toMatchObject({ total: 5, failed: 0 });
    const inTimeWait = (name: string): number =>
      parseSs(showSs(node.machine.netns(name)!)).rows.filter(({ state }) => state === "TIME-WAIT").length;
    expect([inTimeWait("node"), inTimeWait("default/app")]).toEqual([5, 0]);
  });

  it("says that the health RPC did not complete when the server is slow", () => {
    const outputs = outputsOf(podWith("grpc: { port: 80 }, timeoutSeconds: 2", "5s"));
    expect(outputs).toHaveLength(30);
    expect(new Set(outputs)).toEqual(new Set(['"timeout: health rpc did not complete within 2s"']));
  });

  it("says that it failed to connect when the port is closed, and only when its time is over", () => {
    const refused = runOf(smallNode(podWith("grpc: { port: 81 }, timeoutSeconds: 3"), [KUBELET]));
    const tcp = runOf(smallNode(podWith("tcpSocket: { port: 81 }, timeoutSeconds: 3"), [KUBELET]));
    expect(refused.probes).toMatchObject({ total: 30, failed: 30 });
    expect(refused.probes.byCause["connection-refused"]).toBe(30);
    expect(refused.failures[0]!.logLine).toContain(
      'output="timeout: failed to connect service \\"10.23.77.130:81\\" within 3s: context deadline exceeded"',
    );
    const later = refused.failures[0]!.at - tcp.failures[0]!.at;
    expect(later).toBeGreaterThan(3 * SECOND - 1000);
    expect(later).toBeLessThanOrEqual(3 * SECOND);
  });

  it("dials again after a second, and then after 1.6 times as long, up to a fifth more or less", () => {
    const { loop, node } = bootOf(smallNode(podWith("grpc: { port: 81 }, timeoutSeconds: 5"), [KUBELET]));
    node.start();
    const dials: number[] = [];
    while (node.kubelet.totals.failed === 0) {
      loop.runUntil(loop.now + 1000);
      while (dials.length < node.netns.counters.TcpActiveOpens) dials.push(loop.now);
    }
    const [first, second, third] = dials.slice(1).map((at, index) => (at - dials[index]!) / SECOND);
    expect(dials).toHaveLength(third === undefined ? 3 : 4);
    expect(first).toBeCloseTo(1, 2);
    expect(second).toBeGreaterThan(1.27);
    expect(second).toBeLessThan(1.93);
  });

  it("succeeds when the server has come up by a later dial", () => {
    const { loop, node } = bootOf(smallNode(podWith("grpc: { port: 81 }, timeoutSeconds: 5"), [KUBELET]));
    node.start();
    while (node.netns.counters.TcpActiveOpens === 0) loop.runUntil(loop.now + 1000);
    const pod = node.machine.netns("default/app")!;
    const answer = { responseDelay: 0, responseBytes: 50, waitsForClientShare: 1 };
    expect(new Server(node.machine, "late", answer).listen(pod, 0, 81)).toBe(0);
    loop.runUntil(loop.now + 990_000);
    expect(node.kubelet.totals.total).toBe(0);
    loop.runUntil(loop.now + 20_000);
    expect(node.kubelet.totals).toMatchObject({ total: 1, failed: 0 });
    loop.runUntil(loop.now + 9 * SECOND);
    expect(node.kubelet.totals).toMatchObject({ total: 2, failed: 0 });
  });

  it("gives up a later dial at its deadline, too, when nobody answers it", () => {
    const sections = podWith("grpc: { port: 81 }, timeoutSeconds: 3", "5s");
    const { loop, node } = bootOf(smallNode(sections, [KUBELET]));
    node.start();
    while (node.netns.counters.TcpActiveOpens === 0) loop.runUntil(loop.now + 1000);
    const began = loop.now;
    const pod = node.machine.netns("default/app")!;
    const answer = { responseDelay: 10 * SECOND, responseBytes: 50, waitsForClientShare: 1 };
    new Server(node.machine, "silent", answer).listen(pod, 0, 81);
    loop.runUntil(began + 9 * SECOND);
    const [failure] = node.kubelet.failures;
    expect(failure?.logLine).toContain("health rpc did not complete within 3s");
    expect(failure?.cause).toBe("slow-server");
    expect(Math.abs(failure!.at - began - 3 * SECOND)).toBeLessThan(2000);
  });

  it("says the same of a source port that is a NodePort", () => {
    const sysctl = `sysctls.net.ipv4.ip_local_port_range=${NODE_PORT} ${NODE_PORT}`;
    const { probes, failures } = runOf(smallNode(podWith("grpc: { port: 80 }"), [KUBELET, sysctl]));
    expect(probes.byCause["nodeport-collision"]).toBe(probes.total);
    expect(failures[0]!.logLine).toContain("timeout: failed to connect service");
  });
});

describe("goDuration", () => {
  it.each([
    [1, "1s"],
    [60, "1m0s"],
    [90, "1m30s"],
    [3600, "1h0m0s"],
    [3725, "1h2m5s"],
  ])("writes %i seconds as Go does", (seconds, text) => {
    expect(goDuration(seconds)).toBe(text);
  });
});
