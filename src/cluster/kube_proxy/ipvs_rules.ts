import { Protocol } from "../../kernel/packet.ts";
import type { AddressPortSet, RuleMatch, Ruleset, RuleTable, RuleTarget } from "../../kernel/netfilter/ruleset.ts";
import type { Ipv4, Port } from "../../units.ts";
import type { ProxiedService } from "./proxier.ts";

/** The mark of packets that kube-proxy has masqueraded (`iptablesMasqueradeBit` 14). */
export const MASQUERADE_MARK = 0x4000;

/**
 * The nat and filter rules of kube-proxy in IPVS mode: KUBE-SERVICES and its like. What comes to a NodePort is marked
 * and masqueraded (the ipset KUBE-NODE-PORT-TCP is a list of ports here), and so is what the node itself sends to a
 * ClusterIP: kube-ipvs0 has that address, so it is the source as well, and no host elsewhere could answer.
 *
 * Source: pkg/proxy/ipvs/proxier.go writeIptablesRules, v1.18 v1.23.
 * Not modelled: `--cluster-cidr` and `--masquerade-all`, which mark more of what goes to a ClusterIP; KUBE-LOOP-BACK,
 * without which a pod that IPVS sends to itself gets its own address as source; KUBE-EXTERNAL-IP.
 */
export function ipvsRules(services: readonly ProxiedService[]): Ruleset {
  const nodePorts = tcpNodePorts(services);
  const clusterIps = clusterIpSet(services);
  const isMarked: RuleMatch = { kind: "mark", value: MASQUERADE_MARK, mask: MASQUERADE_MARK, isNegated: false };
  const isTcp: RuleMatch = { kind: "protocol", protocol: Protocol.TCP, isNegated: false };
  const toLocal: RuleMatch = { kind: "localDestination", isNegated: false };
  const toNodePort: RuleMatch = {
    kind: "destinationPort",
    ranges: nodePorts.map((port) => ({ low: port, high: port })),
    isNegated: false,
  };
  const fromClusterIp: RuleMatch = {
    kind: "addressPortSet",
    name: "KUBE-CLUSTER-IP",
    members: clusterIps,
    isNegated: false,
  };
  const isFollowing: RuleMatch = { kind: "ctState", states: 2 | 4, isNegated: false };
  const mark: RuleTarget = { kind: "mark", value: MASQUERADE_MARK, mask: MASQUERADE_MARK };
  const nat: RuleTable = new Map([
    ["PREROUTING", chain("ACCEPT", [[[], jump("KUBE-SERVICES")]])],
    ["INPUT", chain("ACCEPT", [])],
    ["OUTPUT", chain("ACCEPT", [[[], jump("KUBE-SERVICES")]])],
    ["POSTROUTING", chain("ACCEPT", [[[], jump("KUBE-POSTROUTING")]])],
    [
      "KUBE-SERVICES",
      chain(undefined, [
        ...(clusterIps.size === 0 ? [] : [[[fromClusterIp], jump("KUBE-MARK-MASQ")] as const]),
        [[toLocal], jump("KUBE-NODE-PORT")],
      ]),
    ],
    ["KUBE-NODE-PORT", chain(undefined, nodePorts.length === 0 ? [] : [[[isTcp, toNodePort], jump("KUBE-MARK-MASQ")]])],
    ["KUBE-MARK-MASQ", chain(undefined, [[[], mark]])],
    [
      "KUBE-POSTROUTING",
      chain(undefined, [
        [[{ ...isMarked, isNegated: true }], { kind: "return" }],
        [[], { kind: "mark", value: MASQUERADE_MARK, mask: 0 }],
        [[], { kind: "masquerade", isRandom: true }],
      ]),
    ],
  ]);
  const filter: RuleTable = new Map([
    ["INPUT", chain("ACCEPT", [])],
    ["FORWARD", chain("ACCEPT", [[[], jump("KUBE-FORWARD")]])],
    ["OUTPUT", chain("ACCEPT", [])],
    [
      "KUBE-FORWARD",
      chain(undefined, [
        [[isMarked], { kind: "accept" }],
        [[isFollowing], { kind: "accept" }],
      ]),
    ],
  ]);
  return new Map([
    ["nat", nat],
    ["filter", filter],
  ]);
}

/** The ipset KUBE-CLUSTER-IP. */
function clusterIpSet(services: readonly ProxiedService[]): AddressPortSet {
  const members = new Map<Ipv4, Set<number>>();
  for (const { spec } of services) {
    if (spec.clusterIp === undefined) continue;
    const own = members.get(spec.clusterIp) ?? new Set<number>();
    members.set(spec.clusterIp, own);
    for (const { port, protocol } of spec.ports) {
      if (protocol !== "SCTP") own.add((Protocol[protocol] << 16) | port);
    }
  }
  return members;
}

/** The TCP NodePorts of services, in their order. */
function tcpNodePorts(services: readonly ProxiedService[]): readonly Port[] {
  return services.flatMap(({ spec }) =>
    spec.ports.flatMap(({ nodePort, protocol }) => (nodePort === undefined || protocol !== "TCP" ? [] : [nodePort])),
  );
}

function jump(chainName: string): RuleTarget {
  return { kind: "jump", chain: chainName };
}

function chain(
  policy: "ACCEPT" | undefined,
  rules: readonly (readonly [matches: readonly RuleMatch[], target: RuleTarget])[],
): { policy?: "ACCEPT"; rules: { line: number; matches: readonly RuleMatch[]; target: RuleTarget }[] } {
  const numbered = rules.map(([matches, target], index) => ({ line: index + 1, matches, target }));
  return policy === undefined ? { rules: numbered } : { policy, rules: numbered };
}
