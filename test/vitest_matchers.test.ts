import { describe, expect, it } from "vitest";
import { nodeConfig } from "../src/check/properties/node_config.ts";
import { NODE_MATCHERS } from "../src/vitest.ts";

const RANGE = "net.ipv4.ip_local_port_range = 1024 65000";
const OVERLAP = { kernel: "5.4.188", kubeProxy: "1.23.10", sysctls: RANGE, nodePorts: [30_080] };
const RESERVED = { ...OVERLAP, sysctls: `${RANGE}\nnet.ipv4.ip_local_reserved_ports = 30000-32767` };

function messageOf(assert: () => void): string {
  try {
    assert();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "it passed";
}

describe("The matchers", () => {
  it("are all there once the file is imported", () => {
    expect(expect(RESERVED)).toMatchObject(
      Object.fromEntries(Object.keys(NODE_MATCHERS).map((name) => [name, expect.any(Function)])),
    );
  });

  it("pass for a node that keeps its probes safe", () => {
    expect(nodeConfig(RESERVED)).toKeepProbesSafe();
    expect(RESERVED).toRestartNoContainer();
    expect(RESERVED).toReserveWithoutHarm();
    expect(RESERVED).toNeverRunOutOfPorts();
    expect(RESERVED).toKeepRoomInConntrack();
    expect({ ...RESERVED, masquerade: "off" } as const).toKeepSnatOffNodePorts();
  });

  it("say what fails, how to see it again, and the scenario", () => {
    const message = messageOf(() => expect(OVERLAP).toKeepProbesSafe({ budgetMs: 60_000 }));
    expect(message).toMatch(
      /^wanted: No probe fails because its source port is a NodePort\.\nfound: {2}violated \(search\)/,
    );
    const [, replay = ""] = /^replay: "(.+)"$/m.exec(message) ?? [];
    expect(message).toContain("ports: [{ port: 80, nodePort: 30080 }]");
    expect(OVERLAP).not.toKeepProbesSafe({ replay });
  });

  it("hold a share against a limit", () => {
    expect(OVERLAP).toKeepProbesSafe({ atMost: 1e-4 });
    expect(OVERLAP).not.toKeepProbesSafe({ atMost: 1e-5 });
  });

  it("fail when they are undecided, unless that is said to pass", () => {
    const few = { cases: 1, within: { pods: [1, 1], churn: [0, 0], masquerade: ["on"] } } as const;
    expect(messageOf(() => expect(OVERLAP).toKeepSnatOffNodePorts(few))).toContain("found:  undecided (search).");
    expect(OVERLAP).toKeepSnatOffNodePorts({ ...few, undecided: "passes" });
  });

  it("refuse a configuration that cannot be read", () => {
    expect(() => expect({ kernel: "9.9" }).toKeepProbesSafe()).toThrow(
      'Cannot use --kernel "9.9": kernel 9.9 is newer',
    );
  });
});
