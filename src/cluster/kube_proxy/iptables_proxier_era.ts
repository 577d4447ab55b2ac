import { isAtLeast, type Version } from "../options.ts";

/** The values in which kube-proxy releases differ in iptables mode. */
export interface IptablesProxierEra {
  /**
   * Where traffic from outside is marked for masquerading: beside the jump in KUBE-SERVICES and KUBE-NODEPORTS (one more
   * rule to pass for each port), in the chain of the service, or in a KUBE-EXT chain of its own.
   */
  readonly marksIn: "dispatching-chain" | "service-chain" | "external-chain";
  /** Whether a sync writes the chains of all services or only those of services that have changed. */
  readonly writes: "all-services" | "changed-services";
  /** Whether KUBE-FORWARD drops what conntrack calls INVALID: always, or unless `nf_conntrack_tcp_be_liberal` is set. */
  readonly dropsInvalid: "never" | "always" | "unless-liberal";
  /** Whether MASQUERADE draws the source port with `--random-fully`. */
  readonly isRandomFully: boolean;
  /** Whether FORWARD calls KUBE-EXTERNAL-SERVICES, so that forwarded packets meet its rejections too. */
  readonly forwardsToExternal: boolean;
  /** Whether INPUT calls KUBE-NODEPORTS, the chain of health check ports. */
  readonly hasHealthCheckChain: boolean;
  /** Whether INPUT, FORWARD and OUTPUT call KUBE-PROXY-FIREWALL. */
  readonly hasFirewallChain: boolean;
}

/**
 * A kube-proxy release in iptables mode as values. `--random-fully` also needs iptables 1.6.2 on the node, which is taken
 * as given.
 *
 * Source: pkg/proxy/iptables/proxier.go syncProxyRules, iptablesJumpChains, v1.17 v1.21 v1.22 v1.24 v1.25 v1.27 v1.29.
 * Not modelled: releases before 1.19 leave the mark of masqueraded packets in place, and 1.25 and later write no
 * comments from 1,000 endpoints on; neither changes what becomes of a packet.
 */
export function iptablesProxierEra(version: Version): IptablesProxierEra {
  const isFrom = (minor: number): boolean => isAtLeast(version, [1, minor, 0]);
  return {
    marksIn: isFrom(24) ? "external-chain" : isFrom(22) ? "service-chain" : "dispatching-chain",
    writes: isFrom(27) ? "changed-services" : "all-services",
    dropsInvalid: isFrom(29) ? "unless-liberal" : isFrom(15) ? "always" : "never",
    isRandomFully: isFrom(16),
    forwardsToExternal: isFrom(20),
    hasHealthCheckChain: isFrom(21),
    hasFirewallChain: isFrom(25),
  };
}
