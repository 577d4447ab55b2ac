import { parseIpv4, prefixMask } from "../../units.ts";
import { howToCollect } from "./collector.ts";
import type { ChosenNode } from "./choose_node.ts";
import type { PlanContext } from "./import_options.ts";
import type { InterfacePlan, NodePlan } from "./import_plan.ts";

const BRIDGE = /^(cni|cbr|docker|br-|br\d|kube-bridge|virbr|lxcbr|crio|podman)/;
const DUMMY = /^(nodelocaldns|dummy|flannel|vxlan|tunl|wg|cilium|geneve|kube-dummy|ip6tnl|nerdctl|weave)/;
const LEFT_OUT = /^(lo$|kube-ipvs0$|veth|cali[0-9a-f]|lxc[0-9a-f]|eni[0-9a-f])/;

/**
 * The node's interfaces and the network of its pods. Interfaces come from `ip addr`; without it the addresses of sockets
 * and of the Node object stand in, with /24 networks.
 *
 * @param podAddresses those of the node's pods that have one of their own.
 */
export function planNode(context: PlanContext, chosen: ChosenNode, podAddresses: readonly string[]): NodePlan {
  const { exports } = context;
  const given = exports.cluster.interfaces;
  const guess = given.length === 0 ? guessInterfaces(context, chosen, podAddresses) : undefined;
  const known = guess ?? knownInterfaces(context);
  const primary = chosen.node?.addresses ?? [];
  const { interfaces: ordered, isWidened } = withNetwork(withPrimaryFirst(known, primary));
  const bridge = ordered.find(({ kind, addresses }) => kind === "bridge" && holdsAll(addresses[0], podAddresses));
  const isBridge = bridge !== undefined;
  const interfaces = ordered.toSorted((a, b) => Number(b === bridge) - Number(a === bridge));
  const { iptables } = exports;
  const memoryBytes = exports.memoryBytes ?? chosen.node?.memoryBytes;
  return {
    interfaces: physicalFirst(interfaces),
    ...commentOf(guess !== undefined, isWidened),
    podNetwork: isBridge ? "bridge" : "routed",
    ipMasq: iptables?.masquerade ?? "off",
    ...(iptables === undefined ? {} : { ipMasqComment: "From iptables-save." }),
    ...(memoryBytes === undefined || memoryBytes < 268_435_456 ? {} : { memoryBytes }),
  };
}

function commentOf(isGuessed: boolean, isWidened: boolean): { readonly comment?: string } {
  if (isGuessed)
    return { comment: `Assumed: interfaces from addresses seen, in /24 networks (${howToCollect("ip addr")}).` };
  return isWidened
    ? { comment: "The first interface has a network of one address: a /24 in its place, for its gateway." }
    : {};
}

/** Clouds give a node a /32 and a route to the gateway; a scenario has the gateway in the node's network. */
function withNetwork(interfaces: readonly InterfacePlan[]): {
  readonly interfaces: readonly InterfacePlan[];
  readonly isWidened: boolean;
} {
  const [first, ...others] = interfaces;
  const [own = "", ...more] = first?.addresses ?? [];
  if (first === undefined || !/\/3[12]$/.test(own)) return { interfaces, isWidened: false };
  const widened = { ...first, addresses: [own.replace(/\d+$/, "24"), ...more] };
  return { interfaces: [widened, ...others], isWidened: true };
}

/** A bridge keeps its place before other bridges; physical interfaces come first of all. */
function physicalFirst(interfaces: readonly InterfacePlan[]): readonly InterfacePlan[] {
  return interfaces.toSorted((a, b) => Number(b.kind === "physical") - Number(a.kind === "physical"));
}

/** Interfaces by `ip addr`; addresses of services, as node-local-dns binds that of the cluster's DNS, are the services' own. */
function knownInterfaces({ exports: { cluster } }: PlanContext): InterfacePlan[] {
  const seen = new Set(cluster.services.flatMap(({ clusterAddress }) => clusterAddress ?? []));
  return cluster.interfaces.flatMap(({ name, addresses }) => {
    if (LEFT_OUT.test(name)) return [];
    const own = addresses.filter((text) => {
      const address = text.replace(/\/.*$/, "");
      if (address.startsWith("127.") || seen.has(address)) return false;
      seen.add(address);
      return true;
    });
    if (own.length === 0) return [];
    const kind = BRIDGE.test(name) ? "bridge" : DUMMY.test(name) ? "dummy" : "physical";
    return [{ name, kind, addresses: own } satisfies InterfacePlan];
  });
}

/** The interface with the node's own address first, as a physical one. */
function withPrimaryFirst(interfaces: readonly InterfacePlan[], primary: readonly string[]): readonly InterfacePlan[] {
  const isPrimary = ({ addresses }: InterfacePlan): boolean =>
    addresses.some((text) => primary.includes(text.replace(/\/.*$/, "")));
  const first =
    interfaces.find((one) => one.kind === "physical" && isPrimary(one)) ??
    interfaces.find(({ kind }) => kind === "physical") ??
    interfaces.find(isPrimary);
  if (first === undefined) return interfaces;
  const own = first.addresses.toSorted(
    (a, b) => Number(primary.includes(b.replace(/\/.*$/, ""))) - Number(primary.includes(a.replace(/\/.*$/, ""))),
  );
  return [{ ...first, kind: "physical", addresses: own }, ...interfaces.filter((one) => one !== first)];
}

/** Interfaces made of the addresses that sockets, IPVS and the Node object show. */
function guessInterfaces(context: PlanContext, { node }: ChosenNode, podAddresses: readonly string[]): InterfacePlan[] {
  const { exports } = context;
  const services = new Set(exports.cluster.services.flatMap(({ clusterAddress }) => clusterAddress ?? []));
  const seen = new Set(node?.addresses ?? []);
  for (const { local, state } of exports.sockets ?? []) {
    const address = local.address.replace(/^::ffff:/i, "").replace(/%.*$/, "");
    if (state !== "LISTEN" && isHost(address) && !services.has(address)) seen.add(address);
  }
  const pods = new Set(podAddresses);
  const all = [...seen].filter((address) => !pods.has(address));
  const isPodSide = (address: string): boolean =>
    podAddresses.some((pod) => sameNetwork(pod, address, 24)) || holds(node?.podCidr, address);
  const bridge = all.find((address) => isPodSide(address) && node?.addresses.includes(address) !== true);
  const busiest = bridge ?? (podAddresses.length === 0 && node === undefined ? busiestClient(exports) : undefined);
  const length = holds(node?.podCidr, busiest ?? "") ? Number(node?.podCidr?.replace(/^.*\//, "")) : 24;
  context.assumed.push(`interfaces are made of addresses seen (${howToCollect("ip addr")})`);
  const physical = all.filter((address) => address !== busiest && !address.startsWith("169.254."));
  const made: InterfacePlan[] = physical.map((address, index) => ({
    name: `eth${index}`,
    kind: "physical",
    addresses: [`${address}/24`],
  }));
  if (made.length === 0) made.push({ name: "eth0", kind: "physical", addresses: ["10.0.0.10/24"] });
  if (busiest !== undefined) made.push({ name: "cni0", kind: "bridge", addresses: [`${busiest}/${length}`] });
  const linkLocal = all.filter((address) => address.startsWith("169.254."));
  if (linkLocal.length > 0)
    made.push({ name: "nodelocaldns", kind: "dummy", addresses: linkLocal.map((address) => `${address}/32`) });
  return made;
}

/** The local address that connects to most different neighbours of its own /24: that of a bridge, whose pods are probed. */
function busiestClient({ sockets = [] }: PlanContext["exports"]): string | undefined {
  const peers = new Map<string, Set<string>>();
  for (const { local, peer, state } of sockets) {
    const [own, other] = [local.address.replace(/^::ffff:/i, ""), peer.address.replace(/^::ffff:/i, "")];
    if (state === "LISTEN" || own === other || !sameNetwork(own, other, 24)) continue;
    const known = peers.get(own) ?? new Set();
    peers.set(own, known.add(other));
  }
  const [best] = [...peers].toSorted((a, b) => b[1].size - a[1].size);
  return best !== undefined && best[1].size >= 2 ? best[0] : undefined;
}

/** Whether an address is in a network that is written with its prefix. */
export function holds(network: string | undefined, address: string): boolean {
  const [first = "", length = ""] = (network ?? "").split("/");
  return /^([0-9]|[12][0-9]|3[0-2])$/.test(length) && sameNetwork(first, address, Number(length));
}

function holdsAll(network: string | undefined, addresses: readonly string[]): boolean {
  return network !== undefined && addresses.every((address) => holds(network, address));
}

function sameNetwork(a: string, b: string, length: number): boolean {
  const [first, second] = [parseIpv4(a), parseIpv4(b)];
  return first !== undefined && second !== undefined && ((first ^ second) & prefixMask(length)) === 0;
}

function isHost(address: string): boolean {
  return parseIpv4(address) !== undefined && !address.startsWith("127.") && address !== "0.0.0.0";
}
