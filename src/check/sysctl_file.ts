import { quote } from "../scenario/diagnostic.ts";
import type { Place } from "./finding.ts";

/** A file of sysctl settings, by the path that findings name. */
export interface SysctlFile {
  readonly path: string;
  readonly text: string;
}

/** One line that is neither blank nor a comment. */
export interface SysctlLine {
  readonly place: Place;
  /** `set` writes a value; `exclude` (`-key`) keeps globs off a key; `wrong` is none and is skipped by the tools. */
  readonly kind: "set" | "exclude" | "wrong";
  /** With dots between the parts; a glob keeps its `*`. Empty for a wrong line. */
  readonly name: string;
  readonly value: string;
  /** Where the value stands; the key's place if it is empty. */
  readonly valuePlace: Place;
  /** `-key = value`: a failure is not reported. */
  readonly ignoresFailure: boolean;
}

/**
 * Reads a file line by line as procps does: blanks around key and value do not count, `#` and `;` begin a comment only
 * at the start of a line, everything behind the first `=` is the value, and a line without `=` is an error unless it
 * begins with `-`.
 *
 * Not modelled: lines that systemd joins at a trailing backslash; procps writes them as they stand.
 * Source: src/sysctl.c parse_setting_line, Procps-ng v4.0.4.
 */
export function readSysctlFile({ path, text }: SysctlFile): readonly SysctlLine[] {
  return text
    .split("\n")
    .map((line, index) => readLine(path, line.replace(/\r$/, ""), index + 1))
    .filter((line) => line !== undefined);
}

const BLANK = " \t\v\f\r";

function readLine(file: string, sourceLine: string, line: number): SysctlLine | undefined {
  const start = skipBlanks(sourceLine, 0);
  const first = sourceLine.charAt(start);
  // A line of one character is skipped too, as procps does.
  if (sourceLine.length - start < 2 || first === "#" || first === ";") return undefined;
  const at = (from: number, to: number): Place => ({
    file,
    line,
    column: Array.from(sourceLine.slice(0, from)).length + 1,
    length: Math.max(1, Array.from(sourceLine.slice(from, to)).length),
    sourceLine,
  });
  const equals = sourceLine.indexOf("=", start);
  const keyStart = first === "-" ? start + 1 : start;
  const keyEnd = trimEnd(sourceLine, keyStart, equals < 0 ? sourceLine.length : equals);
  const name = dottedName(sourceLine.slice(keyStart, keyEnd));
  const place = at(keyStart, keyEnd);
  const common = { place, valuePlace: place, name, value: "", ignoresFailure: first === "-" };
  if (equals < 0 && first !== "-") {
    const whole = at(start, trimEnd(sourceLine, start, sourceLine.length));
    return { ...common, place: whole, valuePlace: whole, kind: "wrong", name: "" };
  }
  if (equals < 0) return { ...common, kind: "exclude" };
  const valueStart = Math.min(skipBlanks(sourceLine, equals + 1), sourceLine.length);
  const valueEnd = trimEnd(sourceLine, valueStart, sourceLine.length);
  const value = sourceLine.slice(valueStart, valueEnd);
  return { ...common, kind: "set", value, valuePlace: value === "" ? place : at(valueStart, valueEnd) };
}

/**
 * A key with dots between its parts, and a slash where a device's name has a dot: the separator that comes first decides.
 * Source: src/sysctl.c slashdot, Procps-ng v4.0.4.
 */
export function dottedName(key: string): string {
  const plain = key.replace(/^\/+/, "");
  const at = plain.search(/[./]/);
  const isPath = at >= 0 && plain[at] === "/";
  return isPath ? plain.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/")) : plain;
}

/** The name of a file that holds what `sysctl -a` printed: the values of a running node, not settings of one. */
export const SYSCTL_DUMP = /(?:^|\/)sysctl(?:[-_.]?a)?\.(?:txt|out)$/;

/** Whether a name is a glob. */
export function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

/**
 * Whether a glob takes a name; `*` and `?` do not cross a dot. O(length of the glob × length of the name), whatever
 * the glob: a regular expression would take for ever over `*a*a*a*a*a*a`.
 */
export function isMatch(glob: string, name: string): boolean {
  const pieces = globPieces(glob);
  // The places of the name up to which the pieces so far can have come.
  let places = new Set([0]);
  for (const piece of pieces) {
    const next = new Set<number>();
    for (const place of places) {
      if (piece === "any") {
        for (let end = place; !next.has(end); end += 1) {
          next.add(end);
          if (end >= name.length || name[end] === ".") break;
        }
      } else if (place < name.length && piece(name.charAt(place))) next.add(place + 1);
    }
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(name.length);
}

/** What a glob asks for, letter by letter: any number of letters, or one that passes a test. */
type GlobPiece = "any" | ((letter: string) => boolean);

function globPieces(glob: string): readonly GlobPiece[] {
  const pieces: GlobPiece[] = [];
  for (let at = 0; at < glob.length; at += 1) {
    const wanted = glob.charAt(at);
    const end = wanted === "[" ? glob.indexOf("]", at + 2) : -1;
    if (wanted === "*") {
      if (pieces.at(-1) !== "any") pieces.push("any");
    } else if (wanted === "?") pieces.push((letter) => letter !== ".");
    else if (end > 0) {
      pieces.push(classTest(glob.slice(at + 1, end)));
      at = end;
    } else pieces.push((letter) => letter === wanted);
  }
  return pieces;
}

/** The test of a bracket expression such as `!a-z`; a range such as z-a holds no letter, as in glob(7). */
function classTest(text: string): (letter: string) => boolean {
  const isNegated = text.startsWith("!") || text.startsWith("^");
  const letters = isNegated ? text.slice(1) : text;
  return (letter) => {
    let isIn = false;
    for (let at = 0; at < letters.length; at += 1) {
      const high = letters[at + 1] === "-" ? letters[at + 2] : undefined;
      isIn ||= high === undefined ? letter === letters[at] : letter >= letters.charAt(at) && letter <= high;
      if (high !== undefined) at += 2;
    }
    return isIn !== isNegated;
  };
}

/** A setting as one writes it, quoted: `"net.ipv4.ip_forward = 1"`. */
export function settingText(name: string, value: string): string {
  return quote(`${name} = ${value}`);
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && BLANK.includes(text.charAt(at))) at += 1;
  return at;
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && BLANK.includes(text.charAt(at - 1))) at -= 1;
  return at;
}
