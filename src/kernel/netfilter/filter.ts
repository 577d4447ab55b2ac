import { Icmp, sendIcmpError } from "../icmp.ts";
import type { Netns } from "../netns.ts";
import { compileChain, type ChainFunction } from "./compile_chain.ts";
import { Hook, type HookFunction, type HookNumber, Priority, Verdict } from "./hooks.ts";
import { RuleDraws } from "./rule_draws.ts";
import type { RuleChances, RuleEnvironment } from "./rule_match.ts";
import type { BuiltinChainName, Ruleset } from "./ruleset.ts";

const CHAIN_HOOKS: readonly (readonly [HookNumber, BuiltinChainName])[] = [
  [Hook.LOCAL_IN, "INPUT"],
  [Hook.FORWARD, "FORWARD"],
  [Hook.LOCAL_OUT, "OUTPUT"],
];

/** One for each namespace, so that rules that are loaded again go on with its random numbers. */
const ENVIRONMENTS = new WeakMap<Netns, RuleEnvironment>();

/**
 * Puts the chains of a namespace's filter table on their hooks; an empty chain that accepts costs nothing.
 *
 * @returns a function that takes them off again.
 */
export function registerFilter(netns: Netns, ruleset: Ruleset): () => void {
  const environment = ENVIRONMENTS.get(netns) ?? ruleEnvironment(netns, drawsOf(netns, `kernel/filter/${netns.name}`));
  ENVIRONMENTS.set(netns, environment);
  const registered: (readonly [hook: HookNumber, run: HookFunction])[] = [];
  for (const [hook, name] of CHAIN_HOOKS) {
    const chain = compileChain(ruleset, "filter", name, environment);
    if (chain === undefined) continue;
    const run = filterHook(netns, chain);
    netns.hooks.register(hook, Priority.FILTER, run, "filter");
    registered.push([hook, run]);
  }
  return () => {
    for (const [hook, run] of registered) netns.hooks.unregister(hook, run);
  };
}

/** Draws of a namespace's rules, from the stream of this path. */
export function drawsOf({ machine }: Netns, path: string): RuleDraws {
  return new RuleDraws(machine.random.stream(path), machine.group);
}

/** What the rules of a namespace ask it, with these draws. */
export function ruleEnvironment(netns: Netns, draws: RuleChances): RuleEnvironment {
  return {
    isLocalAddress: (address) => netns.hasAddress(address),
    draws,
    ruleLog: netns.ruleLog,
    ...(netns.ruleTally === undefined ? {} : { tally: netns.ruleTally }),
  };
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
