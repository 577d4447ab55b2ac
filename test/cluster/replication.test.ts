import { describe, expect, it, vi } from "vitest";
import { Cluster } from "../../src/cluster/cluster.ts";
import { replicationInSlices, runReplication } from "../../src/cluster/replication.ts";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { SECOND } from "../../src/units.ts";
import { PacketLog } from "../support/packet_log.ts";
import { bootOf, runOf, smallNode } from "./small_node.ts";

// Goal: one boot of a node keeps its books: every connection has one end, and what watches or stands beside it changes
// nothing.
// Method: a node with every kind of failure at once: a narrow range around a NodePort, a closed port, a slow server.

const TROUBLE = `sysctls:
  net.ipv4.ip_local_port_range: 36680 36759
pods:
  - { name: default/web, listen: [80], replicas: 3, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 2 } }
  - { name: default/app, listen: [80], replicas: 3, livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
  - { name: default/shut, readinessProbe: { tcpSocket: { port: 81 }, periodSeconds: 7 } }
  - { name: default/slow, listen: [80], responseDelay: 3s, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 9 } }
nodeLocalDns: { version: 1.7.0, address: 169.254.20.10 }
churn:
  - { name: agent, to: 10.10.85.10:10050, rate: 3/s }
`;

/** A failing probe's worker and moment, to the millisecond. */
function momentsOf(result: ReplicationResult, series: string): string[] {
  return result.failures
    .filter((failure) => failure.series.startsWith(series))
    .map((failure) => `${failure.series} ${Math.round(failure.at / 1_000)}`);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

describe("runReplication", () => {
  const result = runOf(smallNode(TROUBLE));

  it("meets every cause that the node has", () => {
    const { byCause } = result.probes;
    expect(byCause["nodeport-collision"]).toBeGreaterThan(0);
    expect(byCause["connection-refused"]).toBeGreaterThan(0);
    expect(byCause["slow-server"]).toBeGreaterThan(0);
    const agent = result.workloads.find(({ name }) => name === "agent");
    expect(agent!.byCause["port-exhaustion"]).toBeGreaterThan(0);
  });

  it("gives each failure exactly one cause", () => {
    expect(sumOf(result.probes.byCause)).toBe(result.probes.failed);
    for (const { byCause, failed } of result.workloads) expect(sumOf(byCause)).toBe(failed);
  });

  it("adds up its workers to the totals", () => {
    expect(result.series.reduce((sum, { probes }) => sum + probes, 0)).toBe(result.probes.total);
    expect(result.series.reduce((sum, { failed }) => sum + failed, 0)).toBe(result.probes.failed);
  });

  it("ends each connection once: outcomes and the few under way at the end are all that was opened", () => {
    const books = [{ connects: result.probes.total, byCause: result.probes.byCause }, ...result.workloads];
    // A connect that finds no port fails before there is a connection.
    const ended = books.reduce((sum, { connects, byCause }) => sum + connects - byCause["port-exhaustion"], 0);
    // A worker has at most one connection under way, and the agent those of its last 3 s.
    const mostUnderWay = result.series.length + 1 + 20;
    expect(result.engine.connections - ended).toBeGreaterThanOrEqual(0);
    expect(result.engine.connections - ended).toBeLessThanOrEqual(mostUnderWay);
  });

  it("is the same for the same seed, and another for another boot", () => {
    expect(runOf(smallNode(TROUBLE))).toEqual(result);
    expect(runOf(smallNode(TROUBLE, ["seed=other"])).engine.fingerprint).not.toBe(result.engine.fingerprint);
  });

  it("is cut short where the scenario's duration ends", () => {
    const short = runOf(smallNode(TROUBLE, ["duration=100s"]));
    expect(short.duration).toBe(100_000_000);
    expect(momentsOf(result, "default/").slice(0, short.failures.length)).toEqual(momentsOf(short, "default/"));
  });

  it("has the same outcomes with a trace as without", () => {
    const scenario = smallNode(TROUBLE, ["duration=60s"]);
    const log = new PacketLog();
    const [watched, plain] = [bootOf(scenario, log), bootOf(scenario)].map(({ loop, node }) => {
      node.start();
      loop.runUntil(scenario.duration);
      return `${node.fingerprint.hex()} ${loop.fired}`;
    });
    expect(log.count).toBeGreaterThan(1_000);
    expect(watched).toBe(plain);
  });

  it("leaves the kubelet's phases in place when another workload goes", () => {
    const without = runOf(smallNode(TROUBLE, ["nodeLocalDns=off"]));
    expect(momentsOf(without, "default/shut")).toEqual(momentsOf(result, "default/shut"));
    expect(without.workloads.map(({ name }) => name)).toEqual(["agent"]);
  });
});

describe("TIME_WAIT", () => {
  const pods = (probe: string): string =>
    `pods:\n  - { name: default/app, listen: [80], replicas: 5, readinessProbe: { ${probe}, periodSeconds: 10 } }\n`;
  const atNode = (scenario: Scenario): number => sumOf(runOf(scenario).ports.timeWaitByAddress);

  it("stays at the kubelet after TCP probes: one for each probe of the last 60 s", () => {
    expect(runOf(smallNode(pods("tcpSocket: { port: 80 }"))).ports.timeWaitByAddress).toEqual({ "10.23.77.129": 30 });
  });

  it("stays at the pod when its server closes first after an HTTP probe", () => {
    expect(atNode(smallNode(pods("httpGet: { port: 80 }"), ["kubelet.httpProbeClosesFirst=0"]))).toBe(0);
  });

  it("stays at the kubelet when that closes first", () => {
    expect(atNode(smallNode(pods("httpGet: { port: 80 }"), ["kubelet.httpProbeClosesFirst=1"]))).toBe(30);
  });

  it("is nowhere after a reset", () => {
    const churn = "churn:\n  - { name: agent, to: 10.10.85.10:10050, rate: 5/s, closes: reset }\n";
    expect(atNode(smallNode(churn))).toBe(0);
  });
});

describe("replicationInSlices", () => {
  it("yields what runReplication does, whatever the slices and however often it is asked on the way", () => {
    const scenario = smallNode(TROUBLE);
    const slices = replicationInSlices(scenario, 0, { slice: 7 * SECOND });
    const totals: number[] = [];
    let step = slices.next();
    for (; step.done !== true; step = slices.next()) totals.push(step.value.resultSoFar().probes.total);
    expect(step.value).toEqual(runOf(scenario));
    expect(totals).toHaveLength(43);
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  });

  // The agent's connections overlap when the liveness probe finds its port closed and the server is stopped.
  it("begins anew with every packet when what was carried turns out to be wrong, and tells no slice twice", () => {
    const text = `pods:
  - name: default/web
    address: 10.23.77.138
    listen: [80]
    livenessProbe: { tcpSocket: { port: 81 }, periodSeconds: 1, failureThreshold: 1 }
churn:
  - { name: agent, to: 10.23.77.138:80, rate: 1000/s, closes: client }
`;
    const scenario = smallNode(text, ["duration=10s", "seed=a"]);
    const starts = vi.spyOn(Cluster.prototype, "start");
    try {
      const slices = replicationInSlices(scenario, 0, { slice: SECOND });
      const times: number[] = [];
      let step = slices.next();
      for (; step.done !== true; step = slices.next()) times.push(step.value.simulated / SECOND);
      expect(starts).toHaveBeenCalledTimes(2);
      expect(times).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(step.value).toEqual(runReplication(scenario, 0, { isPacketByPacket: true }));
    } finally {
      starts.mockRestore();
    }
  });

  it("yields between two slices what a run to that moment does", () => {
    const scenario = smallNode(TROUBLE);
    const first = replicationInSlices(scenario, 0, { slice: 90 * SECOND }).next();
    const soFar = first.done === true ? undefined : first.value.resultSoFar();
    expect(soFar).toEqual(runReplication(scenario, 0, { until: 90 * SECOND }));
  });
});
