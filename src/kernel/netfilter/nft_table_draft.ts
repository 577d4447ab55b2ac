import { Hook } from "./hooks.ts";
import type { HookNumber } from "./hooks.ts";
import { quote } from "./nft_cursor.ts";
import type { NftCursor, NftToken } from "./nft_cursor.ts";
import { datatypeOf, readKey, SET_DATATYPES } from "./nft_fields.ts";
import type { NftDatatype } from "./nft_fields.ts";
import type { NftBase } from "./nft_ruleset.ts";
import type { NftSet, NftSetElement, NftSetResult } from "./nft_sets.ts";
import { readElements, skipRemarks } from "./nft_sets.ts";

/** A rule that is read once all sets are known. */
export interface RuleDraft {
  readonly line: number;
  readonly tokens: readonly NftToken[];
}

/** A chain while the text is read. */
export interface ChainDraft {
  readonly line: number;
  base: NftBase | undefined;
  rules: RuleDraft[];
}

/** A named set or map while the text is read. */
export interface SetDraft extends NftSet {
  types: readonly NftDatatype[];
  result: NftSetResult;
  elements: NftSetElement[];
}

/** A table while the text is read. */
export interface TableDraft {
  readonly chains: Map<string, ChainDraft>;
  readonly sets: Map<string, SetDraft>;
}

const HOOKS: ReadonlyMap<string, HookNumber> = new Map([
  ["prerouting", Hook.PRE_ROUTING],
  ["input", Hook.LOCAL_IN],
  ["forward", Hook.FORWARD],
  ["output", Hook.LOCAL_OUT],
  ["postrouting", Hook.POST_ROUTING],
]);

/** Names of priorities. Source: include/uapi/linux/netfilter_ipv4.h, v6.1. */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ["raw", -300],
  ["mangle", -150],
  ["dstnat", -100],
  ["filter", 0],
  ["security", 50],
  ["srcnat", 100],
]);

/** The lowest priority that a base chain of type nat may not have. Source: net/netfilter/nf_tables_api.c nft_chain_parse_hook, v6.1. */
const CONNTRACK_PRIORITY = -200;
const PRIORITY_MOST = 0x7fffffff;

/** Flags of sets that change nothing in what the set answers. Not modelled: dynamic, timeout. */
const SET_FLAGS = ["interval", "constant"] as const;

/** Reads the inside of `chain NAME { … }`: the declaration of a base chain, a policy, a comment, rules. */
export function readChainBody(cursor: NftCursor, chain: ChainDraft): void {
  cursor.readBlock(() => {
    if (cursor.isAt("type")) cursor.readItem(() => readBase(cursor, chain));
    else if (cursor.isAt("policy")) cursor.readItem(() => readPolicy(cursor, chain));
    else if (cursor.isAt("comment")) cursor.readItem(() => skipRemarks(cursor));
    else {
      const { line } = cursor.token;
      chain.rules.push({ line, tokens: cursor.rest() });
    }
  });
}

/** Reads the inside of `set NAME { … }` or `map NAME { … }`. */
export function readSetBody(cursor: NftCursor, set: SetDraft, isMap: boolean): void {
  cursor.readBlock(() => cursor.readItem(() => readSetItem(cursor, set, isMap)));
}

function readBase(cursor: NftCursor, chain: ChainDraft): boolean {
  cursor.next();
  const type = cursor.takeAny(["nat", "filter"]);
  if (type === undefined) return failed(cursor, `chains of type ${quote(cursor.token)} are not modelled`);
  if (!cursor.expect("hook")) return false;
  const hook = HOOKS.get(cursor.token.text);
  if (hook === undefined) return failed(cursor, `the hook ${quote(cursor.token)} is not modelled`);
  cursor.next();
  if (!cursor.expect("priority")) return false;
  const priority = readPriority(cursor);
  if (priority === undefined) return false;
  if (type === "nat" && hook === Hook.FORWARD) return failed(cursor, "the hook forward has no chains of type nat");
  if (type === "nat" && priority <= CONNTRACK_PRIORITY)
    return failed(cursor, `a chain of type nat has a priority above ${CONNTRACK_PRIORITY}`);
  chain.base = { type, hook, priority, policy: chain.base?.policy ?? "accept" };
  return true;
}

/** `NUMBER`, `NAME`, `NAME + NUMBER` or `NAME - NUMBER`. */
function readPriority(cursor: NftCursor): number | undefined {
  const named = cursor.token.kind === "word" ? PRIORITIES.get(cursor.token.text) : 0;
  if (named === undefined) return cursor.fail(`${quote(cursor.token)} is not a priority`);
  if (cursor.token.kind === "word") cursor.next();
  else if (cursor.token.kind === "number") return cursor.number("a priority", PRIORITY_MOST);
  const sign = cursor.takeAny(["-", "+"]);
  if (sign === undefined) return named;
  const offset = cursor.number("a priority", PRIORITY_MOST);
  return offset === undefined ? undefined : named + (sign === "-" ? -offset : offset);
}

function readPolicy(cursor: NftCursor, chain: ChainDraft): boolean {
  cursor.next();
  const policy = cursor.takeAny(["accept", "drop"]);
  if (policy === undefined) return failed(cursor, `the policy ${quote(cursor.token)} is neither accept nor drop`);
  if (chain.base === undefined) return failed(cursor, "only a base chain has a policy");
  chain.base = { ...chain.base, policy };
  return true;
}

function readSetItem(cursor: NftCursor, set: SetDraft, isMap: boolean): boolean {
  if (cursor.isAt("comment")) return skipRemarks(cursor);
  if (cursor.take("auto-merge")) return true;
  if (cursor.take("size")) return cursor.number("a size", PRIORITY_MOST) !== undefined;
  if (cursor.take("policy")) return readSetPolicy(cursor);
  if (cursor.take("flags")) return readFlags(cursor);
  if (cursor.take("type")) return readTypes(cursor, set, isMap);
  if (cursor.take("typeof")) return readTypeof(cursor, set, isMap);
  if (!cursor.take("elements")) return failed(cursor, `${quote(cursor.token)} in a set is not modelled`);
  return cursor.expect("=") && addElements(cursor, set);
}

/** How the kernel stores the set, which changes nothing in what it answers. */
function readSetPolicy(cursor: NftCursor): boolean {
  if (cursor.takeAny(["performance", "memory"]) !== undefined) return true;
  return failed(cursor, `the policy ${quote(cursor.token)} is neither performance nor memory`);
}

/** Reads `{ … }` into a set whose type is known. */
export function addElements(cursor: NftCursor, set: SetDraft): boolean {
  if (set.types.length === 0) return failed(cursor, "the type of a set stands before its elements");
  const elements = readElements(cursor, set.types, set.result);
  set.elements.push(...(elements ?? []));
  return elements !== undefined;
}

function readFlags(cursor: NftCursor): boolean {
  do {
    if (cursor.takeAny(SET_FLAGS) === undefined)
      return failed(cursor, `the flag ${quote(cursor.token)} is not modelled`);
  } while (cursor.take(","));
  return true;
}

function readTypes(cursor: NftCursor, set: SetDraft, isMap: boolean): boolean {
  const types = readTypeList(cursor);
  if (types === undefined) return false;
  set.types = types;
  return !isMap || readResultType(cursor, set, () => readTypeList(cursor));
}

function readTypeof(cursor: NftCursor, set: SetDraft, isMap: boolean): boolean {
  const types = readKey(cursor)?.key.map(datatypeOf);
  if (types === undefined) return false;
  set.types = types;
  return !isMap || readResultType(cursor, set, () => readKey(cursor)?.key.map(datatypeOf));
}

function readResultType(cursor: NftCursor, set: SetDraft, read: () => readonly NftDatatype[] | undefined): boolean {
  if (!cursor.expect(":")) return false;
  const result = cursor.take("verdict") ? "verdict" : read();
  if (result === undefined) return false;
  set.result = result;
  return true;
}

function readTypeList(cursor: NftCursor): NftDatatype[] | undefined {
  const types: NftDatatype[] = [];
  do {
    const type = cursor.takeAny(SET_DATATYPES);
    if (type === undefined) return cursor.fail(`the type ${quote(cursor.token)} is not modelled`);
    types.push(type);
  } while (cursor.take("."));
  return types;
}

function failed(cursor: NftCursor, message: string): false {
  cursor.fail(message);
  return false;
}
