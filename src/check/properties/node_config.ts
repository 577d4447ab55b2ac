import { resolveKernel } from "../../kernel/eras.ts";
import type { KernelEra } from "../../kernel/kernel_era.ts";
import { formatDiagnostic } from "../../scenario/diagnostic.ts";
import { parseScenario, type NodeInterface, type Probe, type Scenario } from "../../scenario/scenario.ts";
import type { InterfaceAddress } from "../../scenario/values.ts";
import { findSysctl, SysctlValues } from "../../kernel/sysctl.ts";
import { parseIpv4, type Port, SECOND } from "../../units.ts";
import type { CheckFacts } from "../check_facts.ts";
import { buildNode, readFacts } from "../build_node.ts";
import type { CheckedNode, ProxyMode } from "../checked_node.ts";
import { scenarioNodes } from "../scenario_node.ts";
import { folderOrder } from "../sysctl_system.ts";

/** What the network of a node looks like. */
export interface NodeNetwork {
  readonly interfaces: readonly NodeInterface[];
  readonly podNetwork: "bridge" | "routed";
  readonly podCidr: InterfaceAddress;
}

/** What is given about a node; a search generates what is absent. */
export interface NodeConfig {
  /** Where it comes from, for people. */
  readonly target: string;
  /** Absent if nobody has said which kernel it is. */
  readonly era?: KernelEra;
  /** Sysctls that the model knows, by their own names, in the order in which they apply. */
  readonly sysctls: readonly (readonly [name: string, text: string])[];
  readonly mode: ProxyMode;
  /** kube-proxy's release, such as `1.23.10`. */
  readonly kubeProxy?: string;
  readonly nodePortRange: readonly [low: Port, high: Port];
  /** Networks whose local addresses take NodePorts; all if absent. */
  readonly nodePortAddresses?: readonly InterfaceAddress[];
  readonly kubelet?: string;
  /** TCP NodePorts in use. */
  readonly nodePorts?: readonly Port[];
  /** Ports on which processes of the node listen, ascending. */
  readonly listeners: readonly Port[];
  /** Probes of its pods, alike ones once. */
  readonly probes?: readonly GivenProbe[];
  readonly pods?: number;
  /** What connects beside the probes. */
  readonly flows?: readonly GivenFlow[];
  readonly masquerade?: "off" | "on" | "random-fully";
  readonly network: NodeNetwork;
  readonly memoryBytes?: number;
}

/** A probe of a given configuration. */
export interface GivenProbe {
  readonly kind: "readiness" | "liveness";
  readonly probe: Probe;
}

/** Connections of a given configuration. */
export interface GivenFlow {
  /** Who connects; `outside` is a host elsewhere, whose ports are its own. */
  readonly from: "node" | "outside" | "pod";
  /** The destination, alike where it is the same. */
  readonly to: string;
  readonly ratePerSecond: number;
  readonly closes: "client" | "reset" | "server";
  /** How long each stays open after its answer. */
  readonly lastsSeconds: number;
}

/** What a program says about a node; the texts are those of `sim check`. */
export interface NodeConfigInput extends Omit<CheckFacts, "connectRate" | "listen" | "nodePorts"> {
  /** The text of a `*.conf` file, or values by name. */
  readonly sysctls?: string | Readonly<Record<string, string | number>>;
  /** NodePorts in use; any of the range if absent. */
  readonly nodePorts?: readonly Port[] | string;
  /** Ports that processes of the node listen on. */
  readonly listen?: readonly Port[] | string;
  readonly masquerade?: "off" | "on" | "random-fully";
}

/** Memory that a scenario takes for granted. */
const USUAL_MEMORY = 17_179_869_184;

const DEFAULT_NETWORK: NodeNetwork = {
  interfaces: [
    { name: "eth0", kind: "physical", addresses: [at("10.0.0.10", 24)] },
    { name: "cni0", kind: "bridge", addresses: [at("10.244.0.1", 16)] },
  ],
  podNetwork: "bridge",
  podCidr: at("10.244.0.0", 16),
};

/**
 * A node's configuration for matchers and searches, read as `sim check` reads it: a line that the kernel refuses has no
 * effect.
 *
 * @throws RangeError with one sentence about the first value that cannot be used.
 * @example
 * ```ts
 * const node = nodeConfig({ kernel: "5.4.188", sysctls: "net.ipv4.ip_local_port_range = 1024 65000" });
 * console.log(node.era?.build); // 5.4.188
 * ```
 */
export function nodeConfig(input: NodeConfigInput): NodeConfig {
  const { sysctls = "", nodePorts, listen, masquerade, ...said } = input;
  const facts = readFacts({
    ...said,
    ...(nodePorts === undefined ? {} : { nodePorts: listText(nodePorts) }),
    ...(listen === undefined ? {} : { listen: listText(listen) }),
  });
  if (typeof facts === "string") throw new RangeError(facts);
  const lines = typeof sysctls === "string" ? sysctls : linesOf(sysctls);
  const order = folderOrder([{ path: "sysctls", text: lines }], false);
  const parts = masquerade === undefined ? {} : { masquerade };
  return checkedConfig(buildNode("the node", order, facts, parts));
}

/** The configuration of a node of `sim check`; of a scenario's node (by its place in it), with what the scenario says beside. */
export function checkedConfig(node: CheckedNode, scenario?: Scenario, index = 0): NodeConfig {
  const { target, sysctls, proxy, nodePorts, listeners, masquerade } = node;
  const held = listeners.filter(({ kind }) => kind !== "hostPort").map(({ port }) => port);
  const isDrawn = node.drawnNodePorts > 0;
  const tcp = (nodePorts ?? []).filter(({ protocol }) => protocol !== "UDP" && protocol !== "SCTP");
  const settings = [...sysctls.settings.values()].flatMap(({ name, value }): [string, string][] =>
    findSysctl(name) === undefined ? [] : [[name, value.replaceAll("\t", " ")]],
  );
  const ports = nodePorts === undefined || isDrawn ? undefined : ascending(tcp.map(({ port }) => port));
  return {
    target,
    ...(node.isKernelAssumed ? {} : { era: node.era }),
    sysctls: settings,
    mode: proxy.mode,
    ...(proxy.version === undefined ? {} : { kubeProxy: proxy.version.join(".") }),
    nodePortRange: rangeAround(proxy.nodePortRange, ports ?? []),
    ...(ports === undefined ? {} : { nodePorts: ports }),
    listeners: ascending(held),
    ...(masquerade === undefined ? {} : { masquerade }),
    network: DEFAULT_NETWORK,
    ...(scenario === undefined ? {} : scenarioParts(scenario, node, index)),
  };
}

/** The range, or a wider one: a NodePort that a cluster serves lies in its range, whatever was said of the range. */
function rangeAround([low, high]: NodeConfig["nodePortRange"], ports: readonly Port[]): NodeConfig["nodePortRange"] {
  return [Math.min(low, ...ports), Math.max(high, ...ports)];
}

/**
 * The configuration of a scenario's first node: its kernel, sysctls, NodePorts, probes and rates are given.
 *
 * @throws RangeError with the scenario's diagnostics if it is not right.
 * @example
 * ```ts
 * const node = scenarioConfig(readFileSync("scenarios/nodelocaldns.yaml", "utf8"));
 * console.log(node.era?.build); // 5.4.188
 * ```
 */
export function scenarioConfig(text: string, file = "scenario.yaml"): NodeConfig {
  const parsed = parseScenario(text, file, []);
  if (!parsed.ok) throw new RangeError(parsed.diagnostics.map(formatDiagnostic).join("\n"));
  const facts = readFacts({});
  if (typeof facts === "string") throw new Error(`Broken invariant: no facts are right facts (${facts})`);
  const [node] = scenarioNodes(parsed.scenario, text, file, facts);
  if (node === undefined) throw new Error("Broken invariant: a scenario has a node");
  return checkedConfig(node, parsed.scenario);
}

/** The kernel's values for a configuration: a sysctl that this kernel has not, or refuses, has no effect. */
export function sysctlValues(config: NodeConfig, era: KernelEra): SysctlValues {
  const values = new SysctlValues(era, config.memoryBytes === undefined ? {} : { memoryBytes: config.memoryBytes });
  for (const [name, text] of config.sysctls) values.set(name, text);
  return values;
}

/** The era of a build that is known to be in the table. */
export function eraOf(build: string): KernelEra {
  const resolved = resolveKernel({ build });
  if (!resolved.ok) throw new RangeError(`Cannot use kernel ${JSON.stringify(build)}: ${resolved.problem}`);
  return resolved.era;
}

function scenarioParts(scenario: Scenario, { place }: CheckedNode, index: number): Partial<NodeConfig> {
  const { nodes, kubeProxy, kubelet, churn, kernel } = scenario;
  const node = nodes[index] ?? scenario.node;
  const pods = scenario.pods.filter(({ nodeName }) => nodeName === undefined || nodeName === node.name);
  const probes = new Map<string, GivenProbe>();
  for (const { readinessProbe, livenessProbe } of pods) {
    for (const [kind, probe] of [["readiness", readinessProbe] as const, ["liveness", livenessProbe] as const]) {
      if (probe === undefined || probe.handler.kind === "exec") continue;
      const given: GivenProbe = { kind, probe };
      probes.set(JSON.stringify(given), given);
    }
  }
  const flows = churn
    .filter(({ ratePerSecond }) => ratePerSecond > 0)
    .map(({ from, to, ratePerSecond, closes, lasts = 0, source }): GivenFlow => {
      const isOwn = from === "node" || nodes.some(({ name }) => name === from);
      const who = source !== undefined ? "outside" : isOwn ? "node" : "pod";
      return { from: who, to: `${to.address}:${to.port}`, ratePerSecond, closes, lastsSeconds: lasts / SECOND };
    });
  const { nodePortAddresses } = kubeProxy;
  return {
    target: place.file,
    era: kernel.era,
    kubelet: kubelet.version.join("."),
    ...(nodePortAddresses === undefined ? {} : { nodePortAddresses }),
    ...(probes.size === 0 ? {} : { probes: [...probes.values()], pods: pods.length }),
    ...(flows.length === 0 ? {} : { flows }),
    ...(node.podCidr === undefined
      ? {}
      : { network: { interfaces: node.interfaces, podNetwork: node.podNetwork, podCidr: node.podCidr } }),
    ...(node.memoryBytes === USUAL_MEMORY ? {} : { memoryBytes: node.memoryBytes }),
  };
}

function listText(ports: readonly Port[] | string): string {
  return typeof ports === "string" ? ports : ports.join(",");
}

function linesOf(sysctls: Readonly<Record<string, string | number>>): string {
  return Object.entries(sysctls)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
}

function ascending(ports: readonly Port[]): readonly Port[] {
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

function at(text: string, prefixLength: number): InterfaceAddress {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error("Broken invariant: an address of the default network is one");
  return { address, prefixLength };
}
