import { describe, expect, it } from "vitest";
import { nodeConfig } from "../../../src/check/properties/node_config.ts";
import { judgeProbeShare } from "../../../src/check/properties/probe_share.ts";
import { DEFAULT_BOUNDS } from "../../../src/check/properties/search_bounds.ts";

const RANGE = "net.ipv4.ip_local_port_range = 1024 65000";

describe("judgeProbeShare", () => {
  it("takes the exact value where there is one", () => {
    const node = nodeConfig({ kernel: "6.12", kubeProxy: "1.33.4", sysctls: RANGE, nodePorts: [30_080] });
    expect(judgeProbeShare(node, { atMost: 1e-4 })).toMatchObject({ verdict: "holds", method: "exact", cases: 0 });
    expect(judgeProbeShare(node, { atMost: 1e-5 })).toMatchObject({
      verdict: "violated",
      why: "The exact share is 3.13e-5 in the long run, and the limit 1.00e-5.",
    });
  });

  it("tests boots where there is none, and finds a share far above the limit", () => {
    const sysctls = "net.ipv4.ip_local_port_range = 30000 30199\nnet.ipv4.ip_local_reserved_ports = 30000-30079";
    const node = nodeConfig({ kernel: "5.4.188", kubeProxy: "1.33.4", sysctls, nodePorts: "30080-30199" });
    const mixed = nodeConfig({ kernel: "5.4.188", kubeProxy: "1.33.4", sysctls, nodePorts: "30080-30120" });
    expect(judgeProbeShare(node, { atMost: 0.01 })).toMatchObject({ verdict: "violated", method: "exact" });
    const bounds = { ...DEFAULT_BOUNDS, seconds: [30, 30] } as const;
    const tested = judgeProbeShare(mixed, { atMost: 0.001, bounds, boots: 30 });
    expect(tested).toMatchObject({ verdict: "violated", method: "sequential-test" });
  });

  it("says that it is undecided when boots do not tell", () => {
    const sysctls = "net.ipv4.ip_local_port_range = 20000 40000\nnet.ipv4.ip_local_reserved_ports = 22000-25000";
    const node = nodeConfig({ kernel: "5.4.188", kubeProxy: "1.33.4", sysctls, nodePorts: [30_080] });
    const bounds = { ...DEFAULT_BOUNDS, pods: [1, 2], seconds: [10, 10] } as const;
    const tested = judgeProbeShare(node, { atMost: 1e-4, bounds, boots: 2 });
    expect(tested.why).toBe("2 boots show 0, too few to tell it from the limit 1.00e-4 (error 0.01 on each side).");
  });
});
