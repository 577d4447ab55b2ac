import type { Netns } from "../netns.ts";
import { filterHook } from "./filter.ts";
import { NftCompiler } from "./nft_compiler.ts";
import type { NftRuleset } from "./nft_ruleset.ts";
import type { RuleEnvironment } from "./rule_match.ts";

/**
 * Puts the base chains of a ruleset on the hooks of a namespace: filter chains at their own priority, nat chains among
 * those that NAT asks. Without conntrack no packet has anything to translate, so nat chains are left out.
 *
 * Source: net/netfilter/nf_tables_api.c nf_tables_register_hook, v6.1; net/netfilter/nft_chain_nat.c, v6.1.
 */
export function registerNft(netns: Netns, ruleset: NftRuleset): void {
  const random = netns.machine.random.stream(`kernel/nft/${netns.name}`);
  const environment: RuleEnvironment = {
    isLocalAddress: (address) => netns.hasAddress(address),
    randomUnit: () => random.uniform(),
    ruleLog: netns.ruleLog,
  };
  for (const table of ruleset) {
    const compiler = new NftCompiler(table, environment);
    for (const [name, { base }] of table.chains) {
      if (base === undefined) continue;
      const chain = compiler.baseChain(name);
      if (base.type === "filter") netns.hooks.register(base.hook, base.priority, filterHook(netns, chain), "filter");
      else if (netns.conntrack !== undefined) netns.machine.requireNat(netns).addChain(base.hook, base.priority, chain);
    }
  }
}
