import { describe, expect, it } from "vitest";
import { runReplication } from "../../src/cluster/replication.ts";
import { SECOND } from "../../src/units.ts";
import { smallNode } from "./small_node.ts";

// Goal: leaving out the start changes what is counted and nothing of what happens. Method: a node on which everything
// fails now and then; what the start has and what is left add up to the whole.

const BUSY = `sysctls:
  net.ipv4.ip_local_port_range: 36600 36799
pods:
  - { name: default/bad, listen: [80], livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 5 } }
  - { name: default/app, listen: [80], replicas: 9, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5, failureThreshold: 1 } }
churn:
  - { name: agents, from: node, to: 10.10.85.10:9100, rate: 1/s }
`;

describe("A replication with a warm-up", () => {
  const scenario = smallNode(BUSY, ["duration=20m"]);
  const warmUp = 400 * SECOND;
  const whole = runReplication(scenario, 0);
  const start = runReplication(scenario, 0, { until: warmUp });
  const rest = runReplication(scenario, 0, { warmUp });

  it("counts what a run up to the warm-up did not", () => {
    expect(rest.duration).toBe(whole.duration - warmUp);
    expect(start.probes.failed).toBeGreaterThan(0);
    expect(start.restarts).toBeGreaterThan(0);
    expect(rest.probes.total).toBe(whole.probes.total - start.probes.total);
    expect(rest.probes.failed).toBe(whole.probes.failed - start.probes.failed);
    expect(rest.restarts).toBe(whole.restarts - start.restarts);
    expect(rest.readiness.flips).toBe(whole.readiness.flips - start.readiness.flips);
    expect(rest.readiness.unready).toBe(whole.readiness.unready - start.readiness.unready);
    expect(rest.workloads[0]!.connects).toBe(whole.workloads[0]!.connects - start.workloads[0]!.connects);
    const [all, before, left] = [whole, start, rest].map(({ workloads }) => workloads[0]!.connectTimes);
    expect(before!.count).toBeGreaterThan(0);
    expect(left!.count).toBe(all!.count - before!.count);
    expect(left!.sum).toBe(all!.sum - before!.sum);
    expect(rest.ports.candidatesSum).toBe(whole.ports.candidatesSum - start.ports.candidatesSum);
    const causes = Object.values(rest.probes.byCause).reduce((sum, count) => sum + count, 0);
    expect(causes).toBe(rest.probes.failed);
  });

  it("lists the failures behind it, and counts first times from its end", () => {
    expect(rest.failures).toEqual(whole.failures.filter(({ at }) => at > warmUp));
    expect(rest.life!.nodes[0]!.failure).toBe(rest.failures[0]!.at - warmUp);
    expect(rest.life!.nodes[0]!.restart).toBeGreaterThan(0);
  });

  it("has the fingerprint, the events and the peaks of the whole run", () => {
    expect(rest.engine).toEqual(whole.engine);
    expect(rest.ports.timeWaitMax).toBe(whole.ports.timeWaitMax);
    expect(rest.conntrack).toEqual(whole.conntrack);
  });

  it("must end before the run does", () => {
    expect(() => runReplication(scenario, 0, { warmUp: scenario.duration })).toThrow(
      "a warm-up is shorter than the run",
    );
  });
});
