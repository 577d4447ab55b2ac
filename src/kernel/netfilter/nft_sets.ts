import { quote } from "./nft_cursor.ts";
import type { NftCursor } from "./nft_cursor.ts";
import type { NftDatatype } from "./nft_fields.ts";
import type { NftElement, NftTarget, NftValue } from "./nft_ruleset.ts";
import { readVerdict } from "./nft_targets.ts";
import { readElement } from "./nft_values.ts";

/** What the elements of a set lead to: nothing, a verdict (`vmap`), or values of these types (`map`). */
export type NftSetResult = "nothing" | "verdict" | readonly NftDatatype[];

/** One element as it was read. */
export interface NftSetElement {
  readonly line: number;
  readonly element: NftElement;
  /** Only in maps to verdicts. */
  readonly target?: NftTarget;
  /** Only in maps to values. */
  readonly data?: NftElement;
}

/** A set or map, named or written into a rule. */
export interface NftSet {
  readonly types: readonly NftDatatype[];
  readonly result: NftSetResult;
  readonly elements: readonly NftSetElement[];
}

const COUNT_MOST = 18446744073709551615n;

/**
 * Reads `{ element, … }`, over several lines if need be; an element is `value [. value …] [counter] [comment "…"]` and
 * in a map `: verdict` or `: value`.
 *
 * @returns the elements, or `undefined` after reporting why they cannot be read, or that two keys of a map meet.
 */
export function readElements(
  cursor: NftCursor,
  types: readonly NftDatatype[],
  result: NftSetResult,
): NftSetElement[] | undefined {
  if (!cursor.expect("{")) return undefined;
  const elements: NftSetElement[] = [];
  for (;;) {
    cursor.skipNewlines();
    if (cursor.take("}")) break;
    const { line } = cursor.token;
    const element = readElement(cursor, types);
    if (element === undefined || !skipRemarks(cursor)) return undefined;
    const what = result === "nothing" ? {} : readResult(cursor, result);
    if (what === undefined) return undefined;
    elements.push({ line, element, ...what });
    cursor.skipNewlines();
    if (!cursor.isAt("}") && !cursor.expect(",")) return undefined;
  }
  return elements;
}

/** Steps over `counter [packets N bytes N]` and `comment "…"`, which change nothing. */
export function skipRemarks(cursor: NftCursor): boolean {
  for (;;) {
    if (cursor.take("counter")) {
      if (!skipCounts(cursor)) return false;
    } else if (cursor.take("comment")) {
      if (cursor.token.kind !== "string" && cursor.token.kind !== "word") {
        cursor.fail(`${quote(cursor.token)} is not a comment`);
        return false;
      }
      cursor.next();
    } else return true;
  }
}

/** Two elements that have a key in common, or `undefined`; the kernel refuses them in a map. O(n²) with ranges. */
export function findOverlap(elements: readonly NftSetElement[]): readonly [NftSetElement, NftSetElement] | undefined {
  const exact = new Map<string, NftSetElement>();
  const ranges: NftSetElement[] = [];
  for (const element of elements) {
    const other = ranges.find((range) => overlaps(range.element, element.element));
    if (other !== undefined) return [other, element];
    if (element.element.every(isExact)) {
      const key = JSON.stringify(element.element);
      const twin = exact.get(key);
      if (twin !== undefined) return [twin, element];
      exact.set(key, element);
    } else {
      const met = [...exact.values()].find((one) => overlaps(one.element, element.element));
      if (met !== undefined) return [met, element];
      ranges.push(element);
    }
  }
  return undefined;
}

function skipCounts(cursor: NftCursor): boolean {
  for (const word of ["packets", "bytes"]) {
    if (!cursor.take(word)) continue;
    const { kind, text } = cursor.token;
    if (kind !== "number" || BigInt(text) > COUNT_MOST) {
      cursor.fail(`${quote(cursor.token)} is not a count`);
      return false;
    }
    cursor.next();
  }
  return true;
}

function readResult(
  cursor: NftCursor,
  result: "verdict" | readonly NftDatatype[],
): { readonly target: NftTarget } | { readonly data: NftElement } | undefined {
  if (!cursor.expect(":")) return undefined;
  if (result === "verdict") {
    const target = readVerdict(cursor);
    return target === undefined ? undefined : { target };
  }
  const data = readElement(cursor, result);
  return data === undefined ? undefined : { data };
}

function overlaps(a: NftElement, b: NftElement): boolean {
  return a.every((value, index) => meets(value, b[index]!));
}

function meets(a: NftValue, b: NftValue): boolean {
  if ("low" in a) return "low" in b && a.low <= b.high && b.low <= a.high;
  if ("low" in b) return false;
  const [short, long] = a.name.length <= b.name.length ? [a, b] : [b, a];
  return short.isPrefix ? long.name.startsWith(short.name) : !long.isPrefix && short.name === long.name;
}

function isExact(value: NftValue): boolean {
  return "low" in value ? value.low === value.high : !value.isPrefix;
}
