import { describe, expect, it } from "vitest";
import { aimedCase } from "../../../src/check/properties/aimed_case.ts";
import { hostAddress } from "../../../src/check/properties/case_scenario.ts";
import type { NodeCase } from "../../../src/check/properties/node_case.ts";
import { nodeConfig } from "../../../src/check/properties/node_config.ts";
import { runCase } from "../../../src/check/properties/run_case.ts";
import { DEFAULT_BOUNDS } from "../../../src/check/properties/search_bounds.ts";
import { parseIpv4, prefixMask } from "../../../src/units.ts";

function node(kernel: string, more: Partial<NodeCase> = {}): NodeCase {
  const config = nodeConfig({ kernel, sysctls: "net.ipv4.ip_local_port_range = 20000 40000", listen: [30_078] });
  const probe = { kind: "liveness", handler: "tcpSocket", port: 8_080 } as const;
  return {
    config,
    kernel,
    kubeProxy: "1.33.4",
    nodePorts: [30_080],
    listeners: [],
    pods: 5,
    probe: { ...probe, periodSeconds: 3, timeoutSeconds: 1, failureThreshold: 3 },
    churn: [],
    masquerade: "off",
    boot: 9,
    seconds: 60,
    ...more,
  };
}

describe("aimedCase", () => {
  it.each(DEFAULT_BOUNDS.kernels)("finds a boot at which the only probe fails, on kernel %s", (kernel) => {
    const aimed = aimedCase(node(kernel), [30_080], 1);
    const result = aimed === undefined ? undefined : runCase(aimed);
    expect(result?.probes.total).toBe(1);
    expect(result?.failures.map(({ localPort }) => localPort)).toEqual([30_080]);
  });

  it("finds one at which three probes in a row fail", () => {
    const aimed = aimedCase(node("5.15.24"), [30_080, 30_082, 30_084], 3);
    const result = aimed === undefined ? undefined : runCase(aimed);
    expect([result?.probes.total, result?.probes.failed, result?.restarts]).toEqual([3, 3, 1]);
  });

  it.each([
    ["10.244.77.1", 24],
    ["172.20.77.1", 16],
    ["192.168.77.129", 25],
  ] as const)("gives the pod an address of the network of the bridge %s/%i", (text, prefixLength) => {
    const one = node("6.1");
    const address = parseIpv4(text)!;
    const interfaces = [{ name: "cni0", kind: "bridge", addresses: [{ address, prefixLength }] }] as const;
    const network = { ...one.config.network, interfaces, podCidr: { address, prefixLength } };
    const first = hostAddress({ ...one.config, network }, 2)!;
    expect((first ^ address) & prefixMask(prefixLength)).toBe(0);
  });

  it("finds none for a port of the other parity", () => {
    expect(aimedCase(node("5.4.188"), [30_081], 1)).toBeUndefined();
  });
});
