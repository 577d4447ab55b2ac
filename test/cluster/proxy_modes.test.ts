import { describe, expect, it } from "vitest";
import { NODE_PORT, runOf, smallNode } from "./small_node.ts";

const PODS = `pods:
  - name: default/app
    listen: [8080]
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10 }
`;

/** Probes of a node with sixteen source ports, the first of which is the NodePort. */
function failed(mode: string, ...overrides: readonly string[]): { readonly total: number; readonly failed: number } {
  const range = `sysctls.net.ipv4.ip_local_port_range=${NODE_PORT} ${NODE_PORT + 15}`;
  const { probes } = runOf(
    smallNode(PODS, [`kubeProxy.mode=${mode}`, "kubeProxy.version=1.29.0", range, ...overrides]),
  );
  expect(probes.byCause["nodeport-collision"]).toBe(probes.failed);
  return { total: probes.total, failed: probes.failed };
}

describe("A probe whose source port is a NodePort", () => {
  it("fails in IPVS mode", () => {
    const { total, failed: lost } = failed("ipvs");
    expect(total).toBeGreaterThanOrEqual(29);
    expect(lost).toBeGreaterThan(0);
  });

  it.each(["iptables", "nftables"])("succeeds in %s mode", (mode) => {
    const { total, failed: lost } = failed(mode);
    expect(total).toBeGreaterThanOrEqual(29);
    expect(lost).toBe(0);
  });

  it("meets no NodePort in iptables mode either while kube-proxy holds the port", () => {
    const scenario = smallNode(PODS, ["kubeProxy.mode=iptables", "kubeProxy.version=1.18.20"]);
    expect(runOf(scenario).exposure.heldByKubeProxy).toEqual([NODE_PORT]);
  });

  it("has no exact failure probability but 0 in the modes in which no virtual server waits for its answer", () => {
    const exposureOf = (mode: string): readonly number[] =>
      runOf(smallNode(PODS, [`kubeProxy.mode=${mode}`, "kubeProxy.version=1.29.0", "duration=20s"])).exposure
        .intercepted;
    expect([exposureOf("ipvs"), exposureOf("iptables"), exposureOf("nftables")]).toEqual([[NODE_PORT], [], []]);
  });
});
