import type { KernelEra } from "../kernel/kernel_era.ts";
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
import { checkSysctlTable } from "./kernel_section.ts";
import type { NodeSetup } from "./model.ts";
import { nodeEntries, type NodeEntry } from "./node_entries.ts";
import type { InterfaceAddress } from "./values.ts";

/** A node, and the network its pods take addresses from (none if the scenario names none). */
export interface ResolvedNode {
  readonly setup: NodeSetup;
  readonly podNetwork?: InterfaceAddress;
}

/**
 * Checks the nodes: names and addresses once each, a primary address, a pod network that the bridge agrees with.
 *
 * @returns at least one node, or `undefined` if some node had problems of its own.
 */
export function resolveNodes(
  context: CheckContext,
  era: KernelEra | undefined,
  addresses: AddressBook,
): readonly ResolvedNode[] | undefined {
  const entries = nodeEntries(context);
  const names = new NameBook(context.problems, "node");
  const books = { context, addresses, primaries: new Set<Ipv4>() };
  for (const { section } of entries) {
    const primary = primaryOf(section);
    if (primary !== undefined) books.primaries.add(primary.address);
  }
  const nodes: ResolvedNode[] = [];
  for (const entry of entries) {
    if (entry.name !== undefined) names.isTaken(entry.name, entry.place.at("name").value);
    if (entry.isFirst) {
      const { sysctls, memoryBytes } = entry.section;
      const table = { entries: Object.entries(sysctls), place: entry.place.at("sysctls"), memoryBytes };
      checkSysctlTable(table, era, context);
    }
    const node = resolveNode(entry, books);
    if (node !== undefined) nodes.push(node);
  }
  return nodes.length === entries.length && nodes.length > 0 ? nodes : undefined;
}

interface NodeBooks {
  readonly context: CheckContext;
  readonly addresses: AddressBook;
  /** The primary addresses of all nodes, which no gateway is taken to have. */
  readonly primaries: ReadonlySet<Ipv4>;
}

function resolveNode(entry: NodeEntry, books: NodeBooks): ResolvedNode | undefined {
  const { section, place } = entry;
  const { context, addresses } = books;
  claimAddresses(entry, books);
  const primary = primaryOf(section);
  if (primary === undefined) {
    if (!place.isLeftOut("interfaces") && !place.at("interfaces").isLeftOut("*")) {
      context.problems.add(place.at("interfaces").key, {
        message: "Cannot give the node an address: no physical interface has one",
        expected: "an interface such as { name: eth0, addresses: [10.10.85.105/24] }",
        toMend: "add it as the first interface",
      });
    }
    return undefined;
  }
  const gateway = section.gateway ?? firstOtherHost(primary, books.primaries);
  if (gateway !== undefined) addresses.mention(gateway);
  const podNetwork = podNetworkOf(entry, context);
  const { interfaces, memoryBytes, podNetwork: kind, ipMasq } = section;
  const setup: NodeSetup = {
    ...(entry.name === undefined ? {} : { name: entry.name }),
    interfaces,
    primaryAddress: primary.address,
    podNetwork: kind,
    ipMasq,
    ...(podNetwork === undefined ? {} : { podCidr: podNetwork }),
    memoryBytes,
    ...(gateway === undefined ? {} : { gateway }),
    sysctls: Object.entries(section.sysctls),
  };
  return { setup, ...(podNetwork === undefined ? {} : { podNetwork }) };
}

/** Takes the node's addresses. Those of dummy interfaces may stand on every node, as that of node-local-dns does. */
function claimAddresses({ section, place, name, isAlone }: NodeEntry, { context, addresses }: NodeBooks): void {
  const names = new NameBook(context.problems, "interface");
  const own = new Set<Ipv4>();
  for (const [index, { name: device, kind, addresses: given }] of section.interfaces.entries()) {
    const at = place.at("interfaces", index);
    names.isTaken(device, at.at("name").value);
    const owner = isAlone ? `interface ${quote(device)}` : `interface ${quote(device)} of ${quote(name ?? "")}`;
    for (const [which, { address }] of given.entries()) {
      if (isAlone || kind !== "dummy" || own.has(address))
        addresses.claim(address, owner, at.at("addresses", which).value);
      else addresses.mention(address);
      own.add(address);
    }
  }
}

function primaryOf({ interfaces }: NodeEntry["section"]): InterfaceAddress | undefined {
  return interfaces.find(({ kind, addresses: own }) => kind === "physical" && own.length > 0)?.addresses[0];
}

function podNetworkOf({ section, place }: NodeEntry, { problems }: CheckContext): InterfaceAddress | undefined {
  const { interfaces, podNetwork, podCIDR } = section;
  if (podNetwork === "routed") return podCIDR;
  const bridge = interfaces.find(({ kind, addresses }) => kind === "bridge" && addresses.length > 0);
  const network = bridge?.addresses[0];
  if (bridge === undefined || network === undefined || podCIDR === undefined) return network;
  if (formatNetwork(podCIDR) !== formatNetwork(network)) {
    problems.add(place.at("podCIDR").value, {
      message: `Cannot take pod addresses from ${formatNetwork(podCIDR)}: the bridge ${quote(bridge.name)} is on ${formatNetwork(network)}`,
      expected: `${formatNetwork(network)}, or podNetwork: routed`,
      toMend: "delete podCIDR, since the bridge says it already",
    });
  }
  return network;
}

/** The first host of a network that no node is: by custom, the gateway. */
function firstOtherHost(network: InterfaceAddress, nodes: ReadonlySet<Ipv4>): Ipv4 | undefined {
  const first = networkOf(network);
  for (let offset = 1; offset <= nodes.size + 1; offset += 1) {
    const candidate = (first + offset) | 0;
    const isHost = isInNetwork(candidate, network) && candidate !== lastAddressOf(network);
    if (isHost && !nodes.has(candidate)) return candidate;
  }
  return undefined;
}
