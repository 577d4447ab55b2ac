import type { Netns } from "../../kernel/netns.ts";
import { type Ipv4, prefixMask } from "../../units.ts";
import type { KubeProxyOptions } from "../options.ts";
import type { KubeProxyEra } from "./kube_proxy_eras.ts";

/** The dummy device that holds the addresses of services in IPVS mode. */
export const IPVS_DEVICE = "kube-ipvs0";

const LOOPBACK: Ipv4 = (127 << 24) | 1;

/**
 * The addresses on which NodePorts are served: those of `--nodeport-addresses`, or all of the node but those of
 * kube-ipvs0.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, v1.21 v1.23 v1.28.
 */
export function nodePortAddresses(node: Netns, options: KubeProxyOptions, era: KubeProxyEra): readonly Ipv4[] {
  const wanted = options.nodePortAddresses;
  const isServed = (address: Ipv4): boolean =>
    wanted === undefined || wanted.some((net) => ((address ^ net.address) & prefixMask(net.prefixLength)) === 0);
  const addresses: Ipv4[] = [];
  for (const device of node.devices()) {
    if (device.name === IPVS_DEVICE) continue;
    for (const { address } of device.addresses) if (isServed(address)) addresses.push(address);
  }
  if (era.servesLoopback && isServed(LOOPBACK)) addresses.push(LOOPBACK);
  return addresses;
}
