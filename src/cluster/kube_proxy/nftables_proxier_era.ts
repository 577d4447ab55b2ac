import { isAtLeast, type Version } from "../options.ts";

/** The first release with `--proxy-mode=nftables`, as an alpha feature. */
export const FIRST_NFTABLES_VERSION: Version = [1, 29, 0];

/** The values in which kube-proxy releases differ in nftables mode. */
export interface NftablesProxierEra {
  /** Where NodePorts are served unless `--nodeport-addresses` says otherwise. */
  readonly nodePortDefault: "all-addresses" | "primary-address";
  /** Whether forwarded packets that conntrack calls INVALID are dropped, unless `nf_conntrack_tcp_be_liberal` is set. */
  readonly dropsInvalid: boolean;
  /** Whether other ports of a ClusterIP are rejected. */
  readonly rejectsOtherPorts: boolean;
  /** Whether a sync writes the chains and elements of all services or only those of services that have changed. */
  readonly writes: "all-services" | "changed-services";
}

/**
 * A kube-proxy release in nftables mode as values.
 *
 * Source: pkg/proxy/nftables/proxier.go setupNFTables, NewProxier, v1.29.1 v1.30.5. Pull request 126013, merged between
 * 1.31 and 1.32, brought syncs of what has changed.
 */
export function nftablesProxierEra(version: Version): NftablesProxierEra {
  const isFrom = (minor: number): boolean => isAtLeast(version, [1, minor, 0]);
  return {
    nodePortDefault: isFrom(30) ? "primary-address" : "all-addresses",
    dropsInvalid: !isFrom(30),
    rejectsOtherPorts: isFrom(30),
    writes: isFrom(32) ? "changed-services" : "all-services",
  };
}
