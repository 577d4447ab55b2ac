import { checkNftRuleset } from "./nft_check.ts";
import { NftCursor, quote, tokenizeNft } from "./nft_cursor.ts";
import type { NftProblem } from "./nft_cursor.ts";
import { readNftRule } from "./nft_rule_reader.ts";
import type { NftChain, NftRuleset, NftTable } from "./nft_ruleset.ts";
import { findOverlap, skipRemarks } from "./nft_sets.ts";
import { addElements, readChainBody, readSetBody } from "./nft_table_draft.ts";
import type { ChainDraft, SetDraft, TableDraft } from "./nft_table_draft.ts";

/** The rules, or everything that is wrong with the text. */
export type NftReading =
  | { readonly ok: true; readonly ruleset: NftRuleset }
  | { readonly ok: false; readonly problems: readonly NftProblem[] };

const OTHER_FAMILIES: readonly string[] = ["ip6", "arp", "bridge", "netdev"];

/**
 * Reads what is given to `nft -f` in an empty namespace: tables of the families `ip` and `inet` written as blocks, as
 * `nft list ruleset` prints them, or as commands (`add table`, `add chain`, `add rule`, `add element` …), as kube-proxy
 * gives them. What the model does not know is a problem, never ignored; all problems are collected. So is what the
 * kernel refuses: an unknown chain, chains that call each other in a circle, a target where it cannot stand.
 *
 * Not modelled: other families, `define` and `include`, `limit`, `log`, `snat`, `redirect`, `ct` expressions other than
 * `ct state`, stateful objects, flowtables, sets that packets fill (`update`), rules by handle or index.
 */
export function parseNft(text: string): NftReading {
  const { tokens, problems } = tokenizeNft(text);
  const tables = new NftReader(new NftCursor(tokens, problems)).read();
  const ruleset = tables.map(([name, draft]) => finishTable(name, draft, problems));
  checkNftRuleset(ruleset, problems);
  if (problems.length > 0) return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line) };
  return { ok: true, ruleset };
}

type Kind = "table" | "chain" | "set" | "map";
const KINDS: readonly Kind[] = ["table", "chain", "set", "map"];

class NftReader {
  readonly #cursor: NftCursor;
  /** By family and name. */
  readonly #tables = new Map<string, TableDraft>();

  constructor(cursor: NftCursor) {
    this.#cursor = cursor;
  }

  read(): (readonly [name: string, draft: TableDraft])[] {
    const cursor = this.#cursor;
    while (!cursor.isAtEnd) {
      if (cursor.takeAny(["\n", ";"]) !== undefined) continue;
      if (cursor.isAt("}")) {
        cursor.fail('"}" closes nothing');
        cursor.next();
      } else cursor.readItem(() => this.#readCommand());
    }
    return [...this.#tables];
  }

  #readCommand(): boolean {
    const cursor = this.#cursor;
    const verb = cursor.takeAny(["add", "create", "insert", "flush", "delete", "destroy"]);
    if (verb === "flush" && cursor.take("ruleset")) {
      this.#tables.clear();
      return true;
    }
    if (verb === undefined || verb === "add" || verb === "create" || verb === "insert") {
      if (cursor.take("rule")) return this.#addRule(verb === "insert");
      if (verb !== "insert" && cursor.take("element")) return this.#addElements();
    }
    const kind = verb === "insert" ? undefined : cursor.takeAny(KINDS);
    if (kind === undefined) return this.#fail(`the command ${quote(cursor.token)} is not modelled`);
    if (verb === "flush") return this.#flush(kind);
    if (verb === "delete" || verb === "destroy") return this.#delete(kind, verb === "delete");
    if (kind === "table") return this.#addTable();
    const table = this.#readTable();
    return table !== undefined && this.#addPart(table, kind);
  }

  #fail(message: string): false {
    this.#cursor.fail(message);
    return false;
  }

  /** `[family] NAME`, as one text. */
  #readTableName(): string | undefined {
    const cursor = this.#cursor;
    if (OTHER_FAMILIES.some((family) => cursor.isAt(family)))
      return cursor.fail(`the family ${cursor.token.text} is not modelled, only ip and inet are`);
    const family = cursor.takeAny(["ip", "inet"]) ?? "ip";
    const name = cursor.name("table");
    return name === undefined ? undefined : `${family} ${name}`;
  }

  /** A table that exists. */
  #readTable(): TableDraft | undefined {
    const name = this.#readTableName();
    if (name === undefined) return undefined;
    return this.#tables.get(name) ?? this.#cursor.fail(`the table ${name} does not exist`);
  }

  #addTable(): boolean {
    const cursor = this.#cursor;
    const name = this.#readTableName();
    if (name === undefined) return false;
    const table = this.#tables.get(name) ?? {
      chains: new Map<string, ChainDraft>(),
      sets: new Map<string, SetDraft>(),
    };
    this.#tables.set(name, table);
    if (!cursor.take("{")) return true;
    cursor.readBlock(() => cursor.readItem(() => this.#readTableItem(table)));
    return true;
  }

  #readTableItem(table: TableDraft): boolean {
    const cursor = this.#cursor;
    if (cursor.isAt("comment")) return skipRemarks(cursor);
    const kind = cursor.takeAny(["chain", "set", "map"]);
    return kind === undefined
      ? this.#fail(`${quote(cursor.token)} in a table is not modelled`)
      : this.#addPart(table, kind);
  }

  /** `NAME [{ … }]` after `chain`, `set` or `map`; what exists gets more rules or elements. */
  #addPart(table: TableDraft, kind: "chain" | "set" | "map"): boolean {
    const cursor = this.#cursor;
    const { line } = cursor.token;
    const name = cursor.name(kind);
    if (name === undefined) return false;
    if (kind === "chain") {
      const chain = table.chains.get(name) ?? { line, base: undefined, rules: [] };
      table.chains.set(name, chain);
      if (cursor.take("{")) readChainBody(cursor, chain);
      return true;
    }
    const set = table.sets.get(name) ?? { types: [], result: "nothing", elements: [] };
    table.sets.set(name, set);
    if (cursor.take("{")) readSetBody(cursor, set, kind === "map");
    return true;
  }

  #addRule(isFirst: boolean): boolean {
    const cursor = this.#cursor;
    const table = this.#readTable();
    const name = table === undefined ? undefined : cursor.name("chain");
    if (table === undefined || name === undefined) return false;
    const chain = table.chains.get(name);
    if (chain === undefined) return this.#fail(`the chain "${name}" is not declared in the table`);
    const { line } = cursor.token;
    const rule = { line, tokens: cursor.rest() };
    if (isFirst) chain.rules.unshift(rule);
    else chain.rules.push(rule);
    return true;
  }

  #addElements(): boolean {
    const table = this.#readTable();
    const name = table === undefined ? undefined : this.#cursor.name("set");
    if (table === undefined || name === undefined) return false;
    const set = table.sets.get(name);
    return set === undefined
      ? this.#fail(`the set "${name}" is not declared in the table`)
      : addElements(this.#cursor, set);
  }

  #flush(kind: Kind): boolean {
    const table = this.#readTable();
    if (table === undefined) return false;
    if (kind === "table") {
      for (const chain of table.chains.values()) chain.rules = [];
      return true;
    }
    const name = this.#cursor.name(kind);
    if (name === undefined) return false;
    const chain = kind === "chain" ? table.chains.get(name) : undefined;
    const set = kind === "chain" ? undefined : table.sets.get(name);
    if (chain !== undefined) chain.rules = [];
    if (set !== undefined) set.elements = [];
    return (chain ?? set) !== undefined || this.#fail(`the ${kind} "${name}" is not declared in the table`);
  }

  #delete(kind: Kind, mustExist: boolean): boolean {
    const name = this.#readTableName();
    if (name === undefined) return false;
    const table = this.#tables.get(name);
    if (kind === "table") {
      const isGone = this.#tables.delete(name);
      return isGone || !mustExist || this.#fail(`the table ${name} does not exist`);
    }
    const part = this.#cursor.name(kind);
    if (part === undefined) return false;
    const isGone = (kind === "chain" ? table?.chains : table?.sets)?.delete(part) === true;
    return isGone || !mustExist || this.#fail(`the ${kind} "${part}" is not declared in the table`);
  }
}

/** Reads the rules of a table, now that all its sets are known. */
function finishTable(name: string, { chains, sets }: TableDraft, problems: NftProblem[]): NftTable {
  for (const [set, { result, elements }] of sets) {
    const overlap = result === "nothing" ? undefined : findOverlap(elements);
    if (overlap !== undefined)
      problems.push({
        line: overlap[1].line,
        message: `the key of an element of "${set}" meets that of an element on line ${overlap[0].line}`,
      });
  }
  const finished = new Map<string, NftChain>();
  for (const [chain, { line, base, rules }] of chains) {
    const read = rules.flatMap((rule) => {
      const statements = readNftRule(rule.tokens, sets, problems);
      return statements === undefined ? [] : [{ line: rule.line, statements }];
    });
    finished.set(chain, { line, ...(base === undefined ? {} : { base }), rules: read });
  }
  return { name, chains: finished };
}
