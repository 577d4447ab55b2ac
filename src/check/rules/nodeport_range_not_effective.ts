import type { Rule } from "../rule.ts";
import { formatCount } from "../../study/format_count.ts";
import { portsText } from "../wording.ts";
import { confExample } from "./examples.ts";

/** NodePorts outside the range that is said to be in force. */
export const NODEPORT_RANGE_NOT_EFFECTIVE: Rule = {
  id: "NODEPORT-RANGE-NOT-EFFECTIVE",
  severity: "warning",
  title: "A Service has a NodePort outside the NodePort range.",
  why:
    "The apiserver's --service-node-port-range is not what it is believed to be, or was changed after the Service was made. " +
    "A reservation of the range then leaves such NodePorts open.",
  fix: "Look at the arguments of the running apiserver, and reserve the NodePorts that are in use as well.",
  sources: ["k3s-io/k3s#9952", "kubernetes-sigs/kubespray#7031", "kubernetes/kubernetes#100643"],
  bad: confExample("net.ipv4.ip_forward = 1", { nodePortRange: "30000-32767", nodePorts: "20080,30080" }),
  good: confExample("net.ipv4.ip_forward = 1", { nodePortRange: "20000-32767", nodePorts: "20080,30080" }),
  judge: ({ nodePorts = [], proxy, place }) => {
    const [low, high] = proxy.nodePortRange;
    const outside = nodePorts.filter(({ port }) => port < low || port > high);
    const [first] = outside;
    if (first === undefined) return [];
    const ports = [...new Set(outside.map(({ port }) => port))];
    const one = ports.length === 1;
    return [
      {
        place: first.place.length > 0 ? first.place : (proxy.rangePlace ?? place),
        message:
          `${formatCount(ports.length)} NodePort${one ? " lies" : "s lie"} outside the NodePort range ${low}-${high}: ` +
          `${portsText(ports)} (${first.owner}).`,
        fix: "Find the range that is in force, and say it with --node-port-range.",
        evidence: { ports, nodePortRange: [low, high] },
      },
    ];
  },
};
