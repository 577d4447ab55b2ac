import type { Netns } from "../../kernel/netns.ts";
import { assert } from "../../sim/assert.ts";
import { isAtLeast, type NodeOptions } from "../options.ts";
import { IptablesProxier, type RulesProxierOptions } from "./iptables_proxier.ts";
import { IpvsProxier } from "./ipvs_proxier.ts";
import type { KubeProxyEra } from "./kube_proxy_eras.ts";
import type { KubeProxyLog } from "./kube_proxy_log.ts";
import { nodePortAddresses } from "./node_port_addresses.ts";
import { NftablesProxier } from "./nftables_proxier.ts";
import { FIRST_NFTABLES_VERSION, nftablesProxierEra } from "./nftables_proxier_era.ts";
import type { ProgrammedRules } from "./programmed_rules.ts";
import type { Proxier } from "./proxier.ts";

/** What a process of kube-proxy brings, and what the ones before it have left. */
export interface ProxierParts {
  readonly era: KubeProxyEra;
  readonly log: KubeProxyLog;
  readonly rules: ProgrammedRules;
}

/** The proxier of `--proxy-mode`, of one process. */
export function proxierOfMode(options: NodeOptions, node: Netns, { era, log, rules }: ProxierParts): Proxier {
  const { mode, version } = options.kubeProxy;
  if (mode === "ipvs") return new IpvsProxier(options, node, { era, log });
  const given = new Set(options.sysctls.map(([name]) => name));
  const ruled: RulesProxierOptions = {
    rules,
    version,
    nodePortAddresses: limitedNodePortAddresses(options, node, era),
    writeSysctl: (name, value) => {
      if (!given.has(name)) node.sysctls.set(name, value);
    },
  };
  if (mode === "iptables") return new IptablesProxier(node, ruled);
  assert(isAtLeast(version, FIRST_NFTABLES_VERSION), "kube-proxy has nftables mode from 1.29.0 on");
  return new NftablesProxier(node, ruled);
}

/** The addresses that take NodePorts where they are not all of the node's: those of `--nodeport-addresses` or, in nftables mode from 1.30 on, the node's own. */
export function limitedNodePortAddresses(
  options: NodeOptions,
  node: Netns,
  era: KubeProxyEra,
): ReturnType<typeof nodePortAddresses> | undefined {
  const { mode, version } = options.kubeProxy;
  if (options.kubeProxy.nodePortAddresses !== undefined) return nodePortAddresses(node, options.kubeProxy, era);
  const isPrimary = mode === "nftables" && nftablesProxierEra(version).nodePortDefault === "primary-address";
  return isPrimary ? [options.node.primaryAddress] : undefined;
}
