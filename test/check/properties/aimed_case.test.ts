import { describe, expect, it } from "vitest";
import { aimedCase } from "../../../src/check/properties/aimed_case.ts";
import type { NodeCase } from "../../../src/check/properties/node_case.ts";
import { nodeConfig } from "../../../src/check/properties/node_config.ts";
import { runCase } from "../../../src/check/properties/run_case.ts";
import { DEFAULT_BOUNDS } from "../../../src/check/properties/search_bounds.ts";

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

  it("finds none for a port of the other parity", () => {
    expect(aimedCase(node("5.4.188"), [30_081], 1)).toBeUndefined();
  });
});
