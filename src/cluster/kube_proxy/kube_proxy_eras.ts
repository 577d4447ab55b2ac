import type { KernelEra } from "../../kernel/eras.ts";
import { isAtLeast, type Version } from "../options.ts";

/** The values in which kube-proxy releases differ. */
export interface KubeProxyEra {
  /** Whether it holds a listening socket on every NodePort (the port opener). */
  readonly claimsNodePorts: boolean;
  /** Whether 127.0.0.1 gets NodePort virtual servers too (up to 1.21). */
  readonly servesLoopback: boolean;
  /** Whether it sets `route_localnet` (up to 1.20). */
  readonly setsRouteLocalnet: boolean;
  /** When it writes 0 to `conn_reuse_mode`. */
  readonly connReuseModeRule: "never" | "always" | "kernel-4.1" | "kernel-4.1-to-5.8";
}

/** The first release of each minor version that no longer opens NodePorts. */
const PORT_OPENER_REMOVED: readonly Version[] = [
  [1, 21, 13],
  [1, 22, 10],
  [1, 23, 7],
];

/**
 * A kube-proxy release as values.
 *
 * Source: pkg/proxy/ipvs/proxier.go NewProxier, v1.18 v1.23.4 v1.24. Pull request 108496 removed the port opener in
 * 1.24.0 and was picked to 1.21, 1.22 and 1.23 without a release note.
 */
export function kubeProxyEra(version: Version): KubeProxyEra {
  return {
    claimsNodePorts: !isPortOpenerRemoved(version),
    servesLoopback: !isAtLeast(version, [1, 22, 0]),
    setsRouteLocalnet: !isAtLeast(version, [1, 21, 0]),
    connReuseModeRule: connReuseModeRule(version),
  };
}

/** Whether this kube-proxy writes 0 to `conn_reuse_mode` on this kernel. */
export function setsConnReuseMode(era: KubeProxyEra, kernel: KernelEra): boolean {
  const isFrom41 = isAtLeast(kernel.release, [4, 1, 0]);
  switch (era.connReuseModeRule) {
    case "never":
      return false;
    case "always":
      return true;
    case "kernel-4.1":
      return isFrom41;
    case "kernel-4.1-to-5.8":
      return isFrom41 && !isAtLeast(kernel.release, [5, 9, 0]);
  }
}

function isPortOpenerRemoved(version: Version): boolean {
  if (isAtLeast(version, [1, 24, 0])) return true;
  const sameMinor = PORT_OPENER_REMOVED.find((first) => first[1] === version[1]);
  return sameMinor !== undefined && isAtLeast(version, sameMinor);
}

function connReuseModeRule(version: Version): KubeProxyEra["connReuseModeRule"] {
  if (isAtLeast(version, [1, 22, 0])) return "kernel-4.1-to-5.8";
  if (isAtLeast(version, [1, 19, 0])) return "kernel-4.1";
  return isAtLeast(version, [1, 17, 0]) ? "always" : "never";
}
