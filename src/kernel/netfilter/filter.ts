import { Icmp, sendIcmpError } from "../icmp.ts";
import type { Netns } from "../netns.ts";
import { compileChain, type ChainFunction } from "./compile_chain.ts";
import { Hook, type HookFunction, type HookNumber, Priority, Verdict } from "./hooks.ts";
import type { RuleEnvironment } from "./rule_match.ts";
import type { BuiltinChainName, Ruleset } from "./ruleset.ts";

const CHAIN_HOOKS: readonly (readonly [HookNumber, BuiltinChainName])[] = [
  [Hook.LOCAL_IN, "INPUT"],
  [Hook.FORWARD, "FORWARD"],
  [Hook.LOCAL_OUT, "OUTPUT"],
];

/** Puts the chains of a namespace's filter table on their hooks; an empty chain that accepts costs nothing. */
export function registerFilter(netns: Netns, ruleset: Ruleset): void {
  const random = netns.machine.random.stream(`kernel/filter/${netns.name}`);
  const environment: RuleEnvironment = {
    isLocalAddress: (address) => netns.hasAddress(address),
    randomUnit: () => random.uniform(),
    ruleLog: netns.ruleLog,
  };
  for (const [hook, name] of CHAIN_HOOKS) {
    const chain = compileChain(ruleset, "filter", name, environment);
    if (chain === undefined) continue;
    netns.hooks.register(hook, Priority.FILTER, filterHook(netns, chain), "filter");
  }
}

/** A chain of a filter table as a hook function: it carries out the chain's REJECT. */
export function filterHook(netns: Netns, chain: ChainFunction): HookFunction {
  return (packet) => {
    const verdict = chain(packet);
    if (typeof verdict !== "object") return verdict;
    if (verdict.kind !== "reject") return Verdict.ACCEPT;
    if (verdict.answer === "tcp-reset") netns.machine.tcp.sendReset(netns, packet);
    else sendIcmpError(netns, packet, Icmp.DEST_UNREACH, verdict.icmpCode);
    return Verdict.DROP;
  };
}
