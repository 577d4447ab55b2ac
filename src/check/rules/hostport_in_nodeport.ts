import { hasKnownNodePorts, type CheckedNode } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

/** Listeners and host ports inside the NodePort range. */
export const HOSTPORT_IN_NODEPORT: Rule = {
  id: "HOSTPORT-IN-NODEPORT",
  severity: "warning",
  title: "A process or a hostPort uses a port of the NodePort range.",
  why:
    "Any Service may get that NodePort. kube-proxy then takes the traffic to it on every address of the node, and the " +
    "process hears nothing any more; the apiserver knows nothing of the ports of nodes.",
  fix: "Move the process to a port outside the NodePort range.",
  sources: ["openshift/machine-config-operator#3044", "kubernetes/kubernetes#40920", "cilium/cilium#28832"],
  bad: confExample("net.ipv4.ip_forward = 1", { listen: "30936" }),
  good: confExample("net.ipv4.ip_forward = 1", { listen: "20936" }),
  judge: (node) => node.listeners.flatMap((listener) => judge(node, listener)),
};

function judge(
  node: CheckedNode,
  { port, owner, kind, place }: CheckedNode["listeners"][number],
): readonly RuleFinding[] {
  const [low, high] = node.proxy.nodePortRange;
  if (kind === "healthCheckNodePort") return [];
  const use = node.nodePorts?.find((nodePort) => nodePort.port === port);
  const isKnown = hasKnownNodePorts(node);
  if (use === undefined && (port < low || port > high)) return [];
  const how = kind === "hostPort" ? "maps as hostPort" : "listens on";
  const message =
    use === undefined
      ? `${owner} ${how} ${port}, inside the NodePort range ${low}-${high}: a Service may get the same port.`
      : `${owner} ${how} ${port}, which is the NodePort of ${use.owner}: kube-proxy takes its traffic.`;
  return [
    {
      severity: use === undefined ? "warning" : "error",
      place,
      message,
      fix: `Move it to a port outside ${low}-${high}.`,
      evidence: { port, isNodePort: use !== undefined, nodePortsKnown: isKnown },
    },
  ];
}
