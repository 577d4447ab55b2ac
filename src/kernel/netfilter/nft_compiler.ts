import { assert } from "../../sim/assert.ts";
import type { ChainFunction, ChainVerdict } from "./compile_chain.ts";
import { Verdict } from "./hooks.ts";
import { compileLookup } from "./nft_lookup.ts";
import type { NftStatement, NftTable, NftTarget } from "./nft_ruleset.ts";
import type { MatchView, RuleEnvironment } from "./rule_match.ts";

/** What a step may say besides a verdict. Source: include/uapi/linux/netfilter/nf_tables.h nft_verdicts, v6.1. */
const CONTINUE = -1;
const BREAK = -2;
const RETURN = -5;
type Step = (packet: MatchView) => ChainVerdict | typeof CONTINUE | typeof BREAK | typeof RETURN;

/**
 * Turns the chains of one table into functions. Each chain is compiled once, however many base chains lead to it, so a
 * `numgen inc` has one count for all of them.
 *
 * Source: net/netfilter/nf_tables_core.c nft_do_chain, v6.1.
 */
export class NftCompiler {
  readonly #table: NftTable;
  readonly #environment: RuleEnvironment;
  readonly #compiled = new Map<string, Step>();

  constructor(table: NftTable, environment: RuleEnvironment) {
    this.#table = table;
    this.#environment = environment;
  }

  /** A base chain as one function: rules in order, then the policy. Calling it allocates nothing. */
  baseChain(name: string): ChainFunction {
    const run = this.#chain(name);
    const policy = this.#table.chains.get(name)?.base?.policy === "drop" ? Verdict.DROP : Verdict.ACCEPT;
    return (packet) => {
      const verdict = run(packet);
      return verdict === CONTINUE || verdict === BREAK || verdict === RETURN ? policy : verdict;
    };
  }

  /** A step that says CONTINUE where the chain's end or a `return` was reached. */
  #chain(name: string): Step {
    const done = this.#compiled.get(name);
    if (done !== undefined) return done;
    const chain = this.#table.chains.get(name);
    assert(chain !== undefined, `the chain ${name} exists where a rule calls it`);
    const rules = chain.rules.map(({ line, statements }) =>
      this.#noted(`chain ${name}, line ${line}`, inOrder(statements.map((statement) => this.#statement(statement)))),
    );
    const compiled: Step = (packet) => {
      for (const rule of rules) {
        const verdict = rule(packet);
        if (verdict === CONTINUE || verdict === BREAK) continue;
        return verdict === RETURN ? CONTINUE : verdict;
      }
      return CONTINUE;
    };
    this.#compiled.set(name, compiled);
    return compiled;
  }

  /** A rule that notes that it has decided, where somebody wants to know. */
  #noted(text: string, rule: Step): Step {
    const log = this.#environment.ruleLog;
    if (log === undefined) return rule;
    return (packet) => {
      const verdict = rule(packet);
      if (verdict !== BREAK) log.note(text);
      return verdict;
    };
  }

  #statement(statement: NftStatement): Step {
    switch (statement.kind) {
      case "match": {
        const find = compileLookup(statement.key, statement.elements, this.#environment);
        if (statement.isNegated) return (packet) => (find(packet) < 0 ? CONTINUE : BREAK);
        return (packet) => (find(packet) < 0 ? BREAK : CONTINUE);
      }
      case "setMark":
        return (packet) => {
          packet.mark = ((packet.mark & statement.keep) ^ statement.flip) >>> 0;
          return CONTINUE;
        };
      case "verdict":
        return this.#target(statement.target);
      case "map": {
        const elements = statement.elements.map(({ element }) => element);
        const find = compileLookup(statement.key, elements, this.#environment);
        const targets = statement.elements.map(({ target }) => this.#target(target));
        return (packet) => {
          const index = find(packet);
          return index < 0 ? BREAK : targets[index]!(packet);
        };
      }
    }
  }

  #target(target: NftTarget): Step {
    switch (target.kind) {
      case "accept":
        return () => Verdict.ACCEPT;
      case "drop":
        return () => Verdict.DROP;
      case "continue":
        return () => CONTINUE;
      case "return":
        return () => RETURN;
      case "jump":
        return this.#chain(target.chain);
      case "goto": {
        const run = this.#chain(target.chain);
        return (packet) => {
          const verdict = run(packet);
          return verdict === CONTINUE ? RETURN : verdict;
        };
      }
      case "dnat":
      case "masquerade":
      case "reject":
        return () => target;
    }
  }
}

/** One rule: its steps until one of them says something other than CONTINUE. */
function inOrder(steps: readonly Step[]): Step {
  const [only] = steps;
  if (only !== undefined && steps.length === 1) return only;
  return (packet) => {
    for (const step of steps) {
      const verdict = step(packet);
      if (verdict !== CONTINUE) return verdict;
    }
    return CONTINUE;
  };
}
