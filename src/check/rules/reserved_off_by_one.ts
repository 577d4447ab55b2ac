import type { RuleFinding } from "../finding.ts";
import { RESERVED_PORTS } from "../checked_node.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

/** A reservation that misses the end of the NodePort range by one port. */
export const RESERVED_OFF_BY_ONE: Rule = {
  id: "RESERVED-OFF-BY-ONE",
  severity: "note",
  title: "A reservation ends one port beside the end of the NodePort range.",
  why:
    "The default range has 2,768 ports and ends at 32767; guides print 32768, which is the first ephemeral port of a " +
    "default kernel. One port too many is harmless; one too few leaves a NodePort open.",
  fix: "Reserve the range exactly: 30000-32767 unless the apiserver has another --service-node-port-range.",
  sources: ["openshift/openshift-docs#82695", "pkg/kubeapiserver/options/options.go, Kubernetes v1.30", "incident 000"],
  bad: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32768"),
  good: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767"),
  judge: ({ sysctls, proxy }) =>
    sysctls.writes
      .filter(({ name }) => name === RESERVED_PORTS)
      .flatMap(({ line, value }): RuleFinding[] => {
        const [low, high] = proxy.nodePortRange;
        const block = [...value.matchAll(/(\d+)\s*[-\u2010-\u2015\u2212]\s*(\d+)/g)].find(([, first, last]) => {
          return Number(first) >= low - 1 && Number(first) <= high && Math.abs(Number(last) - high) === 1;
        });
        if (block === undefined) return [];
        const last = Number(block[2]);
        const isShort = last < high;
        const text = isShort
          ? `leaves NodePort ${high} open`
          : `reserves ${last} too, which is no NodePort: harmless, one source port less`;
        return [
          {
            severity: isShort ? "warning" : "note",
            place: line.valuePlace,
            message: `The block ${block[1]}-${last} ends one port beside the NodePort range ${low}-${high}: it ${text}.`,
            fix: `Write ${block[1]}-${high}.`,
            value: value.replace(block[0], `${block[1]}-${high}`),
            evidence: { last, nodePortRange: proxy.nodePortRange },
          },
        ];
      }),
};
