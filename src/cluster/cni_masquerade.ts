import { parseIptables } from "../kernel/netfilter/iptables.ts";
import type { Ruleset } from "../kernel/netfilter/ruleset.ts";
import { assert } from "../sim/assert.ts";
import { formatIpv4, type Ipv4 } from "../units.ts";
import type { InterfaceAddressOptions } from "./options.ts";

/** How a CNI plugin masquerades what pods send to other networks: not at all, with the pod's port where it is free, or with a drawn port. */
export type CniMasquerade = "off" | "on" | "random-fully";

/**
 * The rules of a CNI plugin with `ipMasq`: each pod has one that leads to a chain, which spares the pods' own network.
 * The ports that masquerading takes come from 1024-65535, whatever `ip_local_reserved_ports` says.
 *
 * Source: pkg/ip/ipmasq_linux.go SetupIPMasq, v1.0.
 * Not modelled: flannel, which draws the port, has one rule for the whole network; here it would test fewer rules.
 *
 * @param network the pods' network; without it a pod spares only itself.
 */
export function cniMasqueradeRules(
  pods: readonly Ipv4[],
  network: InterfaceAddressOptions | undefined,
  masquerade: Exclude<CniMasquerade, "off">,
): Ruleset {
  const spared =
    network === undefined
      ? pods.map((address) => `${formatIpv4(address)}/32`)
      : [`${formatIpv4(network.address)}/${network.prefixLength}`];
  const reading = parseIptables([
    "*nat",
    ":CNI-MASQ - [0:0]",
    ...pods.map((address) => `-A POSTROUTING -s ${formatIpv4(address)}/32 -j CNI-MASQ`),
    ...spared.map((net) => `-A CNI-MASQ -d ${net} -j ACCEPT`),
    `-A CNI-MASQ ! -d 224.0.0.0/4 -j MASQUERADE${masquerade === "random-fully" ? " --random-fully" : ""}`,
    "COMMIT",
  ]);
  assert(reading.ok, "iptables takes the rules of the CNI plugin");
  return reading.ruleset;
}
