import type { KernelEra } from "../kernel/kernel_era.ts";
import { resolveKernel } from "../kernel/eras.ts";
import { parsePortList } from "../kernel/sysctl_port_list.ts";
import { kubeProxyEra } from "../cluster/kube_proxy/kube_proxy_eras.ts";
import { readPortSpan, readVersion, type Version } from "../scenario/values.ts";
import type { Port } from "../units.ts";
import type { CheckFacts } from "./check_facts.ts";
import { STEP_WIDTH } from "./checked_node.ts";
import type { CheckedNode, CheckedProxy, FlowUse, ListenerUse, NodePortUse } from "./checked_node.ts";
import { wholeFile } from "./finding.ts";
import { PortView } from "./port_view.ts";
import type { SysctlOrder } from "./sysctl_system.ts";
import { applySysctlFiles, type SysctlResult } from "./sysctl_writes.ts";

/** The kernel that is taken where nobody says one: a long-term release with the walk of today. */
const ASSUMED_KERNEL = "6.12";

/** Connects a second to one destination that a node must hold up, unless the user says otherwise. */
const ASSUMED_CONNECT_RATE = 50;

/** The facts of the command line, checked. */
export interface ReadFacts {
  readonly era: KernelEra | undefined;
  readonly mode: CheckFacts["mode"];
  readonly version: Version | undefined;
  readonly nodePortRange: readonly [low: Port, high: Port] | undefined;
  readonly nodePorts: readonly Port[] | undefined;
  readonly listen: readonly Port[];
  readonly connectRate: number | undefined;
}

/**
 * Checks the facts of the command line.
 *
 * @returns them, or one sentence about the first that cannot be used.
 * @example
 * ```ts
 * const facts = readFacts({ kernel: "5.4.188", nodePorts: "30080,31055" });
 * if (typeof facts === "string") throw new Error(facts);
 * console.log(facts.era?.portWalk, facts.nodePorts); // 4.6-5.11 [ 30080, 31055 ]
 * ```
 */
export function readFacts(facts: CheckFacts): ReadFacts | string {
  const kernel = facts.kernel === undefined ? undefined : resolveKernel({ build: facts.kernel });
  if (kernel?.ok === false) return `Cannot use --kernel ${JSON.stringify(facts.kernel)}: ${kernel.problem}`;
  const version = facts.kubeProxy === undefined ? undefined : readVersion(facts.kubeProxy);
  if (version?.ok === false) {
    return `Cannot use --kube-proxy ${JSON.stringify(facts.kubeProxy)}: write a version such as 1.23.10`;
  }
  const range = facts.nodePortRange === undefined ? undefined : readPortSpan(facts.nodePortRange);
  if (range?.ok === false) {
    return `Cannot use --node-port-range ${JSON.stringify(facts.nodePortRange)}: write two ports such as 30000-32767`;
  }
  const lists: (readonly Port[] | undefined)[] = [];
  for (const [option, text] of [
    ["--node-ports", facts.nodePorts],
    ["--listen", facts.listen],
  ] as const) {
    const parsed = text === undefined ? undefined : parsePortList(text);
    if (parsed?.ok === false) return `Cannot use ${option} ${JSON.stringify(text)}: ${parsed.problem.message}`;
    lists.push(parsed === undefined ? undefined : portsOf(parsed.flags));
  }
  return {
    era: kernel?.era,
    mode: facts.mode,
    version: version?.value,
    nodePortRange: range?.value,
    nodePorts: lists[0],
    listen: lists[1] ?? [],
    connectRate: facts.connectRate,
  };
}

/** What a target itself says; the facts of the command line come first. */
export type NodeParts = Partial<
  Pick<
    CheckedNode,
    | "drawnBlock"
    | "drawnNodePorts"
    | "flows"
    | "listeners"
    | "masquerade"
    | "masqueradePlace"
    | "networks"
    | "nodePorts"
    | "place"
    | "podNetwork"
    | "probes"
    | "sysctls"
  >
> & {
  readonly era?: KernelEra | undefined;
  readonly proxy?: Partial<CheckedProxy>;
  readonly memoryBytes?: number;
  /** Whether `era` stands for a vendor's build that has no row of its own. */
  readonly isKernelGuessed?: boolean;
};

/** Puts a node together: its files, what the target and the user say about it, and defaults for the rest. */
export function buildNode(target: string, order: SysctlOrder, facts: ReadFacts, parts: NodeParts = {}): CheckedNode {
  const place = parts.place ?? wholeFile(target);
  const known = facts.era ?? parts.era;
  const era = known ?? assumedEra();
  const sysctls: SysctlResult = parts.sysctls ?? applySysctlFiles(order.applied, era, parts.memoryBytes);
  const proxy: CheckedProxy = {
    ...parts.proxy,
    mode: facts.mode ?? parts.proxy?.mode ?? "ipvs",
    isModeAssumed: facts.mode === undefined && parts.proxy?.mode === undefined,
    version: facts.version ?? parts.proxy?.version,
    nodePortRange: facts.nodePortRange ?? parts.proxy?.nodePortRange ?? [30_000, 32_767],
  };
  const named = facts.nodePorts?.map((port): NodePortUse => ({ port, protocol: "TCP", owner: "--node-ports", place }));
  const nodePorts = named ?? parts.nodePorts;
  const listed = facts.listen.map((port): ListenerUse => ({ port, owner: "--listen", kind: "listen", place }));
  const listeners = [...listed, ...(parts.listeners ?? [])];
  const held = new Set(listeners.filter(({ kind }) => kind !== "hostPort").map(({ port }) => port));
  if (proxy.version !== undefined && proxy.mode !== "nftables" && kubeProxyEra(proxy.version).claimsNodePorts) {
    for (const { port } of nodePorts ?? []) held.add(port);
  }
  const { localPortRange: range, reservedPorts: reserved } = sysctls.values;
  return {
    target,
    place,
    era,
    isKernelAssumed: known === undefined || (facts.era === undefined && parts.isKernelGuessed === true),
    order,
    sysctls,
    proxy,
    nodePorts,
    drawnNodePorts: named === undefined ? (parts.drawnNodePorts ?? 0) : 0,
    drawnBlock: named === undefined ? (parts.drawnBlock ?? 0) : 0,
    listeners,
    probes: parts.probes ?? [],
    networks: parts.networks ?? [],
    flows: parts.flows ?? [],
    podNetwork: parts.podNetwork,
    masquerade: parts.masquerade,
    ...(parts.masqueradePlace === undefined ? {} : { masqueradePlace: parts.masqueradePlace }),
    connectRate: facts.connectRate ?? ASSUMED_CONNECT_RATE,
    ports: new PortView({
      walk: era.portWalk,
      range,
      reserved,
      held,
      randomConnects: randomConnects(parts.flows ?? []),
      stepWidth: sysctls.values.number(STEP_WIDTH),
    }),
  };
}

/** Connects at random times in the usual period of a probe. */
function randomConnects(flows: readonly FlowUse[]): number {
  return flows.reduce((sum, { isRandom, ratePerSecond }) => sum + (isRandom ? 10 * ratePerSecond : 0), 0);
}

/** The ports of a bitmap, ascending. */
export function portsOf(flags: Uint8Array): readonly Port[] {
  const ports: Port[] = [];
  for (let port = flags.indexOf(1); port >= 0; port = flags.indexOf(1, port + 1)) ports.push(port);
  return ports;
}

function assumedEra(): KernelEra {
  const resolved = resolveKernel({ build: ASSUMED_KERNEL });
  if (!resolved.ok) throw new Error("Broken invariant: the assumed kernel is in the era table");
  return resolved.era;
}
