import type { Ipv4 } from "../units.ts";
import {
  formatNetwork,
  isInNetwork,
  lastAddressOf,
  NameBook,
  networkOf,
  type AddressBook,
  type CheckContext,
} from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { NodeSetup } from "./model.ts";
import type { InterfaceAddress } from "./values.ts";

/** The node, and the network its pods take addresses from (none if the scenario names none). */
export interface ResolvedNode {
  readonly setup: NodeSetup;
  readonly podNetwork?: InterfaceAddress;
}

/** Checks the node: names and addresses once each, a primary address, a pod network that the bridge agrees with. */
export function resolveNode(context: CheckContext, addresses: AddressBook): ResolvedNode | undefined {
  const { sections, problems } = context;
  const section = sections.node;
  if (section === undefined) return undefined;
  const place = context.place.at("node");
  const names = new NameBook(problems, "interface");
  for (const [index, { name, addresses: own }] of section.interfaces.entries()) {
    const at = place.at("interfaces", index);
    names.isTaken(name, at.at("name").value);
    for (const [which, { address }] of own.entries()) {
      addresses.claim(address, `interface ${quote(name)}`, at.at("addresses", which).value);
    }
  }
  const primary = section.interfaces.find(({ kind, addresses: own }) => kind === "physical" && own.length > 0)
    ?.addresses[0];
  if (primary === undefined) {
    if (!place.isLeftOut("interfaces") && !place.at("interfaces").isLeftOut("*")) {
      problems.add(place.at("interfaces").key, {
        message: "Cannot give the node an address: no physical interface has one",
        expected: "an interface such as { name: eth0, addresses: [10.10.85.105/24] }",
        toMend: "add it as the first interface",
      });
    }
    return undefined;
  }
  const gateway = section.gateway ?? firstOtherHost(primary);
  if (gateway !== undefined) addresses.mention(gateway);
  const podNetwork = podNetworkOf(context);
  const { interfaces, memoryBytes, podNetwork: kind, ipMasq } = section;
  const setup = { interfaces, primaryAddress: primary.address, podNetwork: kind, ipMasq, memoryBytes };
  return {
    setup: gateway === undefined ? setup : { ...setup, gateway },
    ...(podNetwork === undefined ? {} : { podNetwork }),
  };
}

function podNetworkOf({ sections, place, problems }: CheckContext): InterfaceAddress | undefined {
  const { interfaces = [], podNetwork, podCIDR } = sections.node ?? {};
  if (podNetwork === "routed") return podCIDR;
  const bridge = interfaces.find(({ kind, addresses }) => kind === "bridge" && addresses.length > 0);
  const network = bridge?.addresses[0];
  if (bridge === undefined || network === undefined || podCIDR === undefined) return network;
  if (formatNetwork(podCIDR) !== formatNetwork(network)) {
    problems.add(place.at("node", "podCIDR").value, {
      message: `Cannot take pod addresses from ${formatNetwork(podCIDR)}: the bridge ${quote(bridge.name)} is on ${formatNetwork(network)}`,
      expected: `${formatNetwork(network)}, or podNetwork: routed`,
      toMend: "delete podCIDR, since the bridge says it already",
    });
  }
  return network;
}

/** The first host of a network that is not the given address: by custom, the gateway. */
function firstOtherHost(network: InterfaceAddress): Ipv4 | undefined {
  const first = networkOf(network);
  for (const candidate of [first + 1, first + 2]) {
    const isHost = isInNetwork(candidate, network) && candidate !== lastAddressOf(network);
    if (isHost && candidate !== network.address) return candidate | 0;
  }
  return undefined;
}
