import type { Severity } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

/** What happens to the IPVS proxier, newest first. */
const STEPS: readonly (readonly [minor: number, severity: Severity, text: string])[] = [
  [43, "error", "has no IPVS mode any more"],
  [40, "error", "starts in IPVS mode only with the feature gate KubeProxyIPVS"],
  [35, "note", "logs that the ipvs proxier is deprecated"],
];

/** The end of the IPVS proxier. */
export const IPVS_DEPRECATED: Rule = {
  id: "IPVS-DEPRECATED",
  severity: "note",
  title: "This kube-proxy deprecates the IPVS mode.",
  why:
    "KEP-5495 deprecates the mode in 1.35, switches it off by default in 1.40 and removes it in 1.43. In nftables mode a " +
    "NodePort as a source port does no harm as long as conntrack knows the connection.",
  fix: "Plan the move to nftables; `sim diff` compares the two modes.",
  sources: ["kubernetes/enhancements#5525", "kubernetes/kubernetes#133536"],
  bad: confExample("net.ipv4.ip_forward = 1", { kubeProxy: "1.35.0" }),
  good: confExample("net.ipv4.ip_forward = 1", { kubeProxy: "1.35.0", mode: "nftables" }),
  judge: ({ proxy, place }) => {
    const { mode, version, versionPlace } = proxy;
    if (mode !== "ipvs" || version === undefined || version[0] !== 1) return [];
    const step = STEPS.find(([minor]) => version[1] >= minor);
    if (step === undefined) return [];
    return [
      {
        severity: step[1],
        place: versionPlace ?? place,
        message: `kube-proxy ${version.join(".")} ${step[2]}.`,
        fix: "Move to nftables.",
        evidence: { version: version.join(".") },
      },
    ];
  },
};
