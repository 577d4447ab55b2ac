import { describe, expect, it } from "vitest";
import type { ReplicationResult, WorkloadResult } from "../../src/cluster/replication_result.ts";
import { NODE_PORT, runOf, smallNode } from "./small_node.ts";

/** An agent that connects to another host for 10 minutes. */
function churnOf(rest: string, seed = "small"): WorkloadResult {
  const churn = `churn:\n  - { name: agent, to: 10.10.85.10:10050, ${rest} }\n`;
  return runOf(smallNode(churn, ["duration=10m", `seed=${seed}`])).workloads[0]!;
}

describe("Churn", () => {
  it.each(["a", "b", "c", "d", "e"])("connects as often as a Poisson process of its rate does (seed %s)", (seed) => {
    const { connects } = churnOf("rate: 5/s, arrivals: poisson", seed);
    expect(Math.abs(connects - 3_000)).toBeLessThan(4 * Math.sqrt(3_000));
  });

  it("varies with the seed as a Poisson process does", () => {
    const counts = Array.from({ length: 20 }, (_, seed) => churnOf("rate: 1/s", `${seed}`).connects);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
    // The ratio has 19 degrees of freedom: chance leaves these bounds once in a thousand sets of seeds.
    expect(variance / mean).toBeGreaterThan(0.28);
    expect(variance / mean).toBeLessThan(2.31);
  });

  it("connects evenly when it is periodic", () => {
    expect(churnOf("rate: 2.5/s, arrivals: periodic").connects).toBe(1_500);
  });

  it("never connects at rate 0", () => {
    expect(churnOf("rate: 0/s").connects).toBe(0);
  });

  it("fails only where something is wrong", () => {
    for (const closes of ["client", "server", "reset"]) {
      expect(churnOf(`rate: 1/s, closes: ${closes}`)).toMatchObject({ failed: 0 });
    }
  });
});

describe("Churn to a pod", () => {
  const pod = "pods:\n  - { name: default/app, address: 10.23.77.140, listen: [8080] }\n";
  const closing = (closes: string): ReplicationResult =>
    runOf(smallNode(`${pod}churn:\n  - { name: agent, to: 10.23.77.140:8080, rate: 2/s, closes: ${closes} }\n`));

  it("leaves the TIME_WAIT where closes says, whatever the pod does with probes", () => {
    const byClient = closing("client");
    const byServer = closing("server");
    expect([byClient.workloads[0]?.failed, byServer.workloads[0]?.failed]).toEqual([0, 0]);
    expect(byClient.ports.timeWaitMax).toBeGreaterThan(60);
    expect(byServer.ports.timeWaitMax).toBe(0);
  });
});

describe("Churn that lasts", () => {
  it("keeps its connections open so long, and the ports with them", () => {
    const agent = (rest: string): string =>
      `churn:\n  - { name: agent, to: 10.10.85.10:10050, rate: 4/s, arrivals: periodic, closes: reset${rest} }\n`;
    // The 81st begins while the first still says goodbye.
    expect(runOf(smallNode(agent(", lasts: 20s"))).ports.inUseMax).toBe(81);
    expect(runOf(smallNode(agent(""))).ports.inUseMax).toBe(1);
  });

  it("ends after its answer, so the answer's timeout does not matter", () => {
    const churn = "churn:\n  - { name: agent, to: 10.10.85.10:10050, rate: 1/s, lasts: 1m }\n";
    expect(runOf(smallNode(churn)).workloads[0]).toMatchObject({ failed: 0 });
  });
});

describe("Churn from a host elsewhere", () => {
  const PROXY = "name: proxy, from: 10.10.85.50, arrivals: periodic";
  const fromElsewhere = (rest: string, ...overrides: readonly string[]): ReplicationResult =>
    runOf(smallNode(`churn:\n  - { ${PROXY}, ${rest} }\n`, overrides));

  it("reaches endpoints on other hosts by the NodePort, whose packets are masqueraded", () => {
    const [proxy] = fromElsewhere(`to: "10.10.85.105:${NODE_PORT}", rate: 1/s`).workloads;
    expect(proxy).toMatchObject({ connects: 300, failed: 0 });
  });

  it("gets no answer by the ClusterIP, because endpoints on other hosts answer it past the node", () => {
    const [proxy] = fromElsewhere("to: 10.96.0.20:80, rate: 1/s").workloads;
    expect(proxy!.failed).toBe(proxy!.connects);
  });

  it("does not take ports of the node, nor move its cursor", () => {
    const { ports } = fromElsewhere(`to: "10.10.85.105:${NODE_PORT}", rate: 1/s`);
    expect([ports.inUseMax, ports.candidatesSum]).toEqual([0, 0]);
  });

  it("fails for want of a port when all of its source ports are in TIME_WAIT", () => {
    const [proxy] = fromElsewhere(`to: "10.10.85.105:${NODE_PORT}", sourcePorts: 40000-40029, rate: 1/s`).workloads;
    // Thirty ports, each away for 60 s: every second connect fails.
    expect(proxy?.byCause["port-exhaustion"]).toBe(proxy?.failed);
    expect(proxy?.failed).toBe(150);
  });

  it("begins in the node's namespace where the pod that connects shares it", () => {
    const pods = "pods:\n  - { name: kube-system/agent, hostNetwork: true, listen: [9100] }\n";
    const churn = "churn:\n  - { name: agent, from: kube-system/agent, to: 10.10.85.10:10050, rate: 1/s }\n";
    const { workloads, ports } = runOf(smallNode(pods + churn, ["duration=1m"]));
    expect(workloads[0]).toMatchObject({ failed: 0 });
    expect(ports.timeWaitMax).toBeGreaterThan(30);
  });

  it("may meet itself: a node that connects to a port of its own range", () => {
    const churn = "churn:\n  - { name: self, to: 10.10.85.105:36706, rate: 10/s }\n";
    const range = "sysctls.net.ipv4.ip_local_port_range=36700 36711";
    const [self] = runOf(smallNode(churn, ["duration=1m", range])).workloads;
    expect(self?.connects).toBeGreaterThan(400);
    // Nobody answers: what it meets is itself, or a port on which nobody listens.
    expect(self?.failed).toBe(self?.connects);
  });
});
