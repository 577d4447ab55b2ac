import { describe, expect, it } from "vitest";
import type { LoadBalancerResult } from "../../src/cluster/replication_result.ts";
import { runOf, smallNode } from "./small_node.ts";

/** What a load balancer saw in five minutes; without listening endpoints unless `pods` has some. */
function balancerWith(options: string, pods = ""): LoadBalancerResult {
  const balancer = `loadBalancers: [{ name: lb, address: 10.10.85.200, service: default/web, ${options} }]\n`;
  return runOf(smallNode(`${pods}${balancer}`)).loadBalancers[0]!;
}

/** A pod elsewhere that serves the small node's service. */
const SERVING = "pods: [{ name: default/web, nodeName: others, address: 10.23.78.12, listen: [8080] }]\n";
const MINUTE = 60e6;

describe("A load balancer", () => {
  it.each(["TCP", "HTTP"])("finds a node healthy whose service answers, over %s", (protocol) => {
    const result = balancerWith(`healthCheck: { protocol: ${protocol} }`, SERVING);
    expect(result).toMatchObject({ failed: 0, markedUnhealthy: 0, unhealthy: 0 });
    expect(result.checks).toBe(30);
  });

  it("takes the node out after six failures in a row of checks ten seconds apart", () => {
    const result = balancerWith("");
    expect(result).toMatchObject({ markedUnhealthy: 1, isUnhealthyAtEnd: true });
    expect(result.failed).toBe(result.checks);
    // The first check comes within ten seconds, the sixth fifty seconds later.
    expect(5 * MINUTE - result.unhealthy).toBeGreaterThanOrEqual(50e6);
    expect(5 * MINUTE - result.unhealthy).toBeLessThanOrEqual(60e6);
  });

  it("needs as many failures as its threshold says", () => {
    expect(balancerWith("healthCheck: { unhealthyThreshold: 40 }").markedUnhealthy).toBe(0);
    expect(balancerWith("healthCheck: { unhealthyThreshold: 2, interval: 30s }").markedUnhealthy).toBe(1);
  });

  it("keeps its clients' connections open for their lifetime, and none to a node out of service", () => {
    // Three at a time for ten lifetimes, and one that is due at the very end.
    expect(balancerWith("connections: 3, connectionLifetime: 30s", SERVING).connects).toBe(31);
    expect(balancerWith("connections: 1, connectionLifetime: 1s").connects).toBeLessThan(65);
  });
});
