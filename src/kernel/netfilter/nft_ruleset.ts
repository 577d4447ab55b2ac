import type { HookNumber } from "./hooks.ts";
import type { RuleTarget } from "./ruleset.ts";

/** What nftables reads of a packet, or makes up, as part of a key. */
export type NftField =
  | { readonly kind: "saddr" | "daddr" | "protocol" | "sport" | "dport" | "ctState" | "nfproto" }
  | { readonly kind: "iifname" | "oifname" | "saddrType" | "daddrType" }
  | { readonly kind: "mark"; readonly mask: number }
  | { readonly kind: "numgen"; readonly isRandom: boolean; readonly modulus: number; readonly offset: number };

/** One field, or several joined by `.` (a concatenation). */
export type NftKey = readonly NftField[];

/**
 * What one field of a set's element holds: unsigned numbers from `low` to `high`, both included, or the name of an
 * interface (its beginning, if it ended in `*`).
 */
export type NftValue =
  { readonly low: number; readonly high: number } | { readonly name: string; readonly isPrefix: boolean };

/** One value for each field of the key. */
export type NftElement = readonly NftValue[];

/** What ends the evaluation of a rule: a verdict, a translation or a rejection. */
export type NftTarget = Exclude<RuleTarget, { readonly kind: "mark" }> | { readonly kind: "continue" };

/** An element of a map and what it leads to. */
export interface NftMapElement {
  readonly element: NftElement;
  readonly target: NftTarget;
}

/** One step of a rule, in the order in which it was written. */
export type NftStatement =
  | {
      readonly kind: "match";
      readonly key: NftKey;
      readonly elements: readonly NftElement[];
      readonly isNegated: boolean;
    }
  /** mark = (mark & keep) ^ flip. */
  | { readonly kind: "setMark"; readonly keep: number; readonly flip: number }
  | { readonly kind: "verdict"; readonly target: NftTarget }
  /** A miss ends the rule, not the chain. `vmap`, and `dnat to … map`. */
  | { readonly kind: "map"; readonly key: NftKey; readonly elements: readonly NftMapElement[] };

/** One rule: its statements are evaluated until one of them does not match or decides. */
export interface NftRule {
  /** Its line in the text, from 1. */
  readonly line: number;
  readonly statements: readonly NftStatement[];
}

/** What makes a chain a base chain: where it is called, among others there by priority (low runs first). */
export interface NftBase {
  readonly type: "nat" | "filter";
  readonly hook: HookNumber;
  readonly priority: number;
  readonly policy: "accept" | "drop";
}

/** The rules of one chain in order; without `base` only other chains call it. */
export interface NftChain {
  /** The line that declares it, from 1. */
  readonly line: number;
  readonly base?: NftBase;
  readonly rules: readonly NftRule[];
}

/** A table of family `ip` or `inet`: chains by name, in the order in which they were declared. */
export interface NftTable {
  readonly name: string;
  readonly chains: ReadonlyMap<string, NftChain>;
}

/** The nftables rules of one network namespace as plain data, in the order in which the tables were made. */
export type NftRuleset = readonly NftTable[];

/** What a statement may lead to. */
export function targetsOf(statement: NftStatement): readonly NftTarget[] {
  if (statement.kind === "verdict") return [statement.target];
  return statement.kind === "map" ? statement.elements.map(({ target }) => target) : [];
}

/**
 * Whether the rules make conntrack work in their namespace: a `dnat`, a `masquerade` or a `ct` expression registers its
 * hooks; a base chain of type nat alone does not.
 *
 * Source: net/netfilter/nft_nat.c nft_nat_init, v6.1; net/netfilter/nft_masq.c nft_masq_init, v6.1;
 * net/netfilter/nft_ct.c nft_ct_get_init, v6.1.
 */
export function nftUsesConntrack(ruleset: NftRuleset): boolean {
  return ruleset.some(({ chains }) =>
    [...chains.values()].some(({ rules }) => rules.some(({ statements }) => statements.some(isTracking))),
  );
}

function isTracking(statement: NftStatement): boolean {
  if (statement.kind === "match" || statement.kind === "map") {
    if (statement.key.some(({ kind }) => kind === "ctState")) return true;
  }
  return targetsOf(statement).some(({ kind }) => kind === "dnat" || kind === "masquerade");
}
