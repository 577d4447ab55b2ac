import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Node } from "../../src/cluster/node.ts";
import { TcpFlag } from "../../src/kernel/packet.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import { parseScenario, type Scenario } from "../../src/scenario/scenario.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { formatIpv4, type Micros, SECOND } from "../../src/units.ts";
import { PacketLog } from "../support/packet_log.ts";
import { runReplication } from "../../src/cluster/replication.ts";

const FILE = "scenarios/nodelocaldns.yaml";
const TEXT = readFileSync(new URL(`../../${FILE}`, import.meta.url), "utf8");

function incident(...overrides: readonly string[]): Scenario {
  const parsed = parseScenario(TEXT, FILE, overrides);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join("; "));
  return parsed.scenario;
}

/** Boots the first replication, runs it to `until` and hands every packet to the watcher. */
function watch(scenario: Scenario, until: Micros, trace: TraceSink): Node {
  const loop = new EventLoop();
  const node = new Node(scenario, loop, new RandomStreams(scenario.seed, 0), trace);
  node.start();
  loop.runUntil(until);
  return node;
}

// This seed's first boot has a probe of nginx that fails early, from the NodePort 35934.
const FAILING = { seed: "capture-214", port: 35934, failsAt: 23_545_784 };
const CLIENT = `10.23.77.129:${FAILING.port}`;
const POD = "10.23.77.138:80";

describe("Incident 001", () => {
  const log = new PacketLog();
  const node = watch(incident(`seed=${FAILING.seed}`), 30 * SECOND, log);
  const seen = log.at("default/nginx/eth0").filter(({ way }) => way.includes(CLIENT));

  it("shows SYN, SYN-ACK and RST, and one second later the same with a new initial sequence number", () => {
    const lines = seen.map(({ direction, way, flags }) => `${direction} ${way} ${flags}`);
    const round = [`in ${CLIENT} > ${POD} S`, `out ${POD} > ${CLIENT} S.`, `in ${CLIENT} > ${POD} R`];
    expect(lines).toEqual([...round, ...round]);
    const [syn, synAck, , again, synAckAgain] = seen;
    expect(again!.seq).toBe(syn!.seq);
    expect(synAckAgain!.seq).not.toBe(synAck!.seq);
  });

  it("sends the SYN again after one second, late by the timer wheel at most, and the RST within a millisecond", () => {
    const [syn, synAck, reset, again] = seen.map(({ time }) => time);
    expect(again! - syn!).toBeGreaterThanOrEqual(SECOND);
    expect(again! - syn!).toBeLessThanOrEqual(SECOND + 36_000);
    expect(reset! - synAck!).toBeLessThan(1_000);
  });

  it("gives the RST the SYN-ACK's acknowledgement as its sequence number, no ACK flag and a zero window", () => {
    const resets = seen.filter(({ flags }) => flags === "R");
    const synAcks = seen.filter(({ flags }) => flags === "S.");
    expect(resets.map(({ seq }) => seq)).toEqual(synAcks.map(({ ack }) => ack));
    expect(resets.map(({ ack, hasZeroWindow }) => [ack, hasZeroWindow])).toEqual([
      [0, true],
      [0, true],
    ]);
  });

  it("fails at the kubelet's timeout of two seconds with the log line of the write-up", () => {
    const failure = node.kubelet.failures.find(({ series }) => series === "default/nginx nginx readiness");
    expect(failure).toMatchObject({ at: FAILING.failsAt, localPort: FAILING.port, cause: "nodeport-collision" });
    expect(failure!.at - seen[0]!.time).toBe(2 * SECOND - 10);
    expect(failure!.logLine).toBe(
      'I0101 00:00:23.545784    1000 prober.go:121] "Probe failed" probeType="Readiness" pod="default/nginx" ' +
        'podUID=c8133d26-a6b9-4758-9bb4-fe01e624fb5d containerName="nginx" probeResult=failure ' +
        String.raw`output="Get \"http://10.23.77.138:80/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"`,
    );
  });

  it("leaves the resets to the pod: the kubelet's own sockets see none", () => {
    expect(node.netns.counters.TcpEstabResets).toBe(0);
    expect(node.machine.netns("default/nginx")!.counters.TcpExtEmbryonicRsts).toBe(2);
  });

  it("cannot happen while kube-proxy holds the NodePorts", () => {
    for (const version of ["1.18.20", "1.23.4"]) {
      const { probes, exposure } = runReplication(incident(`kubeProxy.version=${version}`, "duration=30m"), 0);
      expect([probes.failed, exposure.heldByKubeProxy.length]).toEqual([0, 18]);
    }
    expect(runReplication(incident("kubeProxy.version=1.23.7", "duration=30m"), 0).probes.failed).toBeGreaterThan(0);
  });

  it("cannot happen with all NodePorts reserved, on any walk", () => {
    for (const kernel of ["3.10.108", "3.10.0-1160.el7", "5.4.188", "5.15.24", "6.1"]) {
      const fix = "sysctls.net.ipv4.ip_local_reserved_ports=20000-40000";
      expect(runReplication(incident(`kernel=${kernel}`, fix, "duration=20m"), 0).probes.failed).toBe(0);
    }
  });
});

/** The source ports of the probes of one pod in ten minutes. */
function portsOfPod(pod: string, ...overrides: readonly string[]): readonly number[] {
  const ports: number[] = [];
  watch(incident(...overrides, "seed=churn"), 600 * SECOND, {
    packet: (_at, device, direction, packet) => {
      if (device.name !== "cni0" || direction !== "out" || packet.flags !== TcpFlag.SYN) return;
      if (formatIpv4(packet.dst) === pod) ports.push(packet.sport);
    },
  });
  return ports;
}

describe("Churn beside the probes", () => {
  const pod = "10.23.77.150";

  it.each(["3.10.108", "3.10.0-1160.el7", "5.4.188"])("changes which ports successive probes get on %s", (kernel) => {
    const quiet = portsOfPod(pod, `kernel=${kernel}`, "nodeLocalDns=off");
    expect(portsOfPod(pod, `kernel=${kernel}`)).not.toEqual(quiet);
    expect(quiet.length).toBe(120);
  });

  it.each(["5.15.24", "6.1"])("does not change which ports successive probes get on %s", (kernel) => {
    const quiet = portsOfPod(pod, `kernel=${kernel}`, "nodeLocalDns=off", "churn.zabbix.rate=0/s");
    expect(portsOfPod(pod, `kernel=${kernel}`)).toEqual(quiet);
    expect(quiet.length).toBe(120);
  });
});
