import { readRule } from "./rule_reader.ts";
import { splitWords } from "./rule_text.ts";
import { BUILTIN_CHAINS } from "./ruleset.ts";
import type { Rule, RuleChain, Ruleset, TableName } from "./ruleset.ts";

/** A line that cannot be read, and why. */
export interface IptablesProblem {
  /** From 1; the line after the last where something is missing at the end. */
  readonly line: number;
  readonly message: string;
}

/** The rules, or everything that is wrong with the text. */
export type IptablesReading =
  | { readonly ok: true; readonly ruleset: Ruleset }
  | { readonly ok: false; readonly problems: readonly IptablesProblem[] };

/** Most chains that may call each other in a row, so that evaluating a packet has a bound. */
const DEPTH_MOST = 64;

/** Longest name of a chain. Source: include/uapi/linux/netfilter/x_tables.h XT_EXTENSION_MAXNAMELEN, v6.1. */
const CHAIN_NAME_MOST = 28;

interface Chain {
  policy: "ACCEPT" | "DROP" | undefined;
  rules: Rule[];
}

/**
 * Reads the lines given to `iptables-restore -n` into an empty namespace: tables `nat` and `filter`, chain declarations,
 * `-A` and `-I`, `COMMIT`, comments and blank lines. A line that the model does not know is a problem, never ignored;
 * all problems are collected. Rules that call a chain which does not exist, or themselves in a circle, are problems too,
 * as the kernel refuses them.
 *
 * Not modelled: other tables, and the commands that take rules away (`-D`, `-F`, `-X`), which would need rules from an
 * earlier call.
 */
export function parseIptables(lines: readonly string[]): IptablesReading {
  const reader = new IptablesReader();
  lines.forEach((text, index) => reader.read(text, index + 1));
  return reader.finish(lines.length + 1);
}

class IptablesReader {
  readonly #tables = new Map<TableName, Map<string, Chain>>();
  readonly #problems: IptablesProblem[] = [];
  #table: TableName | undefined;
  #isSkipping = false;

  read(text: string, line: number): void {
    const trimmed = text.trim();
    if (trimmed === "" || trimmed.startsWith("#")) return;
    if (trimmed.startsWith("*")) return this.#openTable(trimmed.slice(1).trim(), line);
    if (trimmed === "COMMIT") return this.#closeTable(line);
    if (this.#isSkipping) return;
    if (this.#table === undefined)
      return this.#report(line, `"${trimmed}" stands outside a table; a table begins with *nat or *filter`);
    if (trimmed.startsWith(":")) return this.#declareChain(trimmed, this.#table, line);
    this.#readCommand(trimmed, this.#table, line);
  }

  finish(line: number): IptablesReading {
    if (this.#table !== undefined) this.#report(line, `COMMIT of table ${this.#table} is missing`);
    for (const [name, chains] of this.#tables) this.#checkCalls(name, chains);
    if (this.#problems.length > 0) {
      return { ok: false, problems: this.#problems.toSorted((a, b) => a.line - b.line) };
    }
    const ruleset = new Map<TableName, ReadonlyMap<string, RuleChain>>();
    for (const [name, chains] of this.#tables) {
      const table = new Map<string, RuleChain>();
      for (const [chain, { policy, rules }] of chains)
        table.set(chain, policy === undefined ? { rules } : { policy, rules });
      ruleset.set(name, table);
    }
    return { ok: true, ruleset };
  }

  #report(line: number, message: string): void {
    this.#problems.push({ line, message });
  }

  #openTable(name: string, line: number): void {
    if (this.#table !== undefined) this.#report(line, `COMMIT of table ${this.#table} is missing before *${name}`);
    this.#table = name === "nat" || name === "filter" ? name : undefined;
    this.#isSkipping = this.#table === undefined;
    if (this.#table === undefined)
      return this.#report(line, `the table "${name}" is not modelled, only nat and filter are`);
    if (this.#tables.has(this.#table)) return;
    const chains = new Map<string, Chain>();
    for (const chain of BUILTIN_CHAINS[this.#table]) chains.set(chain, { policy: "ACCEPT", rules: [] });
    this.#tables.set(this.#table, chains);
  }

  #closeTable(line: number): void {
    if (this.#table === undefined && !this.#isSkipping) this.#report(line, "COMMIT stands outside a table");
    this.#table = undefined;
    this.#isSkipping = false;
  }

  /** `:CHAIN POLICY [packets:bytes]`; declaring a chain again empties it if it is not a built-in one. */
  #declareChain(text: string, table: TableName, line: number): void {
    const [name = "", policy = "", counters = "[0:0]", ...rest] = text
      .slice(1)
      .trim()
      .split(/[ \t]+/);
    if (rest.length > 0 || !/^\[\d+:\d+\]$/.test(counters))
      return this.#report(line, `"${text}" is not :CHAIN POLICY [packets:bytes]`);
    if (!/^[^\s!-]\S*$/.test(name) || name.length > CHAIN_NAME_MOST)
      return this.#report(line, `"${name}" is not a name of a chain`);
    const chains = this.#chains(table);
    const chain = chains.get(name);
    if (chain?.policy === undefined) {
      if (policy !== "-")
        return this.#report(line, `the chain ${name} is not built in, so it has no policy "${policy}"`);
      chains.set(name, { policy: undefined, rules: [] });
    } else if (policy === "ACCEPT" || policy === "DROP") {
      chain.policy = policy;
    } else if (policy !== "-") {
      this.#report(line, `the policy "${policy}" is neither ACCEPT nor DROP`);
    }
  }

  #readCommand(text: string, table: TableName, line: number): void {
    const words = splitWords(text);
    if (words === undefined) return this.#report(line, "a quote is not closed");
    if (/^\[\d+:\d+\]$/.test(words[0] ?? "")) words.shift();
    const [command = "", name = "", ...options] = words;
    const isInsert = command === "-I" || command === "--insert";
    if (!isInsert && command !== "-A" && command !== "--append")
      return this.#report(line, `the command "${command}" is not modelled, only -A and -I are`);
    const chain = this.#chains(table).get(name);
    if (chain === undefined) return this.#report(line, `the chain "${name}" is not declared in table ${table}`);
    const place = isInsert && /^[1-9][0-9]*$/.test(options[0] ?? "") ? Number(options.shift()) - 1 : 0;
    if (place > chain.rules.length) return this.#report(line, `the chain ${name} has no place ${place + 1}`);
    const parts = readRule(options, table);
    if (typeof parts === "string") return this.#report(line, `Cannot read the rule: ${parts}`);
    chain.rules.splice(isInsert ? place : chain.rules.length, 0, { line, ...parts });
  }

  #chains(table: TableName): Map<string, Chain> {
    return this.#tables.get(table) ?? new Map<string, Chain>();
  }

  /** Every called chain exists, is not a built-in one, and is not on the way that leads to it. */
  #checkCalls(table: TableName, chains: ReadonlyMap<string, Chain>): void {
    const depths = new Map<string, number>();
    const way: string[] = [];
    const depthOf = (name: string, line: number): number => {
      const known = depths.get(name);
      if (known !== undefined) return known;
      if (way.includes(name)) {
        this.#report(line, `the chain ${name} calls itself: ${[...way.slice(way.indexOf(name)), name].join(" -> ")}`);
        return 0;
      }
      if (way.length > DEPTH_MOST) return DEPTH_MOST;
      way.push(name);
      let depth = 0;
      for (const { target, line: at } of chains.get(name)?.rules ?? []) {
        if (target?.kind !== "jump" && target?.kind !== "goto") continue;
        const called = chains.get(target.chain);
        if (called === undefined)
          this.#report(at, `the target "${target.chain}" is neither modelled nor a chain of table ${table}`);
        else if (called.policy !== undefined) this.#report(at, `the built-in chain ${target.chain} cannot be called`);
        else depth = Math.max(depth, 1 + depthOf(target.chain, at));
        if (depth > DEPTH_MOST) this.#report(at, `chains call each other more than ${DEPTH_MOST} deep`);
      }
      way.pop();
      depths.set(name, depth);
      return depth;
    };
    for (const name of chains.keys()) depthOf(name, 0);
  }
}
