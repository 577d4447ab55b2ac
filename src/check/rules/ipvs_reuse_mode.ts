import { kubeProxyEra, setsConnReuseMode } from "../../cluster/kube_proxy/kube_proxy_eras.ts";
import { isSince } from "../../kernel/eras.ts";
import { placeOf, type CheckedNode } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

const MODE = "net.ipv4.vs.conn_reuse_mode";

/** What IPVS does when a client reuses a port. */
export const IPVS_REUSE_MODE: Rule = {
  id: "IPVS-REUSE-MODE",
  severity: "warning",
  title: "On this kernel a reused client port costs a second, or leads to a server that is gone.",
  why:
    "With conn_reuse_mode 1, kernels from 4.6 to 5.8 drop the SYN of a reused port once, and the client waits a second. " +
    "With 0, kernels without a later fix send it to the old real server even if that is being removed. kube-proxy picks one of " +
    "the two by kernel and version.",
  fix: "Run a kernel with both fixes (5.9 and later with kube-proxy 1.22 and later).",
  sources: [
    "net/netfilter/ipvs/ip_vs_core.c ip_vs_in, v5.4 v5.16",
    "pkg/proxy/ipvs/proxier.go NewProxier, Kubernetes v1.22",
    "kubernetes/kubernetes#81775",
    "kubernetes/kubernetes#93297",
  ],
  bad: confExample("net.ipv4.ip_forward = 1", { kernel: "4.19.40", kubeProxy: "1.18.20" }),
  good: confExample("net.ipv4.ip_forward = 1", { kernel: "6.1", kubeProxy: "1.30.0" }),
  judge: (node) => (node.proxy.mode === "ipvs" && isSince(node.era.release, ["4.1"]) ? judge(node) : []),
};

function judge(node: CheckedNode): readonly RuleFinding[] {
  const { era, proxy, sysctls } = node;
  const setting = sysctls.settings.get(MODE);
  if (proxy.version === undefined && setting === undefined) return [];
  const isZeroed = proxy.version !== undefined && setsConnReuseMode(kubeProxyEra(proxy.version), era);
  const mode = isZeroed ? 0 : sysctls.values.number(MODE);
  const place = setting === undefined ? (proxy.versionPlace ?? node.place) : placeOf(node, MODE);
  const who = isZeroed ? "kube-proxy sets conn_reuse_mode to 0" : `conn_reuse_mode is ${mode}`;
  if (mode === 0 && era.ipvsReuseModeZeroSkipsAll) {
    return [
      {
        place,
        message: `${who}, and kernel ${era.build} then sends a reused port to its old real server although that is being removed.`,
        fix: "Run kernel 5.16, or a stable build with that fix (5.10.83, 5.15.6).",
        evidence: { mode, kernel: era.build },
      },
    ];
  }
  if (mode !== 0 && era.ipvsReuseDrops === "tracked") {
    return [
      {
        place,
        message: `${who}, and kernel ${era.build} then drops the first SYN of a reused port: one second more for that connection.`,
        fix: "Run kernel 5.9 or later, or a kube-proxy that sets conn_reuse_mode to 0.",
        evidence: { mode, kernel: era.build },
      },
    ];
  }
  return [];
}
