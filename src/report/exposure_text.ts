import { startsAtOneParity } from "../study/port_starts.ts";
import type { RunDocument } from "../study/run_document.ts";
import { formatCount, portRanges } from "./number_text.ts";
import { largestOf } from "./extremes.ts";

/** The NodePorts of a document, each in one class: what `connect()` does with it, and why. Ascending. */
export interface NodePortClasses {
  readonly reachable: readonly number[];
  readonly outOfRange: readonly number[];
  readonly heldByKubeProxy: readonly number[];
  /** Tried only when the port of the other parity is taken. */
  readonly otherParity: readonly number[];
  /** Named in `ip_local_reserved_ports`. */
  readonly reserved: readonly number[];
  /** `connect()` may try it, but another process holds it, or no virtual server has it on the address that probes come from. */
  readonly elsewhere: readonly number[];
}

/**
 * Sorts the NodePorts of a document into classes. The document says which are reachable; for the others the first cause
 * of range, reservation, listener and parity counts, and what none of them explains is elsewhere. O(n).
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v4.4 v4.6: the parity of the low bound comes first.
 */
export function classifyNodePorts(document: Pick<RunDocument, "exposure" | "settings">): NodePortClasses {
  const { portRange, nodePorts, reachable, reserved, heldByKubeProxy } = document.exposure;
  const [low, high] = portRange;
  const reachablePorts = new Set(reachable);
  const reservedPorts = new Set(reserved);
  const classes: Record<keyof NodePortClasses, number[]> = {
    reachable: [],
    outOfRange: [],
    heldByKubeProxy: [],
    otherParity: [],
    reserved: [],
    elsewhere: [],
  };
  const hasParity = startsAtOneParity(document.settings.portWalk, high - low + 1);
  for (const port of nodePorts) {
    if (reachablePorts.has(port)) classes.reachable.push(port);
    else if (port < low || port > high) classes.outOfRange.push(port);
    else if (reservedPorts.has(port)) classes.reserved.push(port);
    else if (heldByKubeProxy) classes.heldByKubeProxy.push(port);
    else if (hasParity && (port - low) % 2 === 1) classes.otherParity.push(port);
    else classes.elsewhere.push(port);
  }
  return classes;
}

/** Why a source port may be a NodePort where rules serve it. Source: net/netfilter/nf_nat_core.c nf_nat_inet_fn, v6.1. */
function harmlessText(mode: string): string {
  return (
    `A source port that is a NodePort does no harm in kube-proxy's ${mode} mode: its rules see the first packet of a ` +
    "connection only, and an answer is none, as long as conntrack has the connection."
  );
}

/** Which NodePorts a connect can be given, and why not the others, in one or two sentences. */
export function exposureText(document: RunDocument): string {
  const { nodePorts, isOfFirstBoot } = document.exposure;
  const text = reachabilityText(document);
  if (isOfFirstBoot !== true || nodePorts.length === 0 || document.dataPlane.mode !== "ipvs") return text;
  return `${text} Each boot drew NodePorts of its own; these are the first boot's.`;
}

function reachabilityText(document: RunDocument): string {
  const { nodePorts, portRange } = document.exposure;
  if (nodePorts.length === 0) return "No Service has a NodePort, so no source port can be one.";
  const { mode } = document.dataPlane;
  if (mode !== "ipvs") return harmlessText(mode);
  const classes = classifyNodePorts(document);
  const [low] = portRange;
  const range = `net.ipv4.ip_local_port_range ${portRange.join("-")}`;
  const reasons = [
    reason(classes.outOfRange, `outside ${range}`, document),
    reason(
      classes.heldByKubeProxy,
      "held by kube-proxy, which listens there, and connect() skips a listener's port",
      document,
    ),
    reason(classes.otherParity, otherParityText(document.settings.portWalk, low), document),
    reason(classes.reserved, "in net.ipv4.ip_local_reserved_ports, which connect() skips", document),
    reason(
      classes.elsewhere,
      "held by another process, or without a virtual server on the address that probes come from",
      document,
    ),
  ].filter((text) => text !== undefined);
  const total = nodePorts.length;
  if (total === 1 && classes.reachable.length === 0) {
    return `The only NodePort cannot be picked as a source port: ${reasons.join("; ")}.`;
  }
  if (classes.reachable.length === 0) {
    return `None of the ${formatCount(total)} NodePorts can be picked as a source port: ${reasons.join("; ")}.`;
  }
  if (total === 1) return `The only NodePort can be picked as a source port: ${portsText(classes.reachable)}.`;
  const hit = `${formatCount(classes.reachable.length)} of ${formatCount(total)} NodePorts can be picked as a source port: ${portsText(classes.reachable)}.`;
  return reasons.length === 0 ? hit : `${hit} The others cannot: ${reasons.join("; ")}.`;
}

/** When `connect()` comes to a port of the other parity than the low bound's, where its walk starts at one only. */
function otherParityText(portWalk: string, low: number): string {
  const [first, other] = low % 2 === 0 ? ["even", "odd"] : ["odd", "even"];
  // Up to 4.5 the walk goes on to the port beside a taken one; from 4.6 on it tries one parity to its end.
  if (portWalk === "4.2-4.5") return `${other}, and connect() tries one only when the ${first} port before it is taken`;
  return `${other}, and connect() tries those only when the ${first} ports are taken`;
}

/** The most ports that are worth naming one by one in a sentence. */
const NAMED_PORTS = 24;

/** Ports for a sentence; of a long list only the beginning. */
export function portsText(ports: readonly number[]): string {
  const ranges = portRanges(ports);
  if (ranges.length <= NAMED_PORTS) return ranges.join(" ");
  return `${ranges.slice(0, NAMED_PORTS).join(" ")} and so on up to ${largestOf(ports)}`;
}

/** One class as a clause (`11 are odd, …`), or nothing if no NodePort is in it. */
function reason(ports: readonly number[], why: string, document: RunDocument): string | undefined {
  if (ports.length === 0) return undefined;
  const total = document.exposure.nodePorts.length;
  if (ports.length === total) return total === 1 ? `it is ${why}` : `all are ${why}`;
  return `${formatCount(ports.length)} ${ports.length === 1 ? "is" : "are"} ${why}`;
}
