import { describe, expect, it } from "vitest";
import { AccessLog } from "../../src/cluster/access_log.ts";
import { Cluster } from "../../src/cluster/cluster.ts";
import { FlowRecorder } from "../../src/cluster/flow_recorder.ts";
import { Gauges } from "../../src/cluster/gauges.ts";
import { checkInvariants } from "../../src/cluster/invariants.ts";
import { nodeResult } from "../../src/cluster/node_result.ts";
import type { Decision } from "../../src/kernel/decisions/decision.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { findIn } from "../../src/study/find_connection.ts";
import { StoryLogs } from "../../src/study/story_log.ts";
import { type Micros, SECOND } from "../../src/units.ts";
import { goldenScenario } from "../golden/golden_files.ts";
import { PacketLog } from "../support/packet_log.ts";

// Goal: a run with any observer, and with all of them, is the run with none: the same events, outcomes and figures.
// Method: the first seconds of scenarios that have IPVS, rules, tunnels and a full conntrack table between them; one has
// each observer by itself, so that a failure has a name.

const END = 8 * SECOND;

/** Who watches a run, and how. */
interface Watch {
  readonly trace?: TraceSink;
  /** Called before the cluster starts. @returns what is called after each slice. */
  readonly attach?: (cluster: Cluster, scenario: Scenario) => ((now: Micros) => void) | undefined;
}

/** All that a run comes to. */
function outcomeOf(scenario: Scenario, slice: Micros, { trace, attach }: Watch): unknown {
  const loop = new EventLoop();
  loop.traceEvents();
  const cluster = new Cluster(scenario, loop, new RandomStreams(scenario.seed, 0), trace);
  const look = attach?.(cluster, scenario);
  cluster.start();
  while (loop.now < END) {
    loop.runUntil(Math.min(loop.now + slice, END));
    look?.(loop.now);
  }
  const results = cluster.nodes.map((node) => nodeResult(node, { replication: 0, end: END, heldPorts: [] }));
  return { events: loop.eventFingerprint(), fired: loop.fired, results, outside: cluster.fabric?.result() };
}

/** Hears every decision of every kernel. */
function allDecisions(): { readonly sink: TraceSink; readonly heard: Decision[] } {
  const heard: Decision[] = [];
  const decisions = { wants: () => true, begin: (decision: Decision) => void heard.push(decision), end: () => {} };
  return { sink: { packet: () => {}, decisions }, heard };
}

const WATCHES: Readonly<Record<string, () => Watch>> = {
  "a log of all packets": () => ({ trace: new PacketLog() }),
  "a sink of all decisions": () => ({ trace: allDecisions().sink }),
  "a flow recorder": () => {
    const ports = Array.from({ length: 65_536 }, (_, port) => port);
    const recorder = new FlowRecorder({ address: 0, port: 0, localPorts: ports });
    recorder.isListening = true;
    return { trace: recorder };
  },
  "a search for the first failure": () => ({
    attach: (cluster, { kubelet }) => {
      findIn(cluster, { number: "first-failure" }, { replication: 0, version: kubelet.version });
      return undefined;
    },
  }),
  "access logs": () => ({
    attach: ({ nodes }, { pods, kubelet }) => {
      for (const { node } of nodes)
        node.kubelet.observer = new AccessLog(pods[0]!.name, node.probeSource(), kubelet.version);
      return undefined;
    },
  }),
  "logs of the kernels": () => ({
    attach: (cluster) => {
      void new StoryLogs(cluster);
      return undefined;
    },
  }),
  gauges: () => ({
    attach: (cluster) => {
      const gauges = new Gauges(cluster, { start: 0, end: END, readings: 8 });
      return (now) => gauges.read(now);
    },
  }),
  "results so far": () => ({
    attach: (cluster) => (now) => {
      for (const node of cluster.nodes) nodeResult(node, { replication: 0, end: now, heldPorts: [] });
    },
  }),
  "checks of all invariants": () => ({ attach: (cluster) => () => checkInvariants(cluster, { isThorough: true }) }),
};

function scenarioOf(file: string): Scenario {
  const { scenario } = goldenScenario(file);
  return scenario.variants.at(-1)?.scenario ?? scenario;
}

describe("A run", () => {
  const scenario = scenarioOf("nodelocaldns.yaml");
  const plain = outcomeOf(scenario, END, {});

  it.each(Object.keys(WATCHES))("is the same with %s", (name) => {
    expect(outcomeOf(scenario, 3 * SECOND, WATCHES[name]!())).toEqual(plain);
  });
});

describe("A run with all observers at once", () => {
  const files = ["vxlan-blocked.yaml", "conntrack-full.yaml", "dataplanes.yaml"];

  it.each(files)("is the same run of %s", (file) => {
    const scenario = scenarioOf(file);
    const { sink, heard } = allDecisions();
    const log = new PacketLog();
    const looks: ((now: Micros) => void)[] = [];
    const together: Watch = {
      trace: { ...sink, packet: (...seen) => log.packet(...seen) },
      attach: (cluster, given) => {
        for (const make of Object.values(WATCHES)) looks.push(make().attach?.(cluster, given) ?? (() => {}));
        return (now) => looks.forEach((look) => look(now));
      },
    };
    expect(outcomeOf(scenario, SECOND, together)).toEqual(outcomeOf(scenario, END, {}));
    expect(Math.min(heard.length, log.count)).toBeGreaterThan(100);
  });
});
