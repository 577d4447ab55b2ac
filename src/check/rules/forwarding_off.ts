import { placeOf } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

const FORWARDING = "net.ipv4.conf.all.forwarding";

/** A node that forwards nothing. */
export const FORWARDING_OFF: Rule = {
  id: "FORWARDING-OFF",
  severity: "error",
  title: "The node does not forward packets.",
  why:
    "Pods reach other nodes and Services through the node's kernel, which drops their packets without a word while " +
    "net.ipv4.ip_forward is 0. Probes stay green, since they come from the node itself. kube-proxy and some CNI plugins " +
    "switch it on when they start, and sysctl --system or a hardening tool switches it off again.",
  fix: "Write net.ipv4.ip_forward = 1.",
  sources: [
    "net/ipv4/ip_input.c ip_rcv_finish, v6.12",
    "kubernetes/kubeadm#3025",
    "incident 004",
    "scenarios/ip-forward-off.yaml",
  ],
  bad: confExample("net.ipv4.ip_forward = 0"),
  good: confExample("net.ipv4.ip_forward = 1"),
  judge: (node) => {
    if (!node.sysctls.settings.has(FORWARDING) || node.sysctls.values.number(FORWARDING) !== 0) return [];
    return [
      {
        place: placeOf(node, FORWARDING),
        message: "net.ipv4.ip_forward is 0: the node drops what pods send to other nodes and to Services.",
        fix: "Write 1.",
        value: "1",
      },
    ];
  },
};
