import type { NodeSetup, Pod, Probe, Scenario } from "../scenario/scenario.ts";
import { ScenarioPlaces } from "../scenario/scenario_places.ts";
import { buildNode, type NodeParts, type ReadFacts } from "./build_node.ts";
import type { CheckedNode, FlowUse, ListenerUse, NetworkUse, NodePortUse, ProbeUse } from "./checked_node.ts";
import type { Place } from "./finding.ts";
import { wholeFile } from "./finding.ts";
import type { SysctlLine } from "./sysctl_file.ts";
import { applyLines } from "./sysctl_writes.ts";

/** The nodes of a scenario as the rules see them: one for each node of the file. `text` is the file. */
export function scenarioNodes(
  scenario: Scenario,
  text: string,
  file: string,
  facts: ReadFacts,
): readonly CheckedNode[] {
  const places = new ScenarioPlaces(text, file);
  return scenario.nodes.map((setup, index) => scenarioNode({ scenario, setup, index, places, file }, facts));
}

interface Source {
  readonly scenario: Scenario;
  readonly setup: NodeSetup;
  readonly index: number;
  readonly places: ScenarioPlaces;
  readonly file: string;
}

function scenarioNode(source: Source, facts: ReadFacts): CheckedNode {
  const { scenario, setup, places, file } = source;
  const era = facts.era ?? scenario.kernel.era;
  const lines = sysctlLines(source);
  const order = { applied: [], masked: [], unread: [] };
  const pods = scenario.pods.filter(({ nodeName }) => nodeName === undefined || nodeName === setup.name);
  const parts: NodeParts = {
    era,
    place: wholeFile(file),
    memoryBytes: setup.memoryBytes,
    sysctls: { files: [], lines, ...applyLines(lines, era, setup.memoryBytes) },
    proxy: {
      mode: scenario.kubeProxy.mode,
      version: scenario.kubeProxy.version,
      nodePortRange: scenario.kubeProxy.nodePortRange,
      rangePlace: places.at("kubeProxy", "nodePortRange"),
      versionPlace: places.at("kubeProxy", "version"),
    },
    nodePorts: nodePortsOf(source),
    drawnNodePorts: scenario.serviceGenerators
      .filter(({ nodePorts }) => nodePorts !== "listed")
      .reduce((total, { count }) => total + count, 0),
    drawnBlock: Math.max(
      0,
      ...scenario.serviceGenerators.map(({ nodePorts, count }) => (nodePorts === "contiguous" ? count : 0)),
    ),
    listeners: listenersOf(source, pods),
    probes: pods.flatMap((pod) => probesOf(pod, places)),
    networks: networksOf(source),
    flows: flowsOf(source),
    podNetwork: setup.podNetwork,
    masquerade: setup.ipMasq,
    masqueradePlace: places.has("nodes") ? places.at("nodes", source.index, "ipMasq") : places.at("node", "ipMasq"),
  };
  return buildNode(file, order, facts, parts);
}

/** The sysctls of all nodes, then those of this one. */
function sysctlLines({ scenario, setup, index, places }: Source): readonly SysctlLine[] {
  const all = scenario.sysctls.map(([name, value]) => lineOf(name, value, places.at("sysctls", name)));
  const isList = places.has("nodes");
  const own = setup.sysctls.map(([name, value]) =>
    lineOf(name, value, isList ? places.at("nodes", index, "sysctls", name) : places.at("node", "sysctls", name)),
  );
  return [...all, ...own];
}

function lineOf(name: string, value: string, place: Place): SysctlLine {
  return { place, valuePlace: place, kind: "set", name, value, ignoresFailure: false };
}

function nodePortsOf({ scenario, places }: Source): readonly NodePortUse[] {
  const named = scenario.services.flatMap(({ name, ports }) => {
    const at = places.indexOf("services", name);
    return ports.flatMap(({ nodePort, protocol }, index): NodePortUse[] =>
      nodePort === undefined
        ? []
        : [{ port: nodePort, protocol, owner: name, place: places.at("services", at, "ports", index, "nodePort") }],
    );
  });
  const listed = scenario.serviceGenerators.flatMap(({ name, list, protocol }) => {
    const at = name === undefined ? -1 : places.indexOf("services", name);
    return list.map((port) => ({
      port,
      protocol,
      owner: name ?? "a generated Service",
      place: places.at("services", at),
    }));
  });
  return [...named, ...listed];
}

function listenersOf({ scenario, places }: Source, pods: readonly Pod[]): readonly ListenerUse[] {
  const ofPods = pods
    .filter(({ hostNetwork }) => hostNetwork)
    .flatMap(({ listen, workload }) =>
      listen.map((port): ListenerUse => ({
        port,
        owner: workload,
        kind: "listen",
        place: places.at("pods", places.indexOf("pods", workload), "listen"),
      })),
    );
  const dns = scenario.nodeLocalDns;
  if (dns === undefined) return ofPods;
  const place = places.at("nodeLocalDns", "healthPort");
  return [...ofPods, { port: dns.healthPort, owner: "node-local-dns", kind: "listen", place }];
}

const PROBES = [
  ["readiness", "readinessProbe"],
  ["liveness", "livenessProbe"],
  ["startup", "startupProbe"],
] as const;

function probesOf(pod: Pod, places: ScenarioPlaces): readonly ProbeUse[] {
  return PROBES.flatMap(([kind, key]) => {
    const probe: Probe | undefined = pod[key];
    if (probe === undefined) return [];
    const { timeoutSeconds, periodSeconds, failureThreshold, handler } = probe;
    const place = places.at("pods", places.indexOf("pods", pod.workload), key);
    const figures = { timeoutSeconds, periodSeconds, failureThreshold, connects: handler.kind !== "exec" };
    return [{ owner: `${pod.workload} ${key}`, kind, place, ...figures }];
  });
}

function networksOf({ setup, index, places }: Source): readonly NetworkUse[] {
  const key: readonly (string | number)[] = places.has("nodes") ? ["nodes", index] : ["node"];
  const pods: NetworkUse[] =
    setup.podCidr === undefined
      ? []
      : [{ name: "the pod network", kind: "pods", place: places.at(...key, "podCidr"), ...setup.podCidr }];
  const hosts = setup.interfaces
    .filter(({ kind }) => kind === "physical")
    .flatMap(({ name, addresses }): NetworkUse[] =>
      addresses.map((address) => ({ name, kind: "host", place: places.at(...key, "interfaces"), ...address })),
    );
  return [...pods, ...hosts];
}

function flowsOf({ scenario, setup, places }: Source): readonly FlowUse[] {
  return scenario.churn
    .filter(({ from, source }) => source === undefined && (from === "node" || from === setup.name))
    .map(({ name, to, ratePerSecond, arrivals }) => ({
      name,
      isRandom: arrivals === "poisson",
      to: `${to.address}:${to.port}`,
      ratePerSecond,
      place: places.at("churn", places.indexOf("churn", name), "rate"),
    }));
}
