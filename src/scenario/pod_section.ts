import { formatIpv4, type Ipv4, type Port } from "../units.ts";
import {
  formatNetwork,
  isInNetwork,
  lastAddressOf,
  NameBook,
  networkOf,
  whereIs,
  type AddressBook,
  type CheckContext,
} from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { Pod, Probe } from "./model.ts";
import { nodeEntries } from "./node_entries.ts";
import type { ResolvedNode } from "./node_section.ts";
import { PodPlacement } from "./pod_placement.ts";
import { checkHandlerVersion, resolveProbe, warnOfClosedPort, type ProbeKind } from "./probe_section.ts";
import type { Place } from "./place.ts";
import type { Sections } from "./schema.ts";
import type { Span } from "./source_text.ts";
import type { InterfaceAddress } from "./values.ts";

type PodEntry = NonNullable<Sections["pods"]>[number];

const PROBE_KINDS: readonly ProbeKind[] = ["readinessProbe", "livenessProbe", "startupProbe"];

/**
 * Takes the addresses that pods name themselves. It comes before `resolvePods`, since no other pod may get one of them.
 */
export function claimPodAddresses({ sections, place }: CheckContext, addresses: AddressBook): void {
  for (const [index, { name, address }] of (sections.pods ?? []).entries()) {
    if (address !== undefined) addresses.claim(address, `pod ${quote(name)}`, place.at("pods", index, "address").value);
  }
}

/**
 * Checks the pods and gives each its address: its own, the node's with `hostNetwork`, or the next of the pod network
 * that nothing else in the scenario has or names.
 *
 * @param nodes `undefined` when a node itself had problems: then the pods are checked without addresses.
 */
export function resolvePods(
  context: CheckContext,
  nodes: readonly ResolvedNode[] | undefined,
  addresses: AddressBook,
): readonly Pod[] {
  const names = new NameBook(context.problems, "pod");
  const hostPorts = new Map<string, { readonly owner: string; readonly span: Span }>();
  const placement = new PodPlacement(context, nodes);
  const allocators = new PodNetworks(context, nodes?.[0], addresses);
  const pods: Pod[] = [];
  for (const [index, entry] of (context.sections.pods ?? []).entries()) {
    const place = context.place.at("pods", index);
    const template = resolveTemplate(entry, place, context);
    const replicas = replicaNames(entry);
    const isAway = isElsewhere(entry, context);
    for (const { node, places } of placement.groupsOf(entry, place)) {
      const group = { ...entry, replicas: places.length };
      if (!isAway) checkHostNetwork(group, place, { context, hostPorts, node: node?.setup.name });
      const allocator = isAway ? allocators.elsewhere(entry, place) : allocators.of(node);
      const own = allocator?.addressesFor(group, place) ?? [];
      const at = placement.hasSeveralNodes && node?.setup.name !== undefined ? { nodeName: node.setup.name } : {};
      for (const [which, replica] of places.entries()) {
        const name = replicas[replica] ?? entry.name;
        if (names.isTaken(name, place.at("name").value)) break;
        const address = own[which];
        if (address !== undefined) pods.push({ name, workload: entry.name, ...at, address, ...template });
      }
    }
  }
  return pods;
}

/** Whether an entry's pods run on another node than the one that is simulated; several nodes are all there are. */
export function isElsewhere({ nodeName }: { readonly nodeName?: string | undefined }, context: CheckContext): boolean {
  const [first, second] = nodeEntries(context);
  return nodeName !== undefined && first !== undefined && second === undefined && nodeName !== first.name;
}

/** The names of an entry's pods: its own, or with `-0`, `-1` … behind it when there are several. */
export function replicaNames({
  name,
  replicas,
}: {
  readonly name: string;
  readonly replicas: number;
}): readonly string[] {
  return replicas === 1 ? [name] : Array.from({ length: replicas }, (_, replica) => `${name}-${replica}`);
}

/** All of a pod but its name and address: what the replicas of an entry share. */
function resolveTemplate(
  entry: PodEntry,
  place: Place,
  { sections, problems, warnings }: CheckContext,
): Omit<Pod, "name" | "workload" | "address"> {
  const probes: Partial<Record<ProbeKind, Probe>> = {};
  for (const kind of PROBE_KINDS) {
    const probeEntry = entry[kind];
    if (probeEntry === undefined) continue;
    const at = place.at(kind);
    const probe = resolveProbe(probeEntry, kind, at, problems);
    if (probe === undefined) continue;
    checkHandlerVersion(probe, sections.kubelet?.version, at, problems);
    if (!place.isLeftOut("listen") && !place.at("listen").isLeftOut("*"))
      warnOfClosedPort(probe, entry.listen, at, warnings);
    probes[kind] = probe;
  }
  const seen = new Set<Port>();
  for (const [which, port] of entry.listen.entries()) {
    if (seen.has(port)) {
      problems.add(place.at("listen", which).value, {
        message: `Cannot listen on port ${port} twice in ${quote(entry.name)}`,
        expected: "each port once",
        toMend: "delete one of the two",
      });
    }
    seen.add(port);
  }
  const { hostNetwork, listen, responseDelay, containerStart } = entry;
  return { hostNetwork, listen, responseDelay, containerStart, ...probes };
}

interface HostNetworkBooks {
  readonly context: CheckContext;
  /** Who listens, by node and port. */
  readonly hostPorts: Map<string, { readonly owner: string; readonly span: Span }>;
  readonly node: string | undefined;
}

function checkHostNetwork(entry: PodEntry, place: Place, { context, hostPorts, node = "" }: HostNetworkBooks): void {
  if (!entry.hostNetwork) return;
  if (entry.address !== undefined) {
    context.problems.add(place.at("address").value, {
      message: `Cannot give ${formatIpv4(entry.address)} to ${quote(entry.name)}: with hostNetwork it has the node's address`,
      expected: "address only without hostNetwork",
      toMend: "delete address or hostNetwork",
    });
  }
  if (entry.listen.length > 0 && entry.replicas > 1) {
    context.problems.add(place.at("replicas").value, {
      message: `Cannot run ${entry.replicas} pods ${quote(entry.name)} with hostNetwork: they would listen on the same ports of the node`,
      expected: "at most one pod for each port of the node",
      toMend: "write replicas: 1, or delete hostNetwork",
    });
  }
  for (const [which, port] of entry.listen.entries()) {
    const span = place.at("listen", which).value;
    const first = hostPorts.get(`${node} ${port}`);
    hostPorts.set(`${node} ${port}`, first ?? { owner: entry.name, span });
    if (first === undefined || first.owner === entry.name) continue;
    context.problems.add(span, {
      message: `Cannot listen on port ${port} of the node in ${quote(entry.name)}: ${quote(first.owner)} does (${whereIs(first.span)})`,
      expected: "a port of the node that no other pod with hostNetwork listens on",
      toMend: "change one of the two ports, or delete one hostNetwork",
    });
  }
}

/** Hands out the addresses of the pod network in their order. */
class PodAddresses {
  readonly #context: CheckContext;
  readonly #node: ResolvedNode | undefined;
  readonly #network: InterfaceAddress | undefined;
  readonly #addresses: AddressBook;
  #next = 1;

  /** @param network where the addresses come from; with none a pod has to name its own. */
  constructor(
    context: CheckContext,
    node: ResolvedNode | undefined,
    addresses: AddressBook,
    network: InterfaceAddress | undefined,
  ) {
    this.#context = context;
    this.#node = node;
    this.#network = network;
    this.#addresses = addresses;
  }

  /** One address for each replica; fewer where a problem was reported. */
  addressesFor(entry: PodEntry, place: Place): readonly Ipv4[] {
    const node = this.#node;
    if (node === undefined || entry.replicas === 0) return [];
    if (entry.hostNetwork) return Array.from({ length: entry.replicas }, () => node.setup.primaryAddress);
    if (entry.address !== undefined) return this.#own(entry, entry.address, place);
    if (this.#network === undefined) {
      this.#reportNoNetwork(entry, node.setup.podNetwork, place);
      return [];
    }
    const found: Ipv4[] = [];
    while (found.length < entry.replicas) {
      const address = this.#take(this.#network);
      if (address === undefined) {
        this.#reportFull(entry, found.length, this.#network, place);
        break;
      }
      found.push(address);
    }
    return found;
  }

  #own(entry: PodEntry, address: Ipv4, place: Place): readonly Ipv4[] {
    if (entry.replicas > 1) {
      this.#context.problems.add(place.at("address").value, {
        message: `Cannot give one address to ${entry.replicas} pods ${quote(entry.name)}`,
        expected: "address only with one replica",
        toMend: "delete address, or write replicas: 1",
      });
      return [];
    }
    const network = this.#network;
    if (network !== undefined && !isHost(address, network)) {
      this.#context.problems.add(place.at("address").value, {
        message: `Cannot give ${formatIpv4(address)} to pod ${quote(entry.name)}: it is no host of the pod network ${formatNetwork(network)}`,
        expected: `a host of ${formatNetwork(network)}`,
        toMend: "choose an address inside the pod network, or delete the key",
      });
    }
    return [address];
  }

  #take(network: InterfaceAddress): Ipv4 | undefined {
    const first = networkOf(network);
    for (;;) {
      const address = (first + this.#next) | 0;
      if (this.#next >= 2 ** (32 - network.prefixLength) || !isHost(address, network)) return undefined;
      this.#next += 1;
      if (this.#addresses.isFree(address)) return address;
    }
  }

  #reportFull(entry: PodEntry, room: number, network: InterfaceAddress, place: Place): void {
    const name = formatNetwork(network);
    const span = (place.find("replicas") ?? place.at("name")).value;
    this.#context.problems.add(span, {
      message: `Cannot run ${entry.replicas} pods ${quote(entry.name)}: the pod network ${name} has addresses for ${room} of them`,
      expected: `at most ${room}`,
      toMend:
        room === 0
          ? `delete the entry, or give the pod network a shorter prefix than /${network.prefixLength}`
          : `write replicas: ${room}, or give the pod network a shorter prefix than /${network.prefixLength}`,
    });
  }

  #reportNoNetwork(entry: PodEntry, kind: "bridge" | "routed", place: Place): void {
    const { problems } = this.#context;
    for (const { place: node } of nodeEntries(this.#context))
      if (node.isLeftOut("interfaces", "podCIDR") || node.at("interfaces").isLeftOut("*")) return;
    const why = kind === "bridge" ? "no interface of kind bridge has an address" : "node.podCIDR is not given";
    const mend =
      kind === "bridge"
        ? "add { name: cni0, kind: bridge, addresses: [10.23.77.129/25] } to node.interfaces"
        : "add podCIDR: 10.23.77.128/25 to node";
    problems.add(place.at("name").value, {
      message: `Cannot give an address to pod ${quote(entry.name)}: ${why}`,
      expected: "a pod network, or address: in the pod",
      toMend: mend,
    });
  }
}

/** The allocators of pod networks: one for each node, and for one node those of the others that it is not. */
class PodNetworks {
  readonly #context: CheckContext;
  readonly #first: ResolvedNode | undefined;
  readonly #addresses: AddressBook;
  readonly #byNode = new Map<ResolvedNode | undefined, PodAddresses>();
  readonly #elsewhere = new Map<string, PodAddresses>();

  constructor(context: CheckContext, first: ResolvedNode | undefined, addresses: AddressBook) {
    this.#context = context;
    this.#first = first;
    this.#addresses = addresses;
  }

  /** That of a node's own pod network. */
  of(node: ResolvedNode | undefined): PodAddresses {
    const known = this.#byNode.get(node);
    if (known !== undefined) return known;
    const made = new PodAddresses(this.#context, node, this.#addresses, node?.podNetwork);
    this.#byNode.set(node, made);
    return made;
  }

  /** That of pods which run elsewhere. @returns `undefined` if nothing says what addresses they have; that is reported. */
  elsewhere(entry: PodEntry, place: Place): PodAddresses | undefined {
    const { podCIDR, name, address, hostNetwork } = entry;
    if (hostNetwork) {
      this.#context.problems.add(place.at("hostNetwork").value, {
        message: `Cannot give an address to pod ${quote(name)}: it would have that of its node, which runs elsewhere`,
        expected: "a pod with an address of its own",
        toMend: "delete hostNetwork, or nodeName",
      });
      return undefined;
    }
    if (podCIDR === undefined && address === undefined) {
      if (place.isLeftOut("podCIDR")) return undefined;
      this.#context.problems.add(place.at("nodeName").value, {
        message: `Cannot give an address to pod ${quote(name)}: it runs elsewhere, and podCIDR is not given`,
        expected: "the pod network of its node",
        toMend: "add podCIDR: 10.23.78.0/24 beside nodeName",
      });
      return undefined;
    }
    const key = podCIDR === undefined ? "" : formatNetwork(podCIDR);
    const known = this.#elsewhere.get(key);
    if (known !== undefined) return known;
    const made = new PodAddresses(this.#context, this.#first, this.#addresses, podCIDR);
    this.#elsewhere.set(key, made);
    return made;
  }
}

/** The hosts of a network that nothing but pods has or names, in their order, at most `most`. O(most + those taken). */
export function podHosts(network: InterfaceAddress, addresses: AddressBook, most: number): readonly Ipv4[] {
  const hosts: Ipv4[] = [];
  const first = networkOf(network);
  const size = 2 ** (32 - network.prefixLength);
  for (let place = 1; place < size - 1 && hosts.length < most; place += 1) {
    const host = (first + place) | 0;
    if (addresses.isFree(host)) hosts.push(host);
  }
  return hosts;
}

function isHost(address: Ipv4, network: InterfaceAddress): boolean {
  return isInNetwork(address, network) && address !== networkOf(network) && address !== lastAddressOf(network);
}
