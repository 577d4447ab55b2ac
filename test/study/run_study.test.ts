import { describe, expect, it } from "vitest";
import { runReplication } from "../../src/cluster/replication.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { documentOf } from "../../src/study/run_study.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { smallNode } from "../cluster/small_node.ts";

// Goal: the document of a run says what the replications gave, in the form that programs read.
// Method: replications in this thread, so that nothing has to be built; the worker pool is tried in test/app.

const PODS = `sysctls:
  net.ipv4.ip_local_port_range: 36600 36999
pods:
  - { name: default/app, listen: [80], replicas: 9, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 } }
expect:
  - { that: probes.byCause.nodeport-collision, above: 0 }
  - { that: restarts.count, above: 0 }
`;

/** The document of a scenario, its replications run one after the other. */
function documentFor(scenario: Scenario, overrides: Readonly<Record<string, string>> = {}): RunDocument {
  const results = Array.from({ length: scenario.replications }, (_, index) => runReplication(scenario, index));
  const request = { scenario, file: "small.yaml", digest: "sha256:0", version: "1.2.3", overrides };
  return documentOf(request, results, { wallSeconds: 2, cpuSeconds: 3 });
}

/** All paths of an object's leaves; names below `counters` and of addresses are data and not part of the form. */
function paths(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [prefix];
  if (/^(counters|ports\.timeWaitByAddress|settings\.overrides)$/.test(prefix)) return [prefix];
  return Object.entries(value).flatMap(([key, child]) => paths(child, prefix === "" ? key : `${prefix}.${key}`));
}

describe("documentOf", () => {
  const document = documentFor(smallNode(PODS, ["replications=2"]), { replications: "2" });

  it("has the form run/1", () => {
    expect(paths(document)).toMatchInlineSnapshot(`
      [
        "format",
        "scenario.file",
        "scenario.digest",
        "scenario.about",
        "settings.seed",
        "settings.kernel",
        "settings.portWalk",
        "settings.replications",
        "settings.durationSeconds",
        "settings.overrides",
        "probes.total",
        "probes.failed",
        "probes.probability",
        "probes.interval.low",
        "probes.interval.high",
        "probes.interval.level",
        "probes.interval.method",
        "probes.exact.probability",
        "probes.exact.assumptions",
        "probes.exact.gapStandardErrors",
        "probes.byCause.nodeport-collision",
        "probes.byCause.port-exhaustion",
        "probes.byCause.conntrack-full",
        "probes.byCause.connection-refused",
        "probes.byCause.slow-server",
        "probes.byCause.connect-timeout",
        "probes.byCause.host-unreachable",
        "probes.byCause.other",
        "probes.longestRunOfFailures",
        "probes.runsOfFailures",
        "probes.failuresPerHour",
        "probes.meanSecondsBetweenFailures",
        "probes.designEffect",
        "readiness.flips",
        "readiness.unreadySeconds",
        "readiness.perNodeWeek",
        "readiness.interval.low",
        "readiness.interval.high",
        "readiness.interval.level",
        "readiness.interval.method",
        "restarts.count",
        "restarts.perNodeWeek",
        "restarts.interval.low",
        "restarts.interval.high",
        "restarts.interval.level",
        "restarts.interval.method",
        "restarts.exact.perNodeWeek",
        "restarts.exact.runs",
        "restarts.exact.assumptions",
        "restarts.exact.gapStandardErrors",
        "life.firstFailure.perPod.watched",
        "life.firstFailure.perPod.events",
        "life.firstFailure.perPod.medianSeconds",
        "life.firstFailure.perPod.medianInterval.low",
        "life.firstFailure.perPod.medianInterval.high",
        "life.firstFailure.perPod.medianInterval.level",
        "life.firstFailure.perPod.medianInterval.method",
        "life.firstFailure.perPod.curve",
        "life.firstFailure.perNode.watched",
        "life.firstFailure.perNode.events",
        "life.firstFailure.perNode.medianSeconds",
        "life.firstFailure.perNode.medianInterval.low",
        "life.firstFailure.perNode.medianInterval.high",
        "life.firstFailure.perNode.medianInterval.level",
        "life.firstFailure.perNode.medianInterval.method",
        "life.firstFailure.perNode.curve",
        "life.firstRestart.perPod.watched",
        "life.firstRestart.perPod.events",
        "life.firstRestart.perPod.medianSeconds",
        "life.firstRestart.perPod.medianInterval.low",
        "life.firstRestart.perPod.medianInterval.high",
        "life.firstRestart.perPod.medianInterval.level",
        "life.firstRestart.perPod.medianInterval.method",
        "life.firstRestart.perPod.curve",
        "life.firstRestart.perNode.watched",
        "life.firstRestart.perNode.events",
        "life.firstRestart.perNode.medianSeconds",
        "life.firstRestart.perNode.medianInterval.low",
        "life.firstRestart.perNode.medianInterval.high",
        "life.firstRestart.perNode.medianInterval.level",
        "life.firstRestart.perNode.medianInterval.method",
        "life.firstRestart.perNode.curve",
        "life.nodesHitInAWeek.failure.share",
        "life.nodesHitInAWeek.failure.interval.low",
        "life.nodesHitInAWeek.failure.interval.high",
        "life.nodesHitInAWeek.failure.interval.method",
        "life.nodesHitInAWeek.failure.interval.level",
        "life.nodesHitInAWeek.restart.share",
        "life.nodesHitInAWeek.restart.interval.low",
        "life.nodesHitInAWeek.restart.interval.high",
        "life.nodesHitInAWeek.restart.interval.level",
        "life.nodesHitInAWeek.restart.interval.method",
        "workloads",
        "ports.timeWaitMax",
        "ports.timeWaitByAddress",
        "ports.inUseMax",
        "ports.candidatesPerConnect.mean",
        "ports.candidatesPerConnect.p99",
        "ports.candidatesPerConnect.max",
        "conntrack.max",
        "conntrack.peak",
        "conntrack.atEnd",
        "conntrack.dropped",
        "conntrack.earlyDropped",
        "loadBalancers",
        "kubeProxy.syncs",
        "kubeProxy.restarts",
        "kubeProxy.hangs",
        "kubeProxy.hungNodes",
        "kubeProxy.hungSeconds",
        "kubeProxy.staleServers",
        "kubeProxy.logLines",
        "kubeProxy.log",
        "dataPlane.mode",
        "dataPlane.rules",
        "dataPlane.entries",
        "dataPlane.rulesPerNewConnectionMean",
        "dataPlane.rulesPerPacketMean",
        "dataPlane.newConnectionMicrosMean",
        "dataPlane.sync.fullLines",
        "dataPlane.sync.fullSeconds",
        "dataPlane.sync.changeLines",
        "dataPlane.sync.changeSeconds",
        "dataPlane.sourceNat.connections",
        "dataPlane.sourceNat.onNodePort",
        "dataPlane.sourceNat.onNodePortShare",
        "counters",
        "warnings",
        "firstFailures",
        "exposure.portRange",
        "exposure.nodePorts",
        "exposure.reachable",
        "exposure.reserved",
        "exposure.heldByKubeProxy",
        "exposure.nodePortRange",
        "exposure.reservedBlocks",
        "exposure.heldBlocks",
        "exposure.isIntercepted",
        "expectations",
        "engine.version",
        "engine.events",
        "engine.connections",
        "engine.packets",
        "engine.fingerprint",
        "engine.cpuSeconds",
        "engine.wallSeconds",
      ]
    `);
  });

  it("repeats what was asked for", () => {
    expect(document).toMatchObject({
      format: "run/1",
      scenario: { file: "small.yaml", digest: "sha256:0", about: "A small node." },
      settings: {
        seed: "small",
        kernel: "5.4.188",
        portWalk: "4.6-5.11",
        replications: 2,
        durationSeconds: 300,
        overrides: { replications: "2" },
      },
      engine: { version: "1.2.3", wallSeconds: 2, cpuSeconds: 3 },
    });
  });

  it("is the same byte for byte when it is made again", () => {
    const again = documentFor(smallNode(PODS, ["replications=2"]), { replications: "2" });
    expect(JSON.stringify(again)).toBe(JSON.stringify(document));
  });

  it("has another fingerprint for another seed", () => {
    expect(documentFor(smallNode(PODS, ["seed=other"])).engine.fingerprint).not.toBe(document.engine.fingerprint);
  });

  it("judges the expectations by the figures", () => {
    expect(document.expectations.map(({ ok }) => ok)).toEqual([true, false]);
  });

  it("gives an exact value of one in the starting offsets, one parity of 400 ports", () => {
    expect(document.probes.exact).toMatchObject({ probability: 1 / 200 });
    expect(document.exposure).toMatchObject({ nodePorts: [36704], reachable: [36704], heldByKubeProxy: false });
  });

  it.each([
    ["kubeProxy.version=1.18.20", { reachable: [], reserved: [], heldByKubeProxy: true }],
    ["sysctls.net.ipv4.ip_local_reserved_ports=36704", { reachable: [], reserved: [36704], heldByKubeProxy: false }],
    ["portRange.low=36601", { reachable: [], reserved: [], heldByKubeProxy: false }],
    ["kernel=3.10", { reachable: [36704], reserved: [], heldByKubeProxy: false }],
    ["kubeProxy.nodePortAddresses=[10.10.0.0/16]", { reachable: [], reserved: [], heldByKubeProxy: false }],
  ])("tells which NodePorts probes can be given with %s", (override, exposure) => {
    const { probes, exposure: got } = documentFor(smallNode(PODS, [override, "duration=60s"]));
    expect(got).toMatchObject(exposure);
    const exact = "probability" in probes.exact ? probes.exact.probability : undefined;
    expect(exact === 0).toBe(exposure.reachable.length === 0);
  });
});
