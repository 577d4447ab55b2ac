import { placeOf } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

const BRIDGE_NF = "net.bridge.bridge-nf-call-iptables";

/** Bridged packets that pass netfilter by. */
export const BRIDGE_NF_OFF: Rule = {
  id: "BRIDGE-NF-OFF",
  severity: "error",
  title: "Packets between pods of one bridge do not pass netfilter.",
  why:
    "The answer of an endpoint on the same node then goes straight over the bridge, with the endpoint's address instead of " +
    "the Service's, and the client resets it: connections to a Service fail whenever the chosen endpoint is on the same " +
    "node. CNI plugins without a bridge (Calico, AWS VPC CNI) do not need it.",
  fix: "Load br_netfilter and write net.bridge.bridge-nf-call-iptables = 1.",
  sources: [
    "net/bridge/br_netfilter_hooks.c br_nf_pre_routing, v6.1",
    "kubernetes/kubernetes#123464",
    "incident 004",
    "scenarios/bridge-nf-off.yaml",
  ],
  bad: confExample("net.bridge.bridge-nf-call-iptables = 0"),
  good: confExample("net.bridge.bridge-nf-call-iptables = 1"),
  judge: (node) => {
    const { settings, values } = node.sysctls;
    if (node.podNetwork === "routed" || !settings.has(BRIDGE_NF) || values.number(BRIDGE_NF) !== 0) return [];
    return [
      {
        place: placeOf(node, BRIDGE_NF),
        message: `${BRIDGE_NF} is 0: a pod that calls a Service gets no answer from an endpoint on its own node.`,
        fix: "Write 1, unless the CNI plugin uses no bridge.",
        value: "1",
      },
    ];
  },
};
