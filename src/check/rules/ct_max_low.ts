import { placeOf, type CheckedNode } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { formatCount } from "../../study/format_count.ts";
import { confExample } from "./examples.ts";

const MAX = "net.netfilter.nf_conntrack_max";
const TIME_WAIT = "net.netfilter.nf_conntrack_tcp_timeout_time_wait";

/** What kube-proxy writes at least. */
const KUBE_PROXY_MIN = 131_072;

/** A conntrack table that is too small. */
export const CT_MAX_LOW: Rule = {
  id: "CT-MAX-LOW",
  severity: "warning",
  title: "The conntrack table is small.",
  why:
    "A connection keeps its entry for 120 s after its end. When the table is full the kernel drops every packet that would " +
    "need a new entry, probes among them: 'nf_conntrack: table full, dropping packet'. kube-proxy raises the limit to " +
    "32,768 for each core, 131,072 at least, when it starts; sysctl --system lowers it again.",
  fix: "Leave the limit to kube-proxy (conntrack.maxPerCore, conntrack.min), or write 131072 or more.",
  sources: ["net/netfilter/nf_conntrack_core.c nf_conntrack_alloc, v6.1", "kubernetes/kubernetes#71261"],
  bad: confExample("net.netfilter.nf_conntrack_max = 65536"),
  good: confExample("net.netfilter.nf_conntrack_max = 262144"),
  judge: (node) => {
    const max = node.sysctls.values.number(MAX);
    if (max === 0) return [];
    return [...fullTable(node, max), ...lowLimit(node, max)];
  },
};

function lowLimit(node: CheckedNode, max: number): readonly RuleFinding[] {
  if (max >= KUBE_PROXY_MIN || !node.sysctls.settings.has(MAX)) return [];
  return [
    {
      place: placeOf(node, MAX),
      message: `nf_conntrack_max is ${formatCount(max)}, below the ${formatCount(KUBE_PROXY_MIN)} that kube-proxy takes for the least.`,
      fix: `Write ${KUBE_PROXY_MIN} or more, or delete the line.`,
      value: `${KUBE_PROXY_MIN}`,
      evidence: { max },
    },
  ];
}

/** Entries of the connections that are known, in the steady state: each lives on for the timeout of TIME_WAIT. */
function fullTable(node: CheckedNode, max: number): readonly RuleFinding[] {
  const seconds = node.sysctls.values.number(TIME_WAIT);
  const probes = node.probes.filter(({ connects }) => connects);
  const rate =
    node.flows.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0) +
    probes.reduce((sum, { periodSeconds }) => sum + 1 / periodSeconds, 0);
  const entries = Math.round(rate * seconds);
  if (entries <= max) return [];
  return [
    {
      severity: "error",
      place: placeOf(node, MAX),
      message:
        `${formatCount(Math.round(rate))} connects a second keep ${formatCount(entries)} conntrack entries for the ${seconds} s of TIME_WAIT, ` +
        `and the table takes ${formatCount(max)}: packets are dropped.`,
      fix: `Write ${formatCount(2 * entries).replaceAll(",", "")} to ${MAX}, or lower ${TIME_WAIT}.`,
      evidence: { max, entries, connectsPerSecond: rate },
    },
  ];
}
