import { describe, expect, it } from "vitest";
import { runReplication } from "../../src/cluster/replication.ts";
import { exactProbability } from "../../src/study/exact_probability.ts";
import { exactForRun } from "../../src/study/exact_twin.ts";
import type { ExactDocument } from "../../src/study/run_document.ts";
import { NODE_PORT, smallNode } from "../cluster/small_node.ts";

/** A range whose NodePort stands behind a reserved block, so that the pace of connects matters on `5.18+`. */
const FUNNEL = `sysctls:
  net.ipv4.ip_local_port_range: 36000 36999
  net.ipv4.ip_local_reserved_ports: 36604-36703
`;

/** The exact value of a scenario's first boots, which need not run for it. */
function exactOf(sections: string, ...overrides: readonly string[]): ExactDocument {
  const scenario = smallNode(sections, ["kernel=6.1", ...overrides]);
  const boots = Array.from({ length: scenario.replications }, (_, boot) =>
    runReplication(scenario, boot, { until: 1 }),
  );
  return exactForRun(scenario, boots);
}

/** The value for destinations that all get this many connects in 10 s. */
function valueAt(connectsPerEpoch: number): number {
  const exact = exactProbability({
    walk: "5.18+",
    range: [36000, 36999],
    isReserved: (port) => port >= 36604 && port <= 36703,
    isHeld: () => false,
    nodePorts: [NODE_PORT],
    probesPerEpochAtMostOne: connectsPerEpoch <= 1,
    connectsPerEpoch,
  });
  if ("declined" in exact) throw new Error(exact.declined);
  return exact.probability;
}

function podEvery(seconds: number, replicas = 1): string {
  return `  - { name: default/every-${seconds}, replicas: ${replicas}, listen: [80], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: ${seconds} } }\n`;
}

describe("exactForRun", () => {
  it("is declined where a timeline changes the run", () => {
    const timeline = "timeline: [{ at: 1m, set: { sysctls.net.ipv4.ip_local_port_range: 1024 65000 } }]\n";
    expect(exactOf(timeline)).toEqual({
      declined: "The timeline changes the run, and the exact value is that of a node that stays as it is.",
    });
  });

  it("is declined where a step width leaps over closed ports, and stands where there is none to leap over", () => {
    const width = "  net.ipv4.ip_local_port_step_width: 128\n";
    expect(exactOf(`${FUNNEL}${width}`, "kernel=7.1")).toEqual({
      declined:
        "ip_local_port_step_width makes connect() leap over reserved and held ports by a step of chance, and where it comes down is not enumerated",
    });
    const open = `sysctls:\n  net.ipv4.ip_local_port_range: 36000 36999\n${width}`;
    expect(exactOf(open, "kernel=7.1")).toMatchObject({ probability: 1 / 500 });
    expect(exactOf(`${FUNNEL}${width.replace("128", "0")}`, "kernel=7.1")).toMatchObject({ probability: valueAt(1) });
  });

  it("takes the pace of the destinations where all have the same", () => {
    expect(exactOf(`${FUNNEL}pods:\n${podEvery(10)}`)).toMatchObject({ probability: valueAt(1) });
    expect(exactOf(`${FUNNEL}pods:\n${podEvery(2)}`)).toMatchObject({ probability: valueAt(5) });
  });

  it("weighs destinations by their probes where they differ on 5.18+", () => {
    const exact = exactOf(`${FUNNEL}pods:\n${podEvery(10, 3)}${podEvery(2)}`);
    const mean = (3 * valueAt(1) + 5 * valueAt(5)) / 8;
    expect(valueAt(5)).toBeLessThan(valueAt(1) / 2);
    expect("probability" in exact ? exact.probability : NaN).toBeCloseTo(mean, 12);
    expect(exact).toMatchObject({
      assumptions: expect.arrayContaining([
        "Destinations weigh by their probes; they get 1 or 5 connects in an epoch.",
      ]),
    });
  });

  it("counts the self-check among the connects to node-local-dns, but not among the probes", () => {
    const dns = "nodeLocalDns: { version: 1.7.0, address: 169.254.20.10 }\n";
    const exact = exactOf(`${FUNNEL}pods:\n${podEvery(10)}${dns}`, "nodeLocalDns.healthPort=8080");
    expect("probability" in exact ? exact.probability : NaN).toBeCloseTo((valueAt(1) + valueAt(11)) / 2, 12);
  });

  it("is the same for every pace where nothing is skipped", () => {
    const open = "sysctls:\n  net.ipv4.ip_local_port_range: 36000 36999\n";
    expect(exactOf(`${open}pods:\n${podEvery(10, 3)}${podEvery(2)}`)).toMatchObject({ probability: 1 / 500 });
  });

  describe("with an agent that connects to a probed pod", () => {
    const toPod = (rest: string): string =>
      `sysctls:\n  net.ipv4.ip_local_port_range: 36000 36999\npods:\n${podEvery(10).replace("every-10,", "every-10, address: 10.23.77.140,")}` +
      `churn:\n  - { name: proxy, to: 10.23.77.140:80, ${rest} }\n`;

    it("has no value where closed connections keep more ports than there are", () => {
      expect(exactOf(toPod("rate: 20/s"))).toEqual({
        declined:
          "the 1000 ports to one probed destination run out: proxy opens 20 connections a second to it, and each keeps its port for 60 s",
      });
    });

    it("has none either where the probes are gRPC's, which the kubelet closes first as it does those by TCP", () => {
      const grpc = toPod("rate: 20/s").replace("tcpSocket", "grpc");
      expect(exactOf(grpc, "kubelet.version=1.24.0")).toHaveProperty("declined");
    });

    it("has none either where the agent comes from the node by its name", () => {
      expect(exactOf(toPod("rate: 20/s, from: worker"), "node.name=worker")).toHaveProperty("declined");
    });

    it.each(["rate: 16/s", "rate: 20/s, closes: server", "rate: 20/s, closes: reset"])("has one with %s", (rest) => {
      expect(exactOf(toPod(rest))).toMatchObject({ probability: 1 / 500 });
    });

    it("has one where TIME_WAIT gives ports away", () => {
      expect(exactOf(toPod("rate: 20/s"), "sysctls.net.ipv4.tcp_tw_reuse=1")).toMatchObject({ probability: 1 / 500 });
    });
  });

  it("averages over boots that draw their NodePorts", () => {
    const many = `  - { generate: 300, name: many, nodePorts: random }\n`;
    const exact = exactOf(`${many}pods:\n${podEvery(10)}`, "replications=3", "portRange.low=20000", "kernel=5.4.188");
    expect(exact).toMatchObject({
      assumptions: expect.arrayContaining(["Averaged over the 3 replications, each with its own NodePorts."]),
    });
  });
});
