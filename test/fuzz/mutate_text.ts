import * as fc from "fast-check";
import { hostilePiece } from "./hostile_values.ts";

/** One change of a text. Places are shares of its length, so that they fit texts of any length. */
interface Change {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly length: number;
  readonly to: number;
  readonly piece: string;
}

const KINDS = [
  "flip",
  "cut",
  "end",
  "repeat",
  "insert",
  "replace",
  "splice",
  "word",
  "word",
  "word",
  "line twice",
  "line away",
  "line elsewhere",
] as const;

const MOST_REPEATED = 20_000;

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 400 })),
  to: fc.double({ min: 0, max: 1, noNaN: true }),
  piece: hostilePiece,
});

/** Some of the texts, or other ones, with a few changes: characters, words and lines of theirs, and hostile pieces. */
export function mutatedText(texts: readonly string[], most = 4): fc.Arbitrary<string> {
  const whole = fc.nat({ max: texts.length - 1 });
  return fc
    .tuple(whole, whole, fc.array(change, { minLength: 1, maxLength: most }))
    .map(([first, second, changes]) =>
      changes.reduce((text, one) => changed(text, one, texts[second] ?? ""), texts[first] ?? ""),
    );
}

/** A text with one change; the other text gives what is spliced in. */
function changed(text: string, { kind, at, length, to, piece }: Change, other: string): string {
  const start = Math.floor(at * text.length);
  const end = Math.min(text.length, start + length);
  switch (kind) {
    case "flip": {
      const code = text.charCodeAt(start);
      return Number.isNaN(code) ? piece : put(text, start, start + 1, String.fromCharCode(code ^ (1 << (length % 8))));
    }
    case "cut":
      return put(text, start, end, "");
    case "end":
      return text.slice(0, start);
    case "repeat": {
      const part = text.slice(start, end);
      return put(
        text,
        end,
        end,
        part.repeat(Math.min(1 + Math.floor(to * 300), Math.ceil(MOST_REPEATED / (length + 1)))),
      );
    }
    case "insert":
      return put(text, start, start, piece);
    case "replace":
      return put(text, start, end, piece);
    case "splice": {
      const from = Math.floor(to * other.length);
      return put(text, start, end, other.slice(from, from + 4 * length));
    }
    case "word":
      return put(text, ...wordAt(text, start), piece);
    case "line twice": {
      const [from, until] = lineAt(text, start);
      return put(text, until, until, text.slice(from, until));
    }
    case "line away":
      return put(text, ...lineAt(text, start), "");
    case "line elsewhere": {
      const [from, until] = lineAt(text, Math.floor(to * text.length));
      const [place] = lineAt(text, start);
      return put(text, place, place, text.slice(from, until));
    }
  }
}

function put(text: string, start: number, end: number, piece: string): string {
  return text.slice(0, start) + piece + text.slice(end);
}

/** The word at a place, without the blanks and signs around it. */
function wordAt(text: string, place: number): readonly [start: number, end: number] {
  const isWord = (at: number): boolean => /[\w.]/.test(text.charAt(at));
  let start = place;
  while (start < text.length && !isWord(start)) start += 1;
  let end = start;
  while (start > 0 && isWord(start - 1)) start -= 1;
  while (end < text.length && isWord(end)) end += 1;
  return [start, end];
}

/** The line at a place, with its line break. */
function lineAt(text: string, place: number): readonly [start: number, end: number] {
  const start = place === 0 ? 0 : text.lastIndexOf("\n", place - 1) + 1;
  const end = text.indexOf("\n", place);
  return [start, end < 0 ? text.length : end + 1];
}
