import type { Netns } from "../netns.ts";
import { drawsOf, filterHook, ruleEnvironment } from "./filter.ts";
import { NftCompiler } from "./nft_compiler.ts";
import type { NftRuleset } from "./nft_ruleset.ts";
import type { RuleDraws } from "./rule_draws.ts";

/** Of each namespace, so that a ruleset that is loaded again goes on with its random numbers. */
const DRAWS = new WeakMap<Netns, RuleDraws>();

/**
 * Puts the base chains of a ruleset on the hooks of a namespace: filter chains at their own priority, nat chains among
 * those that NAT asks. Without conntrack no packet has anything to translate, so nat chains are left out.
 *
 * Source: net/netfilter/nf_tables_api.c nf_tables_register_hook, v6.1; net/netfilter/nft_chain_nat.c, v6.1.
 *
 * @returns a function that takes them off again.
 */
export function registerNft(netns: Netns, ruleset: NftRuleset): () => void {
  const draws = DRAWS.get(netns) ?? drawsOf(netns, `kernel/nft/${netns.name}`);
  DRAWS.set(netns, draws);
  const environment = ruleEnvironment(netns, draws);
  const removals: (() => void)[] = [];
  for (const table of ruleset) {
    const compiler = new NftCompiler(table, environment);
    for (const [name, { base }] of table.chains) {
      if (base === undefined) continue;
      const chain = compiler.baseChain(name);
      if (base.type === "filter") {
        const { hook } = base;
        const run = filterHook(netns, chain);
        netns.hooks.register(hook, base.priority, run, "filter");
        removals.push(() => netns.hooks.unregister(hook, run));
      } else if (netns.conntrack !== undefined) {
        const nat = netns.machine.requireNat(netns);
        nat.addChain(base.hook, { priority: base.priority, run: chain, draws });
        removals.push(() => nat.removeChain(chain));
      }
    }
  }
  return () => {
    for (const remove of removals) remove();
  };
}
