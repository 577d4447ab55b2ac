import { kubeProxyEra } from "../../cluster/kube_proxy/kube_proxy_eras.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

/** Releases of kube-proxy whose graceful termination is broken. */
export const IPVS_GRACEFUL_BUG: Rule = {
  id: "IPVS-GRACEFUL-BUG",
  severity: "error",
  title: "This kube-proxy hangs, or forgets real servers, in IPVS mode.",
  why:
    "The first releases with graceful termination use one netlink socket from two loops without a lock: the sync loop " +
    "hangs for ever within hours or days, and the node goes on serving Pods that are gone. Their list of servers to " +
    "delete never empties.",
  fix: "Run 1.11.7, 1.12.5, 1.13.2 or later.",
  sources: [
    "pkg/proxy/ipvs/graceful_termination.go GracefulDeleteRS, Kubernetes v1.12.2",
    "kubernetes/kubernetes#71071",
    "kubernetes/kubernetes#72361",
    "incident 003",
  ],
  bad: confExample("net.ipv4.ip_forward = 1", { kernel: "3.10.0-1160.el7", kubeProxy: "1.12.2" }),
  good: confExample("net.ipv4.ip_forward = 1", { kernel: "3.10.0-1160.el7", kubeProxy: "1.12.5" }),
  judge: ({ proxy, place }) => {
    const { mode, version, versionPlace } = proxy;
    if (mode !== "ipvs" || version === undefined) return [];
    const graceful = kubeProxyEra(version).gracefulTermination;
    if (graceful?.sharesNetlinkSocket !== true) return [];
    const more = graceful.hasInvertedRemove ? ", and its list of servers to delete never empties" : "";
    return [
      {
        place: versionPlace ?? place,
        message: `kube-proxy ${version.join(".")} may hang for ever in a netlink read${more}: its rules grow stale.`,
        fix: `Upgrade to ${version[1] <= 11 ? "1.11.7" : version[1] === 12 ? "1.12.5" : "1.13.2"} or later.`,
        evidence: { version: version.join(".") },
      },
    ];
  },
};
