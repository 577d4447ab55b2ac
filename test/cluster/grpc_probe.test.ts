import { describe, expect, it } from "vitest";
import { goDuration } from "../../src/cluster/kubelet/grpc_probe.ts";
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
