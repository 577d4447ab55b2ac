import { MASQUERADE_MARK } from "./kube_proxy/ipvs_rules.ts";
import type { Rule, RuleMatch, Ruleset, RuleTable, RuleTarget } from "../kernel/netfilter/ruleset.ts";
import type { Netns } from "../kernel/netns.ts";
import { Vxlan } from "../kernel/vxlan.ts";
import { type Ipv4, prefixMask } from "../units.ts";
import type { InterfaceAddressOptions, NodeDescription, OverlayOptions } from "./options.ts";

const DEVICE = "flannel.1";

/** A node of the cluster as the overlay sees it. */
export interface OverlayNode {
  readonly netns: Netns;
  readonly description: NodeDescription;
}

/**
 * Joins the pod networks of the nodes as flannel does: by VXLAN, where each node's device has the first address of its
 * pod network, which is the next hop for all of it; or by plain routes through the nodes' own addresses (host-gw).
 *
 * A route that is no longer than one of the node's own networks loses against it where they overlap: the addresses are
 * taken for neighbours. That is what a pod network in conflict with the hosts' network comes to.
 *
 * Source: pkg/backend/vxlan/vxlan_network.go handleSubnetEvents, v0.20; pkg/backend/hostgw/hostgw.go RegisterNetwork, v0.20.
 * Not modelled: leases that come and go, DirectRouting, flannel's FORWARD rules (the policy here is ACCEPT). A route of
 * the very length of one of the node's networks is put behind it; flannel's would take its place, and the node would
 * lose that network.
 */
export function joinPodNetworks(nodes: readonly OverlayNode[], overlay: OverlayOptions): void {
  const networks = nodes.flatMap(({ description }) => (description.podCidr === undefined ? [] : [description.podCidr]));
  const tunnels = overlay.kind === "vxlan" ? nodes.map((node) => tunnelOf(node, overlay)) : [];
  for (const [index, node] of nodes.entries()) {
    if (overlay.masquerade) masquerade(node, networks);
    for (const [other, { description }] of nodes.entries()) {
      if (other === index || description.podCidr === undefined) continue;
      const tunnel = tunnels[index];
      const peer = tunnels[other];
      if (overlay.kind === "host-gw") routeByNode(node, description);
      else if (tunnel !== undefined && peer !== undefined) {
        const { address, prefixLength } = networkOf(description.podCidr);
        tunnel.addPeer(address, peer.device, description.primaryAddress);
        node.netns.addRoute({
          destination: address,
          prefixLength,
          kind: "unicast",
          device: tunnel.device,
          via: address,
        });
      }
    }
  }
}

function tunnelOf({ netns, description }: OverlayNode, { port }: OverlayOptions): Vxlan | undefined {
  if (description.podCidr === undefined) return undefined;
  const tunnel = new Vxlan(netns, { name: DEVICE, local: description.primaryAddress, port });
  netns.addAddress(tunnel.device, networkOf(description.podCidr).address, 32);
  return tunnel;
}

/** The other node is the next hop if it is a neighbour; else the gateway is, whose route table knows the pod network. */
function routeByNode({ netns, description: own }: OverlayNode, { podCidr, primaryAddress }: NodeDescription): void {
  if (podCidr === undefined) return;
  const route = netns.routes.lookup(primaryAddress);
  const via = route.nextHop === primaryAddress ? primaryAddress : own.gateway;
  if (route.device === undefined || via === undefined) return;
  const { address, prefixLength } = networkOf(podCidr);
  netns.addRoute({ destination: address, prefixLength, kind: "unicast", device: route.device, via });
}

function networkOf({ address, prefixLength }: InterfaceAddressOptions): { address: Ipv4; prefixLength: number } {
  return { address: address & prefixMask(prefixLength), prefixLength };
}

function masquerade({ netns, description }: OverlayNode, networks: readonly InterfaceAddressOptions[]): void {
  if (description.podCidr === undefined) return;
  netns.machine.loadRules(netns, flannelRules(description.podCidr, networks));
}

/**
 * The nat rules of flanneld with `--ip-masq`: what leaves the pod networks for elsewhere gets the node's address, what
 * stays inside keeps its own, and what kube-proxy has marked is left to it.
 *
 * Source: pkg/iptables/iptables.go MasqRules, v0.22.
 *
 * @param own the pod network of the node.
 * @param networks those of all nodes: the cluster's network.
 */
function flannelRules(own: InterfaceAddressOptions, networks: readonly InterfaceAddressOptions[]): Ruleset {
  const fromCluster = networks.map((network) => addressMatch("source", network, false));
  const toCluster = networks.map((network) => addressMatch("destination", network, false));
  const fromElsewhere = networks.map((network) => addressMatch("source", network, true));
  const toOwn = addressMatch("destination", own, false);
  const isMarked: RuleMatch = { kind: "mark", value: MASQUERADE_MARK, mask: MASQUERADE_MARK, isNegated: false };
  const back: RuleTarget = { kind: "return" };
  const masq: RuleTarget = { kind: "masquerade", isRandom: true };
  const rules: (readonly [matches: readonly RuleMatch[], target: RuleTarget])[] = [
    [[isMarked], back],
    ...toCluster.map((to) => [[addressMatch("source", own, false), to], back] as const),
    ...fromCluster.map((from) => [[from, toOwn], back] as const),
    [[...fromElsewhere, toOwn], back],
    ...fromCluster.map((from) => [[from], masq] as const),
    ...toCluster.map((to) => [[...fromElsewhere, to], masq] as const),
  ];
  const table: RuleTable = new Map([
    ["PREROUTING", { policy: "ACCEPT", rules: [] }],
    ["INPUT", { policy: "ACCEPT", rules: [] }],
    ["OUTPUT", { policy: "ACCEPT", rules: [] }],
    ["POSTROUTING", { policy: "ACCEPT", rules: numbered([[[], { kind: "jump", chain: "FLANNEL-POSTRTG" }]]) }],
    ["FLANNEL-POSTRTG", { rules: numbered(rules) }],
  ]);
  return new Map([["nat", table]]);
}

function addressMatch(kind: "source" | "destination", network: InterfaceAddressOptions, isNegated: boolean): RuleMatch {
  return { kind, address: networkOf(network).address, mask: prefixMask(network.prefixLength), isNegated };
}

function numbered(rules: readonly (readonly [readonly RuleMatch[], RuleTarget])[]): readonly Rule[] {
  return rules.map(([matches, target], index) => ({ line: index + 1, matches, target }));
}
