/** What may come next in a JSON text. */
type Expected = "value" | "value or ]" | "name" | "name or }" | ":" | ", or ]" | ", or }" | "nothing";

/** Punctuation, a string (perhaps cut off), or a run of anything else. */
const TOKEN = /\s*([{}[\],:]|"(?:[^"\\]|\\.)*"?|[^\s{}[\],:"]+)/y;
const SCALAR =
  /^("(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null)$/s;

/**
 * Where a text stops being JSON: the offset of the first token that cannot stand there, or the text's length if it only
 * ends too early. O(length); never recurses.
 */
export function jsonFault(text: string): number {
  const open: ("[" | "{")[] = [];
  let expected: Expected = "value";
  let end = 0;
  for (;;) {
    TOKEN.lastIndex = end;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return text.slice(end).trim() === "" ? text.length : end;
    const start = TOKEN.lastIndex - token.length;
    const isCut = TOKEN.lastIndex === text.length && !/^[{}[\],:]$/.test(token) && !isScalar(token);
    if (isCut) return text.length;
    const next = follow(expected, token, open);
    if (next === undefined) return start;
    expected = next;
    end = TOKEN.lastIndex;
  }
}

/** What may come behind a token; `undefined` if it cannot stand where it does. */
function follow(expected: Expected, token: string, open: ("[" | "{")[]): Expected | undefined {
  const closes = (token === "]" || token === "}") && expected.endsWith(token);
  if (closes) {
    open.pop();
    return afterValue(open);
  }
  if (token === ",") return expected === ", or ]" ? "value" : expected === ", or }" ? "name" : undefined;
  if (token === ":") return expected === ":" ? "value" : undefined;
  if (expected === "name" || expected === "name or }")
    return token.startsWith('"') && isScalar(token) ? ":" : undefined;
  if (expected !== "value" && expected !== "value or ]") return undefined;
  if (token === "[" || token === "{") {
    open.push(token);
    return token === "[" ? "value or ]" : "name or }";
  }
  return isScalar(token) ? afterValue(open) : undefined;
}

function afterValue(open: readonly ("[" | "{")[]): Expected {
  const last = open.at(-1);
  return last === undefined ? "nothing" : last === "[" ? ", or ]" : ", or }";
}

/** A string, number or word; line ends and other control characters stand in no string. */
function isScalar(token: string): boolean {
  return SCALAR.test(token) && !Array.from(token).some((character) => character < " ");
}
