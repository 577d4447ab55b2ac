import type { NumberFault } from "./sysctl_numbers.ts";

/** Why a write to a sysctl fails, what was wrong in the words of a person, and what to write instead. */
export interface SysctlProblem {
  /** What `write(2)` or `open(2)` of the file returns. */
  readonly errno: "EINVAL" | "ENOENT" | "EACCES";
  /** One clause that quotes the value, without a full stop. */
  readonly message: string;
  /** One clause in the imperative. */
  readonly mend: string;
}

/** A problem with a value. */
export function invalid(message: string, mend: string): SysctlProblem {
  return { errno: "EINVAL", message, mend };
}

/** Characters that a text editor or a web page puts where plain ones belong. */
const UNUSUAL = new Map([
  ["\u00a0", "a no-break space"],
  ["\u2010", "a hyphen"],
  ["\u2011", "a no-break hyphen"],
  ["\u2012", "a figure dash"],
  ["\u2013", "an en dash"],
  ["\u2014", "an em dash"],
  ["\u2018", "a quotation mark"],
  ["\u2019", "a quotation mark"],
  ["\u201c", "a quotation mark"],
  ["\u201d", "a quotation mark"],
  ["\u2212", "a minus sign"],
  ["\ufeff", "a byte order mark"],
]);

const BLANKS = new Map([
  [" ", "a space"],
  ["\t", "a tab"],
  ["\n", "the end of the line"],
  ["\r", "a carriage return"],
]);

/** Dashes that are meant as `-`. */
export const DASHES = /[\u2010-\u2014\u2212]/g;

/** The character at a place, named so that one sees which it is: `"–" (U+2013, an en dash)`, `a space`. */
export function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  if (code === undefined) return "the end of the line";
  const character = String.fromCodePoint(code);
  const blank = BLANKS.get(character);
  if (blank !== undefined) return blank;
  if (code > 32 && code < 127) return `"${character}"`;
  const name = UNUSUAL.get(character);
  return `"${character}" (U+${code.toString(16).toUpperCase().padStart(4, "0")}${name === undefined ? "" : `, ${name}`})`;
}

/** Whether the character at a place is a dash that is meant as `-`. */
export function isDashAt(text: string, at: number): boolean {
  return text.slice(at, at + 1).search(DASHES) === 0;
}

/** What stands at the place where the kernel stopped reading a number, as a clause; `text` has no line end of its own. */
export function numberProblem(text: string, fault: NumberFault, at: number): string {
  const found = characterAt(text, at);
  switch (fault) {
    case "end":
      return "the value is empty";
    case "no-digit":
      return at >= text.length ? "a number is missing at the end" : `${found} stands where a number belongs`;
    case "octal":
      return `a number that begins with 0 is octal, and ${found} is no octal digit`;
    case "too-long":
      return "a number has more than 20 characters";
    case "follower":
      return `${found} stands behind a number, where only white space may`;
  }
}
