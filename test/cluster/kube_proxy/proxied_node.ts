import { IptablesProxier } from "../../../src/cluster/kube_proxy/iptables_proxier.ts";
import { NftablesProxier } from "../../../src/cluster/kube_proxy/nftables_proxier.ts";
import { ProgrammedRules } from "../../../src/cluster/kube_proxy/programmed_rules.ts";
import type { ProxiedService, Proxier } from "../../../src/cluster/kube_proxy/proxier.ts";
import type { Version } from "../../../src/cluster/options.ts";
import { formatIpv4, type Ipv4 } from "../../../src/units.ts";
import { ip } from "../../support/small_network.ts";
import { type SentSegment, Wire } from "../../support/wire.ts";

export const CLUSTER_IP = ip("10.96.0.20");
export const EXTERNAL_IP = ip("198.51.100.9");
export const NODE_PORT = 30080;
export const ENDPOINT = ip("10.244.1.5");

/** One service on all three kinds of addresses, with these endpoints; those that are named twice are not ready. */
export function service(endpoints: readonly Ipv4[], notReady: readonly Ipv4[] = []): ProxiedService {
  return {
    spec: {
      name: "default/web",
      clusterIp: CLUSTER_IP,
      externalIps: [EXTERNAL_IP],
      ports: [{ port: 80, nodePort: NODE_PORT, targetPort: 8080, protocol: "TCP" }],
      endpoints,
    },
    endpoints: endpoints.map((address) => ({ address, isReady: !notReady.includes(address) })),
  };
}

/** A host that a proxier programs, on a wire behind which every other address lies. */
export interface ProxiedNode {
  readonly wire: Wire;
  readonly proxier: Proxier;
}

/** A started proxier of one of the rule modes. */
export function proxiedNode(
  mode: "iptables" | "nftables",
  options: { readonly version?: Version; readonly nodePortAddresses?: readonly Ipv4[] } = {},
): ProxiedNode {
  const wire = new Wire({ kernel: "6.1", sysctls: { "net.ipv4.ip_forward": "1" } });
  const rules = {
    rules: new ProgrammedRules(),
    version: options.version ?? [1, 30, 5],
    nodePortAddresses: options.nodePortAddresses,
    writeSysctl: (name: string, value: string) => wire.set(name, value),
  } as const;
  const proxier = mode === "iptables" ? new IptablesProxier(wire.host, rules) : new NftablesProxier(wire.host, rules);
  proxier.start();
  return { wire, proxier };
}

/** `a:p > b:q flags` of each segment. */
export function ways(segments: readonly SentSegment[]): string[] {
  return segments.map(
    ({ src, sport, dst, dport, flags }) => `${formatIpv4(src)}:${sport} > ${formatIpv4(dst)}:${dport} ${flags}`,
  );
}
