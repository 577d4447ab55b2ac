import type { Ipv4, Port } from "../../units.ts";

/** The tables that the model evaluates. Not modelled: raw, mangle and security, so no rule gives up tracking. */
export type TableName = "nat" | "filter";

/** A chain that a hook calls. */
export type BuiltinChainName = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";

/** The chains that each table has from the start, in the order of the hooks. */
export const BUILTIN_CHAINS: Readonly<Record<TableName, readonly BuiltinChainName[]>> = {
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** Ports from `low` to `high`, both included. */
export interface PortRange {
  readonly low: Port;
  readonly high: Port;
}

/** An ipset of type hash:ip,port: of each address, its members as `protocol << 16 | port`. */
export type AddressPortSet = ReadonlyMap<Ipv4, ReadonlySet<number>>;

/** One condition of a rule; `isNegated` turns it round (`!`). */
export type RuleMatch = { readonly isNegated: boolean } & (
  | { readonly kind: "protocol"; readonly protocol: number }
  | { readonly kind: "source" | "destination"; readonly address: Ipv4; readonly mask: Ipv4 }
  | { readonly kind: "inDevice" | "outDevice"; readonly name: string; readonly isPrefix: boolean }
  | { readonly kind: "sourcePort" | "destinationPort" | "eitherPort"; readonly ranges: readonly PortRange[] }
  | { readonly kind: "addressPortSet"; readonly name: string; readonly members: AddressPortSet }
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  | { readonly kind: "ctState"; readonly states: number }
  | { readonly kind: "localSource" | "localDestination" }
  | { readonly kind: "nth"; readonly every: number; readonly packet: number }
  | { readonly kind: "random"; readonly probability: number }
);

/** `DNAT --to-destination address[:port[-port]]`; what is absent stays as it is in the packet. */
export interface DnatTarget {
  readonly kind: "dnat";
  readonly address?: Ipv4;
  readonly portLow?: Port;
  readonly portHigh?: Port;
  /** `--random` or `--random-fully`: the port is drawn even where the old one would do. */
  readonly isRandom: boolean;
}

/** `MASQUERADE [--to-ports port[-port]]`: the source becomes the address of the outgoing interface. */
export interface MasqueradeTarget {
  readonly kind: "masquerade";
  readonly portLow?: Port;
  readonly portHigh?: Port;
  /** `--random` or `--random-fully`: the port is drawn even where the old one would do. */
  readonly isRandom: boolean;
}

/** `REJECT`: the packet is dropped and its sender told, by ICMP type 3 with this code or by a RST. */
export interface RejectTarget {
  readonly kind: "reject";
  readonly answer: "icmp" | "tcp-reset";
  /** The code of ICMP type 3; 3 (port unreachable) unless the rule says otherwise. */
  readonly icmpCode: number;
}

/** What a rule does with a packet that all its matches accept. */
export type RuleTarget =
  | { readonly kind: "accept" | "drop" | "return" }
  | { readonly kind: "jump" | "goto"; readonly chain: string }
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  | DnatTarget
  | MasqueradeTarget
  | RejectTarget;

/** One `-A` line. Without a target the rule only counts, and its `nth` match advances. */
export interface Rule {
  /** Its line in the text, from 1. */
  readonly line: number;
  readonly matches: readonly RuleMatch[];
  readonly target?: RuleTarget;
}

/** The rules of one chain in order; only built-in chains have a policy. */
export interface RuleChain {
  readonly policy?: "ACCEPT" | "DROP";
  readonly rules: readonly Rule[];
}

/** The chains of one table by name, in the order in which they were declared. */
export type RuleTable = ReadonlyMap<string, RuleChain>;

/** The rules of one network namespace as plain data; a table that no line names is absent. */
export type Ruleset = ReadonlyMap<TableName, RuleTable>;

/**
 * Whether the rules make conntrack work in their namespace: a NAT target or a conntrack match registers its hooks, the
 * module alone does not, nor does an empty nat table.
 *
 * Source: net/netfilter/xt_nat.c xt_nat_checkentry, v6.1; net/netfilter/xt_MASQUERADE.c masquerade_tg_check, v6.1;
 * net/netfilter/xt_conntrack.c conntrack_mt_check, v6.1.
 */
export function usesConntrack(ruleset: Ruleset): boolean {
  for (const table of ruleset.values()) {
    for (const chain of table.values()) {
      for (const { matches, target } of chain.rules) {
        if (target?.kind === "dnat" || target?.kind === "masquerade") return true;
        if (matches.some((match) => match.kind === "ctState")) return true;
      }
    }
  }
  return false;
}
