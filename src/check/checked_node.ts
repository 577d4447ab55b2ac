import type { KernelEra } from "../kernel/kernel_era.ts";
import type { Version } from "../scenario/values.ts";
import type { Port } from "../units.ts";
import type { Place } from "./finding.ts";
import type { PortView } from "./port_view.ts";
import type { SysctlOrder } from "./sysctl_system.ts";
import type { SysctlResult } from "./sysctl_writes.ts";

/** How kube-proxy serves Services. */
export type ProxyMode = "ipvs" | "iptables" | "nftables";

/** What serves Services on a node. */
export interface CheckedProxy {
  readonly mode: ProxyMode;
  /** Whether nobody has said the mode. */
  readonly isModeAssumed: boolean;
  /** Absent if nobody says it. */
  readonly version: Version | undefined;
  readonly nodePortRange: readonly [low: Port, high: Port];
  /** Where the range is said; absent if it is the default. */
  readonly rangePlace?: Place;
  readonly versionPlace?: Place;
}

/** A NodePort that a Service has. */
export interface NodePortUse {
  readonly port: Port;
  readonly protocol: string;
  /** `namespace/name` of the Service, or where the port was named. */
  readonly owner: string;
  readonly place: Place;
}

/** A port of the node on which somebody listens. */
export interface ListenerUse {
  readonly port: Port;
  /** Whose it is, for people. */
  readonly owner: string;
  /** `hostPort` is a mapping that holds no socket; kube-proxy listens on a `healthCheckNodePort`. */
  readonly kind: "listen" | "hostPort" | "healthCheckNodePort";
  readonly place: Place;
}

/** A probe of a container. */
export interface ProbeUse {
  /** `namespace/name` and the kind, such as `default/web readinessProbe`. */
  readonly owner: string;
  readonly kind: "readiness" | "liveness" | "startup";
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
  /** Whether it opens a connection. */
  readonly connects: boolean;
  readonly place: Place;
}

/** A network of the node, of its pods or of its surroundings. */
export interface NetworkUse {
  readonly name: string;
  readonly kind: "pods" | "host";
  readonly address: number;
  readonly prefixLength: number;
  readonly place: Place;
}

/** Connections of the node to one destination. */
export interface FlowUse {
  readonly name: string;
  readonly to: string;
  readonly ratePerSecond: number;
  /** Whether the connects come at random times, rather than evenly. */
  readonly isRandom: boolean;
  readonly place: Place;
}

/** A node as the rules see it: what its files say, what the cluster says, and what follows for source ports. */
export interface CheckedNode {
  readonly target: string;
  readonly place: Place;
  readonly era: KernelEra;
  /** Whether nobody has said which kernel it is. */
  readonly isKernelAssumed: boolean;
  readonly order: SysctlOrder;
  readonly sysctls: SysctlResult;
  readonly proxy: CheckedProxy;
  /** `undefined` if nobody says which there are: then the NodePort range stands for them. */
  readonly nodePorts: readonly NodePortUse[] | undefined;
  /** How many more NodePorts are drawn from the range. */
  readonly drawnNodePorts: number;
  /** How many of these lie side by side, as a block at an unknown place. */
  readonly drawnBlock: number;
  readonly listeners: readonly ListenerUse[];
  readonly probes: readonly ProbeUse[];
  readonly networks: readonly NetworkUse[];
  readonly flows: readonly FlowUse[];
  readonly podNetwork: "bridge" | "routed" | undefined;
  /** Whether what pods send elsewhere is masqueraded, where that is known. */
  readonly masquerade: "off" | "on" | "random-fully" | undefined;
  readonly masqueradePlace?: Place;
  /** Connects a second to one destination that the node must hold up. */
  readonly connectRate: number;
  readonly ports: PortView;
}

/** The place of a sysctl's effective value, or that of the target where it has its default. */
export function placeOf(node: CheckedNode, ...names: readonly string[]): Place {
  for (const name of names) {
    const setting = node.sysctls.settings.get(name);
    if (setting !== undefined) return setting.valuePlace;
  }
  return node.place;
}

/** The sysctl of the ephemeral ports. */
export const PORT_RANGE = "net.ipv4.ip_local_port_range";

/** The sysctl of the ports that `connect()` and `bind(0)` leave alone. */
export const RESERVED_PORTS = "net.ipv4.ip_local_reserved_ports";

/** The sysctl by which `connect()` of 7.1 and later leaps over closed ports. */
export const STEP_WIDTH = "net.ipv4.ip_local_port_step_width";

/** Ports that stand for the NodePorts: those in use, or the whole range where nobody names them. */
export function nodePortCandidates({ nodePorts, drawnNodePorts, proxy }: CheckedNode): readonly Port[] {
  const used = (nodePorts ?? []).filter(({ protocol }) => protocol !== "UDP").map(({ port }) => port);
  if (nodePorts !== undefined && drawnNodePorts === 0) return [...new Set(used)];
  const [low, high] = proxy.nodePortRange;
  const range = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  return [...new Set([...used, ...range])];
}

/** Whether the NodePorts of a node are known one by one. */
export function hasKnownNodePorts({ nodePorts, drawnNodePorts }: CheckedNode): boolean {
  return nodePorts !== undefined && drawnNodePorts === 0;
}
