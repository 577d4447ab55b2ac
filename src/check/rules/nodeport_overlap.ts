import { hasKnownNodePorts, nodePortCandidates, placeOf, PORT_RANGE, RESERVED_PORTS } from "../checked_node.ts";
import type { CheckedNode } from "../checked_node.ts";
import type { Evidence, RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { formatCount, formatProbability } from "../../study/format_count.ts";
import { oneIn, plural, portList, portsText } from "../wording.ts";
import { confExample } from "./examples.ts";

/** NodePorts that `connect()` takes as source ports, under IPVS. */
export const NODEPORT_OVERLAP: Rule = {
  id: "NODEPORT-OVERLAP",
  severity: "error",
  title: "connect() may take a NodePort as its source port, and kube-proxy serves NodePorts with IPVS.",
  why:
    "IPVS takes the answer to such a connection for a client's packet to the Service and sends it to an endpoint: the " +
    "handshake is lost, the probe or request times out. It happens at random and leaves no trace in any log of the pod.",
  fix: "Reserve the whole NodePort range in net.ipv4.ip_local_reserved_ports, or move net.ipv4.ip_local_port_range off it.",
  sources: [
    "net/ipv4/inet_hashtables.c __inet_hash_connect, v6.12",
    "net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_conn_schedule, v6.1",
    "kubernetes/kubernetes#111823",
    "incidents 000, 001 and 002",
  ],
  bad: confExample("net.ipv4.ip_local_port_range = 12000 65001", { nodePorts: "30080,31055,32443" }),
  good: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767"),
  judge: (node) => (node.proxy.mode === "ipvs" ? judge(node) : []),
};

function judge(node: CheckedNode): readonly RuleFinding[] {
  const { ports, era } = node;
  const candidates = nodePortCandidates(node);
  const reachable = candidates.filter((port) => ports.isReachable(port));
  if (reachable.length === 0) return [];
  const isKnown = hasKnownNodePorts(node);
  const share = ports.share(reachable);
  const place = placeOf(node, PORT_RANGE, RESERVED_PORTS);
  const message = isKnown ? knownText(node, reachable, share) : rangeText(node, reachable);
  return [
    {
      place,
      message,
      fix: `Write ${RESERVED_PORTS} with ${node.proxy.nodePortRange.join("-")} in it, and see \`sim check --fix\` for what that costs.`,
      evidence: {
        kernel: era.build,
        portRange: ports.input.range,
        nodePortRange: node.proxy.nodePortRange,
        nodePortsKnown: isKnown,
        nodePorts: candidates.length,
        reachable: reachable.length,
        parity: ports.parity ?? "any",
        ...(isKnown ? knownEvidence(node, reachable) : { sharePerNodePort: 1 / ports.starts }),
      },
    },
  ];
}

function knownEvidence({ ports }: CheckedNode, reachable: readonly number[]): Evidence {
  const exact = ports.exact(reachable);
  return {
    reachablePorts: portList(reachable),
    ...(ports.isLeaping ? {} : { share: ports.share(reachable) }),
    exact: "declined" in exact ? { declined: exact.declined } : exact.probability,
  };
}

function knownText(node: CheckedNode, reachable: readonly number[], share: number): string {
  const { ports, era } = node;
  const total = nodePortCandidates(node).length;
  const whole =
    total === 1 ? "the only NodePort" : `${formatCount(reachable.length)} of ${formatCount(total)} NodePorts`;
  const parity = ports.parity === undefined ? "" : ` (it takes ${ports.parity} ports first)`;
  const what = `connect() of kernel ${era.build} may take ${whole} as its source port: ${portsText(reachable)}${parity}.`;
  // Where it leaps over closed ports by chance, enumeration does not tell how often.
  if (ports.isLeaping) return `${what} A connect that does gets no answer.`;
  return `${what} That is ${oneIn(share)} connects, ${formatProbability(share)}, which gets no answer.`;
}

function rangeText(node: CheckedNode, reachable: readonly number[]): string {
  const { ports, era, proxy } = node;
  const { range } = ports.input;
  const [low, high] = proxy.nodePortRange;
  const open = nodePortCandidates(node).filter((port) => ports.isOpen(port)).length;
  const first = ports.parity === undefined ? "" : `, the ${formatCount(reachable.length)} ${ports.parity} ones first`;
  return (
    `The ephemeral ports ${range.join("-")} hold ${plural(open, "unreserved port")} of the NodePort range ${low}-${high}: ` +
    `connect() of kernel ${era.build} may take them${first}. Each NodePort among those costs ${oneIn(1 / ports.starts)} connects.`
  );
}
