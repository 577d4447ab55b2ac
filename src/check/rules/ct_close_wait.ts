import { kubeProxyEra } from "../../cluster/kube_proxy/kube_proxy_eras.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { SYSCTL_DUMP } from "../sysctl_file.ts";
import { confExample } from "./examples.ts";

/** Timeouts that kube-proxy writes when it starts, in seconds. Source: pkg/proxy/apis/config/v1alpha1/defaults.go SetDefaults_KubeProxyConfiguration, Kubernetes v1.30. */
const WRITTEN: readonly (readonly [name: string, seconds: number, option: string])[] = [
  ["net.netfilter.nf_conntrack_tcp_timeout_close_wait", 3_600, "tcpCloseWaitTimeout"],
  ["net.netfilter.nf_conntrack_tcp_timeout_established", 86_400, "tcpEstablishedTimeout"],
];

/** Conntrack timeouts that do not last. */
export const CT_CLOSE_WAIT: Rule = {
  id: "CT-CLOSE-WAIT",
  severity: "note",
  title: "kube-proxy overwrites a conntrack timeout of this file.",
  why:
    "kube-proxy sets the timeouts of CLOSE_WAIT (1 h) and ESTABLISHED (24 h) each time it starts, so the value of the node " +
    "depends on which of the two came last. 60 s of CLOSE_WAIT break half-closed connections, 3,600 s fill the table " +
    "where servers forget to close.",
  fix: "Set conntrack.tcpCloseWaitTimeout and conntrack.tcpEstablishedTimeout of kube-proxy instead.",
  sources: [
    "cmd/kube-proxy/app/conntrack.go SetTCPCloseWaitTimeout, setIntSysCtl, Kubernetes v1.23 v1.30",
    "kubernetes/kubernetes#32551",
    "kubernetes/kubernetes#97377",
  ],
  bad: confExample("net.netfilter.nf_conntrack_tcp_timeout_close_wait = 60"),
  good: confExample("net.netfilter.nf_conntrack_tcp_timeout_close_wait = 3600"),
  judge: ({ sysctls, proxy }) =>
    WRITTEN.flatMap(([name, seconds, option]): RuleFinding[] => {
      const setting = sysctls.settings.get(name);
      if (setting === undefined || Number(setting.value) === seconds) return [];
      // 1.23 to 1.28 write a timeout only where it is shorter than theirs.
      const isLeft = proxy.version !== undefined && kubeProxyEra(proxy.version).onlyRaisesTimeouts;
      if (isLeft && Number(setting.value) > seconds) return [];
      if (SYSCTL_DUMP.test(setting.place.file)) return [];
      return [
        {
          place: setting.valuePlace,
          message: `${name} is ${setting.value} s here, and kube-proxy writes ${seconds} when it starts.`,
          fix: `Set conntrack.${option} of kube-proxy, or delete the line.`,
          evidence: { value: Number(setting.value), kubeProxy: seconds },
        },
      ];
    }),
};
