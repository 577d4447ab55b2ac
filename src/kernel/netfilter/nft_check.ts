import { Hook } from "./hooks.ts";
import type { HookNumber } from "./hooks.ts";
import type { NftProblem } from "./nft_cursor.ts";
import { targetsOf } from "./nft_ruleset.ts";
import type { NftBase, NftRuleset, NftTable, NftTarget } from "./nft_ruleset.ts";

/** Most chains on the way from a base chain, itself included. Source: include/net/netfilter/nf_tables.h NFT_JUMP_STACK_SIZE, v6.1. */
const DEPTH_MOST = 16;

const DNAT_HOOKS: readonly HookNumber[] = [Hook.PRE_ROUTING, Hook.LOCAL_OUT];

/**
 * Adds a problem for everything in which a ruleset that can be read is refused by the kernel: calls of chains that do
 * not exist, of base chains, in a circle or too deep; translations and rejections where they cannot stand.
 *
 * Source: net/netfilter/nf_tables_api.c nft_chain_validate, nf_tables_check_loops, v6.1; net/netfilter/nft_nat.c
 * nft_nat_validate, v6.1; net/netfilter/nft_masq.c nft_masq_validate, v6.1; net/netfilter/nft_reject.c
 * nft_reject_validate, v6.1.
 */
export function checkNftRuleset(ruleset: NftRuleset, problems: NftProblem[]): void {
  for (const table of ruleset) {
    const mayWalk = checkCalls(table, problems);
    if (!mayWalk) continue;
    for (const [name, { base, line }] of table.chains)
      if (base !== undefined) checkBase(table, { name, base, line }, problems);
  }
}

/** @returns whether the calls form no circle, so that they can be followed. */
function checkCalls(table: NftTable, problems: NftProblem[]): boolean {
  const way: string[] = [];
  const done = new Set<string>();
  let isTree = true;
  const visit = (name: string, line: number): void => {
    if (way.includes(name)) {
      const circle = [...way.slice(way.indexOf(name)), name].join(" -> ");
      problems.push({ line, message: `the chain ${name} calls itself: ${circle}` });
      isTree = false;
      return;
    }
    if (done.has(name)) return;
    way.push(name);
    for (const call of callsOf(table, name)) {
      const called = table.chains.get(call.chain);
      if (called === undefined)
        problems.push({ line: call.line, message: `the chain "${call.chain}" is not declared in table ${table.name}` });
      else if (called.base === undefined) visit(call.chain, call.line);
      else problems.push({ line: call.line, message: `the base chain ${call.chain} cannot be called` });
    }
    way.pop();
    done.add(name);
  };
  for (const [name, { line }] of table.chains) visit(name, line);
  return isTree;
}

/** Checks what a base chain reaches; each chain is looked at once more only if it lies deeper than before. */
function checkBase(
  table: NftTable,
  start: { readonly name: string; readonly base: NftBase; readonly line: number },
  problems: NftProblem[],
): void {
  const depths = new Map<string, number>();
  const visit = (name: string, depth: number, line: number): void => {
    if (depth <= (depths.get(name) ?? 0)) return;
    if (depth > DEPTH_MOST) {
      problems.push({ line, message: `chains call each other more than ${DEPTH_MOST - 1} deep from ${start.name}` });
      return;
    }
    if (!depths.has(name)) checkTargets(table, name, start, problems);
    depths.set(name, depth);
    for (const call of callsOf(table, name)) {
      const called = table.chains.get(call.chain);
      if (called !== undefined && called.base === undefined) visit(call.chain, depth + 1, call.line);
    }
  };
  visit(start.name, 1, start.line);
}

function checkTargets(
  table: NftTable,
  name: string,
  { name: start, base }: { readonly name: string; readonly base: NftBase },
  problems: NftProblem[],
): void {
  for (const { line, statements } of table.chains.get(name)?.rules ?? []) {
    const refused = statements.flatMap(targetsOf).find((target) => !mayStand(target, base));
    if (refused !== undefined)
      problems.push({ line, message: `${refused.kind} cannot stand in what the ${base.type} chain ${start} calls` });
  }
}

/** Not modelled: a rejection in a chain of type nat, which the kernel allows. */
function mayStand({ kind }: NftTarget, { type, hook }: NftBase): boolean {
  if (kind === "dnat") return type === "nat" && DNAT_HOOKS.includes(hook);
  if (kind === "masquerade") return type === "nat" && hook === Hook.POST_ROUTING;
  return kind !== "reject" || (type === "filter" && hook !== Hook.POST_ROUTING);
}

function callsOf(table: NftTable, name: string): { readonly chain: string; readonly line: number }[] {
  return (table.chains.get(name)?.rules ?? []).flatMap(({ line, statements }) =>
    statements
      .flatMap(targetsOf)
      .flatMap((target) => (target.kind === "jump" || target.kind === "goto" ? [{ chain: target.chain, line }] : [])),
  );
}
