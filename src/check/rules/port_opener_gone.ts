import { kubeProxyEra } from "../../cluster/kube_proxy/kube_proxy_eras.ts";
import { placeOf, PORT_RANGE } from "../checked_node.ts";
import { PortView } from "../port_view.ts";
import type { Rule } from "../rule.ts";
import { formatCount } from "../../study/format_count.ts";
import { portsText } from "../wording.ts";
import { confExample } from "./examples.ts";

/** NodePorts that only kube-proxy's listeners keep from being source ports. */
export const PORT_OPENER_GONE: Rule = {
  id: "PORT-OPENER-GONE",
  severity: "warning",
  title: "Only the sockets of this old kube-proxy keep connect() off the NodePorts.",
  why:
    "kube-proxy used to listen on every NodePort, and connect() skips a port that is listened on. Releases from 1.21.13, " +
    "1.22.10, 1.23.7 and 1.24.0 on do not, without a release note: after the upgrade probes begin to fail.",
  fix: "Reserve the NodePort range before the upgrade.",
  sources: [
    "pkg/proxy/ipvs/proxier.go syncProxyRules, Kubernetes v1.23.4 v1.24.0",
    "kubernetes/kubernetes#108496",
    "kubernetes/kubernetes#108885",
    "incident 001",
  ],
  bad: confExample("net.ipv4.ip_local_port_range = 12000 65001", { kubeProxy: "1.18.20", nodePorts: "30080" }),
  good: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 30000-32767", {
    kubeProxy: "1.18.20",
    nodePorts: "30080",
  }),
  judge: (node) => {
    const { mode, version } = node.proxy;
    if (mode !== "ipvs" || version === undefined || !kubeProxyEra(version).claimsNodePorts) return [];
    const held = new Set(node.listeners.filter(({ kind }) => kind !== "hostPort").map(({ port }) => port));
    const after = new PortView({ ...node.ports.input, held });
    const reachable = (node.nodePorts ?? []).map(({ port }) => port).filter((port) => after.isReachable(port));
    if (reachable.length === 0) return [];
    return [
      {
        place: placeOf(node, PORT_RANGE),
        message:
          `Once kube-proxy ${version.join(".")} is upgraded it listens on NodePorts no more, and connect() may take ` +
          `${formatCount(reachable.length)} of them: ${portsText(reachable)}.`,
        fix: `Reserve ${node.proxy.nodePortRange.join("-")} before the upgrade.`,
        evidence: { version: version.join("."), reachable: reachable.length, share: after.share(reachable) },
      },
    ];
  },
};
