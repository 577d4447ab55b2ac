import { describe, expect, it } from "vitest";
import { kubeProxyFigures, loadBalancerFigures } from "../../src/study/dynamics_figures.ts";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import { runReplication } from "../../src/cluster/replication.ts";
import { smallNode } from "../cluster/small_node.ts";

const BALANCER = "loadBalancers: [{ name: lb, address: 10.10.85.200, service: default/web }]\n";
const POD = "pods: [{ name: default/web, nodeName: others, address: 10.23.78.12, listen: [8080] }]\n";

/** Four nodes, of which the service answers on `sound`. */
function nodes(sound: number): readonly ReplicationResult[] {
  return [0, 1, 2, 3].map((replication) =>
    runReplication(smallNode(`${replication < sound ? POD : ""}${BALANCER}`), replication),
  );
}

describe("loadBalancerFigures", () => {
  it("takes a replication for a node: the share of nodes marked, and of their time", () => {
    const [figures] = loadBalancerFigures(nodes(3), 0.95);
    expect(figures).toMatchObject({
      nodesMarkedUnhealthy: 1,
      nodesMarkedUnhealthyShare: 0.25,
      timesMarkedUnhealthy: 1,
    });
    expect(figures!.failedShare).toBeCloseTo(0.25, 2);
    // One node of four is out from its sixth check on, that is for more than four of five minutes.
    expect(figures!.unhealthyShare).toBeGreaterThan(0.2);
    expect(figures!.unhealthyShare).toBeLessThan(0.21);
    expect(figures!.interval.low).toBeLessThan(0.25);
    expect(figures!.interval.high).toBeGreaterThan(0.25);
  });
});

describe("kubeProxyFigures", () => {
  it("adds up the syncs of all nodes: eleven in five minutes", () => {
    expect(kubeProxyFigures(nodes(4))).toMatchObject({ syncs: 44, hangs: 0, hungNodes: 0, logLines: 0, log: [] });
  });
});
