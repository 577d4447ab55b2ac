import type { KernelEra } from "../../kernel/kernel_era.ts";
import { isAtLeast, type Version } from "../options.ts";

/** How a release lets real servers go whose endpoints are gone (IPVS mode). */
export interface GracefulTerminationEra {
  /** Whether `remove` of its list does nothing for an entry that exists, so that none ever leaves the list. */
  readonly hasInvertedRemove: boolean;
  /** Whether a server stays while it has inactive connections too, and not only while it has active ones. */
  readonly waitsForInactive: boolean;
  /** Whether servers of UDP services go at once. */
  readonly deletesUdpAtOnce: boolean;
  /** Whether the sync loop and the termination loop use one netlink socket without a lock. */
  readonly sharesNetlinkSocket: boolean;
  /** Whether the process lets go every real server it finds at its start. */
  readonly deletesAllAtStart: boolean;
  /** Whether each attempt is in the log at its default level. */
  readonly logsAttempts: boolean;
  /** Whether the log then also names a server that stays, with its connections. */
  readonly logsWaiting: boolean;
  /** Whether the log is structured. */
  readonly logsStructured: boolean;
}

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
  /** Whether it sets `expire_nodest_conn` and `expire_quiescent_template`. */
  readonly setsExpireSysctls: boolean;
  /** Whether it leaves conntrack timeouts alone that are longer than its own. */
  readonly onlyRaisesTimeouts: boolean;
  /** Absent where a real server is deleted as soon as its endpoint is gone. */
  readonly gracefulTermination?: GracefulTerminationEra;
}

/** The first release of each minor version that no longer opens NodePorts. */
const PORT_OPENER_REMOVED: readonly Version[] = [
  [1, 21, 13],
  [1, 22, 10],
  [1, 23, 7],
];

/** Since when IPVS mode sets `conn_reuse_mode`, and the two `expire` sysctls; picks by the dates of their pull requests. */
const REUSE_MODE_SET: readonly Version[] = [
  [1, 11, 7],
  [1, 12, 5],
  [1, 13, 0],
];
const EXPIRE_SYSCTLS_SET: readonly Version[] = [
  [1, 11, 7],
  [1, 12, 5],
  [1, 13, 2],
];

/** Since when it leaves `conn_reuse_mode` alone on kernels that need no 0; picks by the dates of their pull requests. */
const REUSE_MODE_LEFT: readonly Version[] = [
  [1, 20, 15],
  [1, 21, 9],
  [1, 22, 0],
];

/**
 * A kube-proxy release as values.
 *
 * Source: pkg/proxy/ipvs/proxier.go NewProxier, v1.14 v1.16 v1.18 v1.23.4 v1.24; cmd/kube-proxy/app/conntrack.go
 * setIntSysCtl, v1.22 v1.23.4 v1.28.3 v1.29.1. Pull request 108496 removed the port opener in 1.24.0 and was picked to
 * 1.21, 1.22 and 1.23 without a release note. 71114 and 71834 brought the sysctls of IPVS, 102122 leaves one alone.
 */
export function kubeProxyEra(version: Version): KubeProxyEra {
  const gracefulTermination = gracefulTerminationEra(version);
  return {
    claimsNodePorts: !isPortOpenerRemoved(version),
    servesLoopback: !isAtLeast(version, [1, 22, 0]),
    setsRouteLocalnet: !isAtLeast(version, [1, 21, 0]),
    connReuseModeRule: connReuseModeRule(version),
    setsExpireSysctls: isSince(version, EXPIRE_SYSCTLS_SET),
    onlyRaisesTimeouts: isAtLeast(version, [1, 23, 0]) && !isAtLeast(version, [1, 29, 0]),
    ...(gracefulTermination === undefined ? {} : { gracefulTermination }),
  };
}

/** The releases in which each step was taken, one per minor version; the last one holds for all later ones. */
const GRACEFUL_TERMINATION: readonly Version[] = [
  [1, 11, 5],
  [1, 12, 2],
  [1, 13, 0],
];
const REMOVE_MENDED: readonly Version[] = [
  [1, 11, 6],
  [1, 12, 4],
  [1, 13, 1],
];
const NETLINK_LOCKED: readonly Version[] = [
  [1, 11, 7],
  [1, 12, 5],
  [1, 13, 2],
];

const RESTART_LEFT_ALONE: readonly Version[] = [
  [1, 12, 8],
  [1, 13, 6],
  [1, 14, 1],
];
const UDP_AT_ONCE: readonly Version[] = [
  [1, 13, 8],
  [1, 14, 4],
  [1, 15, 0],
];
const WAITING_LOGGED: readonly Version[] = [
  [1, 12, 5],
  [1, 13, 2],
];

/**
 * Graceful termination of a release; `undefined` before there was any.
 *
 * Source: pkg/proxy/ipvs/graceful_termination.go GracefulDeleteRS, v1.12.2 v1.14 v1.16 v1.22 v1.23.4. Pull request 66012
 * brought it, 71515 mended the list, 72361 put a lock around netlink (issue 71071), 72106 logs what stays, 75283 lets a
 * restart alone (picks 75722, 75723), 77802 took UDP out, which a comparison kept from working until 78999 (1.13.8). The
 * patch releases are the first after the dates of these picks; that of 75283 to 1.14 is taken to be the next one, too,
 * and 1.15.0 to be the first with attempts at log level 5.
 */
function gracefulTerminationEra(version: Version): GracefulTerminationEra | undefined {
  if (!isSince(version, GRACEFUL_TERMINATION)) return undefined;
  const isFrom115 = isAtLeast(version, [1, 15, 0]);
  return {
    hasInvertedRemove: !isSince(version, REMOVE_MENDED),
    waitsForInactive: isSince(version, REMOVE_MENDED),
    deletesUdpAtOnce: isSince(version, UDP_AT_ONCE),
    sharesNetlinkSocket: !isSince(version, NETLINK_LOCKED),
    deletesAllAtStart: !isSince(version, RESTART_LEFT_ALONE),
    logsAttempts: !isFrom115,
    logsWaiting: !isFrom115 && isSince(version, WAITING_LOGGED),
    logsStructured: isAtLeast(version, [1, 23, 0]),
  };
}

/** Whether a change that was picked to several minor versions is in this release. */
function isSince(version: Version, firsts: readonly Version[]): boolean {
  const last = firsts.at(-1)!;
  if (version[0] > last[0] || (version[0] === last[0] && version[1] > last[1])) return true;
  const sameMinor = firsts.find((first) => first[0] === version[0] && first[1] === version[1]);
  return sameMinor !== undefined && isAtLeast(version, sameMinor);
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
  if (isSince(version, REUSE_MODE_LEFT)) return "kernel-4.1-to-5.8";
  if (isAtLeast(version, [1, 19, 0])) return "kernel-4.1";
  return isSince(version, REUSE_MODE_SET) ? "always" : "never";
}
