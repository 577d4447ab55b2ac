import { describe, expect, it } from "vitest";
import { runOf, smallNode } from "./small_node.ts";

// The liveness probe of the pod is moved out of the way, so that what is counted is the self-check alone.
const DNS = `nodeLocalDns:
  { version: 1.7.0, address: 169.254.20.10, livenessProbe: { httpGet: { port: 8080 }, periodSeconds: 86400 } }
`;

describe("SelfCheck", () => {
  it("asks once a second and keeps 60 TIME_WAITs at its own address", () => {
    const { workloads, ports } = runOf(smallNode(DNS, ["duration=70s"]));
    expect(workloads).toMatchObject([{ name: "node-local-dns", connects: 70, failed: 0 }]);
    expect(ports.timeWaitByAddress).toEqual({ "169.254.20.10": 60 });
  });

  it("asks nothing where it is off", () => {
    const { workloads, ports } = runOf(smallNode(DNS, ["duration=70s", "nodeLocalDns.selfCheck=off"]));
    expect(workloads).toEqual([]);
    expect(ports.timeWaitByAddress).toEqual({});
  });
});
