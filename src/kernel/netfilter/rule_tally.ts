import type { BuiltinChainName, TableName } from "./ruleset.ts";

/** How much work the chains of one kind did. */
export interface ChainTally {
  /** Packets that came to a base chain. */
  passes: number;
  /** Rules that these packets were tested against, in the base chains and in what they call. */
  rules: number;
}

/** The work that rules made in one namespace; chains count into it only if it is there when they are loaded. */
export interface RuleTally {
  /** Chains of type nat before routing, PREROUTING and OUTPUT: each connection passes one of them, once. */
  readonly natDestination: ChainTally;
  /** Chains of type nat behind routing, POSTROUTING and INPUT, which only first packets of connections meet. */
  readonly natSource: ChainTally;
  /** Filter chains, which every packet meets. */
  readonly filter: ChainTally;
}

/** A tally in which nothing has been counted yet. */
export function emptyTally(): RuleTally {
  return { natDestination: nothing(), natSource: nothing(), filter: nothing() };
}

function nothing(): ChainTally {
  return { passes: 0, rules: 0 };
}

/** Where a built-in chain counts. */
export function tallyOfChain(
  tally: RuleTally | undefined,
  table: TableName,
  chain: BuiltinChainName,
): ChainTally | undefined {
  if (tally === undefined || table === "filter") return tally?.filter;
  return chain === "PREROUTING" || chain === "OUTPUT" ? tally.natDestination : tally.natSource;
}
