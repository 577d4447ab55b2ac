import { Protocol } from "../../kernel/packet.ts";
import type { RuleMatch, Ruleset, RuleTable, RuleTarget } from "../../kernel/netfilter/ruleset.ts";
import type { Port } from "../../units.ts";

/** The mark of packets that kube-proxy has masqueraded (`iptablesMasqueradeBit` 14). */
export const MASQUERADE_MARK = 0x4000;

/**
 * The nat and filter rules of kube-proxy in IPVS mode: KUBE-SERVICES and its like. What comes to a NodePort is marked
 * and masqueraded; the ipset KUBE-NODE-PORT-TCP is a list of ports here.
 *
 * Source: pkg/proxy/ipvs/proxier.go writeIptablesRules, v1.23.
 */
export function ipvsRules(nodePorts: readonly Port[]): Ruleset {
  const isMarked: RuleMatch = { kind: "mark", value: MASQUERADE_MARK, mask: MASQUERADE_MARK, isNegated: false };
  const isTcp: RuleMatch = { kind: "protocol", protocol: Protocol.TCP, isNegated: false };
  const toLocal: RuleMatch = { kind: "localDestination", isNegated: false };
  const toNodePort: RuleMatch = {
    kind: "destinationPort",
    ranges: nodePorts.map((port) => ({ low: port, high: port })),
    isNegated: false,
  };
  const isFollowing: RuleMatch = { kind: "ctState", states: 2 | 4, isNegated: false };
  const mark: RuleTarget = { kind: "mark", value: MASQUERADE_MARK, mask: MASQUERADE_MARK };
  const nat: RuleTable = new Map([
    ["PREROUTING", chain("ACCEPT", [[[], jump("KUBE-SERVICES")]])],
    ["INPUT", chain("ACCEPT", [])],
    ["OUTPUT", chain("ACCEPT", [[[], jump("KUBE-SERVICES")]])],
    ["POSTROUTING", chain("ACCEPT", [[[], jump("KUBE-POSTROUTING")]])],
    ["KUBE-SERVICES", chain(undefined, [[[toLocal], jump("KUBE-NODE-PORT")]])],
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
