import { formatIpv4, type Ipv4, type Micros, type Port } from "../../units.ts";
import { klogHeader, klogQuoted } from "../klog.ts";
import { isAtLeast, type Version } from "../options.ts";

/** A NodePort whose socket could not be opened, at one sync. */
export interface ClaimFailure {
  readonly at: Micros;
  /** `namespace/name` of the service. */
  readonly service: string;
  readonly port: Port;
  /** Absent for a socket on all addresses. */
  readonly address?: Ipv4;
}

/** kube-proxy is the first process of its container. */
const PROCESS = 1;

/**
 * kube-proxy's log line for such a NodePort; its virtual servers stand all the same. A service's port has no name here.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, v1.18 v1.23.4. Not modelled: the number of the source line, which
 * differs from release to release: it is 1.
 */
export function claimFailureLine({ at, service, port, address }: ClaimFailure, version: Version): string {
  const header = `${klogHeader("E", at, PROCESS)} proxier.go:1]`;
  const ip = address === undefined ? "" : formatIpv4(address);
  const error = `listen tcp4 ${ip}:${port}: bind: address already in use`;
  if (!isAtLeast(version, [1, 23, 0]))
    return `${header} can't open "nodePort for ${service}" (${ip}:${port}/tcp), skipping this nodePort: ${error}`;
  const claim = `{Description:nodePort for ${service} IP:${ip} IPFamily:4 Port:${port} Protocol:TCP}`;
  return `${header} "Can't open port, skipping it" err=${klogQuoted(error)} port=${claim}`;
}
