import { hasKnownNodePorts, nodePortCandidates, placeOf, PORT_RANGE } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { plural, portsText } from "../wording.ts";
import { confExample } from "./examples.ts";

/** NodePorts that `bind(0)` may take. */
export const EPHEMERAL_ALLOCATED_BY_BIND0: Rule = {
  id: "EPHEMERAL-ALLOCATED-BY-BIND0",
  severity: "note",
  title: "A process that asks for any free port may get a NodePort of the parity that connect() takes last.",
  why:
    "bind(0) searches the parity opposite to connect()'s first. The container runtime's streaming server binds so: when its " +
    "port is or becomes a NodePort, kube-proxy takes its traffic in every mode, and kubectl exec and logs hang.",
  fix: "Reserve the NodePort range: bind(0) leaves reserved ports alone, too.",
  sources: [
    "net/ipv4/inet_connection_sock.c inet_csk_find_open_port, v6.12",
    "containerd/containerd#7097",
    "kubernetes/kubernetes#112559",
  ],
  bad: confExample("net.ipv4.ip_local_port_range = 30000 60999", { nodePorts: "30081" }),
  good: confExample("net.ipv4.ip_local_port_range = 30000 60999\nnet.ipv4.ip_local_reserved_ports = 30000-32767", {
    nodePorts: "30081",
  }),
  judge: (node) => {
    const { ports, era } = node;
    if (!era.bindZeroPrefersOddOffset) return [];
    const open = nodePortCandidates(node).filter((port) => ports.isOpen(port) && !ports.isReachable(port));
    if (open.length === 0) return [];
    const isKnown = hasKnownNodePorts(node);
    const what = isKnown ? plural(open.length, "NodePort") : plural(open.length, "port");
    return [
      {
        place: placeOf(node, PORT_RANGE),
        message: `bind(0) may take ${what}${isKnown ? `: ${portsText(open)}` : ` of the NodePort range ${node.proxy.nodePortRange.join("-")}`}.`,
        fix: `Reserve ${node.proxy.nodePortRange.join("-")}.`,
        evidence: { ports: open.length, nodePortsKnown: isKnown },
      },
    ];
  },
};
