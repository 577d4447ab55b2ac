import { nodePortCandidates } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { oneIn, plural } from "../wording.ts";
import { nodePortService, scenarioExample } from "./examples.ts";

const SNAT_PORTS = 65_535 - 1_024 + 1;

function example(ipMasq: string) {
  return scenarioExample({
    node: [
      "node:",
      "  interfaces:",
      "    - { name: eth0, addresses: [10.0.0.5/24] }",
      "    - { name: cni0, kind: bridge, addresses: [10.244.1.1/24] }",
      "  podNetwork: bridge",
      `  ipMasq: ${ipMasq}`,
    ],
    more: ["services:", nodePortService("default/web", 30_080)],
  });
}

/** Masquerading that draws a NodePort. */
export const SNAT_CAN_HIT_NODEPORT: Rule = {
  id: "SNAT-CAN-HIT-NODEPORT",
  severity: "warning",
  title: "Masqueraded connections of pods may get a NodePort as their source port.",
  why:
    "MASQUERADE draws from 1024-65535 whatever net.ipv4.ip_local_port_range and net.ipv4.ip_local_reserved_ports say. A " +
    "reservation that protects the node's own connections does not protect those of its pods: IPVS takes the answer, and " +
    "conntrack keeps the connection in SYN_SENT, UNREPLIED.",
  fix: "Give the rule a range: MASQUERADE --to-ports LOW-HIGH outside the NodePort range, or route pods without SNAT.",
  sources: [
    "net/netfilter/nf_nat_core.c nf_nat_l4proto_unique_tuple, v6.1",
    "kubernetes/kubernetes#139276",
    "cilium/cilium#33723",
  ],
  bad: example("random-fully"),
  good: example("off"),
  judge: (node) => {
    const known = new Set((node.nodePorts ?? []).map(({ port }) => port)).size;
    const total = known + node.drawnNodePorts;
    if (node.proxy.mode !== "ipvs" || node.masquerade !== "random-fully" || total === 0) return [];
    const inReach = nodePortCandidates(node).some((port) => port >= 1_024);
    if (!inReach) return [];
    return [
      {
        place: node.masqueradePlace ?? node.place,
        message:
          `MASQUERADE --random-fully may give a pod's connection one of ${plural(total, "NodePort")} as its source port, ` +
          `${oneIn(total / SNAT_PORTS)}; reserved ports do not help.`,
        fix: "Give MASQUERADE a --to-ports range outside the NodePort range, or do without --random-fully.",
        evidence: { nodePorts: total, share: total / SNAT_PORTS },
      },
    ];
  },
};
