import { exactForRun } from "../../study/exact_twin.ts";
import { exactRestarts } from "../../study/exact_restarts.ts";
import type { ExactRestartsDocument } from "../../study/run_document.ts";
import type { ReplicationResult } from "../../cluster/replication_result.ts";
import type { Port } from "../../units.ts";
import { formatProbability } from "../../study/format_count.ts";
import { plural } from "../wording.ts";
import { aimedCase } from "./aimed_case.ts";
import { caseProbe, givenChurn, type CaseProbe, type NodeCase } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import { holds, type Judgement, type NodeProperty } from "./node_property.ts";
import { judgeNodePorts, reachableNodePorts } from "./probe_nodeport.ts";
import { runCase, scenarioOfCase } from "./run_case.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** Restarts in a node-week that are as good as none. */
const RESTARTS_LEAST = 0.01;

/** Groups of adjacent NodePorts that are aimed at. */
const AIMS_MOST = 4;

/** No container is restarted because its liveness probe took NodePorts, in a node-week. */
export const RESTART_WEEK: NodeProperty = {
  name: "no-restart-in-a-node-week",
  title: "No container is restarted in a node-week because its probes took NodePorts.",
  judge(config, bounds) {
    const judged = judgeNodePorts(config, bounds);
    return judged.kind === "holds" ? judged : (judgedByWeek(config, bounds) ?? judged);
  },
  test(one) {
    const result = runCase(one);
    if (result.restarts === 0 || result.probes.byCause["nodeport-collision"] === 0) return undefined;
    const week = weekOf(one, result);
    // A row of failures that a boot was chosen for tells nothing of how often it comes, unless it can be counted.
    if (!("declined" in week) && week.perNodeWeek < RESTARTS_LEAST) return undefined;
    const rate = "declined" in week ? undefined : Number(week.perNodeWeek.toPrecision(3));
    const often =
      rate === undefined ? "" : `; in the long run ${rate} a node-week with ${plural(one.pods, "such pod")}`;
    return {
      what: `${plural(result.restarts, "restart")} after ${plural(result.probes.failed, "failed probe")}${often}.`,
      expect: [["restarts.count", "equals", result.restarts]],
      figures: { restarts: result.restarts, ...(rate === undefined ? {} : { perNodeWeek: rate }) },
    };
  },
  *aims(one) {
    const threshold = one.probe.failureThreshold;
    const liveness: NodeCase = { ...one, probe: { ...one.probe, kind: "liveness" } };
    let tried = 0;
    for (const ports of rows(reachableNodePorts(one), threshold)) {
      const aimed = aimedCase(liveness, ports, threshold);
      if (aimed !== undefined) yield aimed;
      tried += 1;
      if (tried === AIMS_MOST) return;
    }
  },
};

/** By enumeration of the node that is given, if its kernel, NodePorts and probes are. */
function judgedByWeek(config: NodeConfig, bounds: SearchBounds): Judgement | undefined {
  const { era, nodePorts, kubeProxy = bounds.kubeProxies.at(-1), probes = [] } = config;
  if (era === undefined || nodePorts === undefined || kubeProxy === undefined) return undefined;
  const given = probes.flatMap(({ kind, probe }) => (kind === "liveness" ? (caseProbe(kind, probe) ?? []) : []));
  if (given.length === 0 && probes.length > 0) {
    return holds("structure", "No pod has a liveness probe that connects.");
  }
  let most = 0;
  for (const probe of given.length > 0 ? given : usualProbes(bounds)) {
    const node: NodeCase = {
      config,
      kernel: era.build,
      kubeProxy,
      nodePorts,
      listeners: config.listeners.filter((port) => !nodePorts.includes(port)),
      pods: config.pods ?? bounds.pods[1],
      probe,
      churn: givenChurn(config.flows ?? []),
      masquerade: "off",
      boot: 0,
      seconds: 1,
    };
    const week = weekOf(node, runCase(node));
    if ("declined" in week) return undefined;
    most = Math.max(most, week.perNodeWeek);
  }
  const rate = `${formatProbability(most)} restarts in a node-week`;
  return most < RESTARTS_LEAST
    ? holds("exact", `By enumeration there are ${rate} at most.`)
    : { kind: "open", why: `By enumeration there are up to ${rate}.` };
}

/** Liveness probes at both ends of the bounds. */
function usualProbes({ period, threshold }: SearchBounds): readonly CaseProbe[] {
  return [...new Set(period)].map((periodSeconds) => ({
    kind: "liveness",
    handler: "tcpSocket",
    port: 8_080,
    periodSeconds,
    timeoutSeconds: 1,
    failureThreshold: threshold[0],
  }));
}

/** NodePorts that consecutive steps of a walk meet: `length` of them, 1 or 2 apart. */
function rows(reachable: readonly Port[], length: number): readonly (readonly Port[])[] {
  const ports = reachable.toSorted((a, b) => a - b);
  return ports.flatMap((first, start) => {
    const row = ports.slice(start, start + length);
    const isRow = row.length === length && row.every((port, index) => index === 0 || port - row[index - 1]! <= 2);
    return isRow && first === row[0] ? [row] : [];
  });
}

/** Restarts in the long run, by enumeration, for what the run of a case was exposed to. */
function weekOf(one: NodeCase, result: ReplicationResult): ExactRestartsDocument {
  const scenario = scenarioOfCase(one);
  return exactRestarts(scenario, [result], exactForRun(scenario, [result]));
}
