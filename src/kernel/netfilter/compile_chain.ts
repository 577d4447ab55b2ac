import { assert } from "../../sim/assert.ts";
import { Verdict } from "./hooks.ts";
import { formatRule } from "./rule_format.ts";
import { allOf, compileMatch } from "./rule_match.ts";
import type { MatchView, NthCounter, RuleEnvironment } from "./rule_match.ts";
import type {
  BuiltinChainName,
  DnatTarget,
  MasqueradeTarget,
  RejectTarget,
  Rule,
  RuleChain,
  RuleMatch,
  Ruleset,
  RuleTable,
  TableName,
} from "./ruleset.ts";

/** What a built-in chain decides: a verdict, or the target that NAT or REJECT carries out. */
export type ChainVerdict = typeof Verdict.ACCEPT | typeof Verdict.DROP | DnatTarget | MasqueradeTarget | RejectTarget;

/** Runs a packet through a built-in chain; MARK targets on the way write its mark. */
export type ChainFunction = (packet: MatchView) => ChainVerdict;

/** Inside a table a step may also go on with the next rule, or leave its chain. */
const NEXT = -1;
const RETURN = -2;
type Step = (packet: MatchView) => ChainVerdict | typeof NEXT | typeof RETURN;

/** `nth` counters by namespace and match: a rule that several hooks reach has one count. */
const COUNTERS = new WeakMap<RuleEnvironment, WeakMap<RuleMatch, NthCounter>>();

/**
 * The built-in chain of a table as one function: rules in order, jumps with RETURN, then the policy. Calling it
 * allocates nothing and costs a step per rule passed.
 *
 * @param environment the namespace's own; chains compiled with the same object share their `nth` counters.
 * @returns `undefined` if the chain has no rules and accepts, so that the hook need not run at all.
 *
 * Source: net/ipv4/netfilter/ip_tables.c ipt_do_table, v6.1.
 */
export function compileChain(
  ruleset: Ruleset,
  table: TableName,
  chain: BuiltinChainName,
  environment: RuleEnvironment,
): ChainFunction | undefined {
  const chains = ruleset.get(table);
  const start = chains?.get(chain);
  if (chains === undefined || start === undefined) return undefined;
  if (start.rules.length === 0 && start.policy !== "DROP") return undefined;
  const run = new TableCompiler(chains, environment).chain(chain);
  const policy = start.policy === "DROP" ? Verdict.DROP : Verdict.ACCEPT;
  return (packet) => {
    const verdict = run(packet);
    return verdict === NEXT || verdict === RETURN ? policy : verdict;
  };
}

/** Compiles each chain once, however many rules jump to it. */
class TableCompiler {
  readonly #chains: RuleTable;
  readonly #environment: RuleEnvironment;
  readonly #counters: WeakMap<RuleMatch, NthCounter>;
  readonly #compiled = new Map<string, Step>();

  constructor(chains: RuleTable, environment: RuleEnvironment) {
    this.#chains = chains;
    this.#environment = environment;
    const counters = COUNTERS.get(environment) ?? new WeakMap<RuleMatch, NthCounter>();
    COUNTERS.set(environment, counters);
    this.#counters = counters;
  }

  /** A step that ends with NEXT where the chain's end or a RETURN was reached. */
  chain(name: string): Step {
    const done = this.#compiled.get(name);
    if (done !== undefined) return done;
    const chain: RuleChain | undefined = this.#chains.get(name);
    assert(chain !== undefined, `the chain ${name} exists where a rule calls it`);
    const steps = chain.rules.map((rule) => this.#noted(name, rule));
    const compiled: Step = (packet) => {
      for (const step of steps) {
        const verdict = step(packet);
        if (verdict === NEXT) continue;
        return verdict === RETURN ? NEXT : verdict;
      }
      return NEXT;
    };
    this.#compiled.set(name, compiled);
    return compiled;
  }

  /** A rule that notes that it has matched, where somebody wants to know. */
  #noted(chain: string, rule: Rule): Step {
    const log = this.#environment.ruleLog;
    if (log === undefined) return this.#rule(rule);
    const text = formatRule(chain, rule);
    const target = this.#target(rule);
    return this.#rule(rule, (packet) => {
      log.note(text);
      return target(packet);
    });
  }

  #rule(rule: Rule, target = this.#target(rule)): Step {
    const test = allOf(rule.matches.map((match) => compileMatch(match, this.#environment, this.#counter(match))));
    if (test === undefined) return target;
    return (packet) => (test(packet) ? target(packet) : NEXT);
  }

  /** Packet p (from 0) of every n matches: the count begins p packets before the one that takes it from n - 1 to 0. */
  #counter(match: RuleMatch): NthCounter {
    const known = this.#counters.get(match);
    if (known !== undefined) return known;
    const counter: NthCounter = { count: match.kind === "nth" ? match.every - 1 - match.packet : 0 };
    this.#counters.set(match, counter);
    return counter;
  }

  #target({ target }: Rule): Step {
    if (target === undefined) return () => NEXT;
    switch (target.kind) {
      case "accept":
        return () => Verdict.ACCEPT;
      case "drop":
        return () => Verdict.DROP;
      case "return":
        return () => RETURN;
      case "jump":
        return this.chain(target.chain);
      case "goto": {
        const run = this.chain(target.chain);
        return (packet) => {
          const verdict = run(packet);
          return verdict === NEXT ? RETURN : verdict;
        };
      }
      case "mark":
        return (packet) => {
          packet.mark = ((packet.mark & ~target.mask) ^ target.value) >>> 0;
          return NEXT;
        };
      case "dnat":
      case "masquerade":
      case "reject":
        return () => target;
    }
  }
}
