/** Names of fields and indices of lists, from the outside in. */
export type JsonPath = readonly (string | number)[];

/** A list or an object that is open, and the field or item that is being read. */
interface Frame {
  readonly isList: boolean;
  place: string | number;
  /** In an object: whether the next string is a name. */
  isName: boolean;
}

/** Punctuation, a string (perhaps cut off), or a run of anything else. */
const TOKEN = /\s*([{}[\],:]|"[^"\\]*(?:\\.[^"\\]*)*"?|[^\s{}[\],:"]+)/y;

/**
 * The offsets of the innermost value on a path that a JSON text has: the whole of a string, number or literal, the
 * opening bracket of anything else. O(length of the text), and it never recurses, however deep the text is.
 *
 * @returns `undefined` if not even the first field is there.
 */
export function findJsonValue(
  text: string,
  path: JsonPath,
): { readonly start: number; readonly end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  let bestDepth = 0;
  walk(text, text.length, (frames, start, end) => {
    const depth = frames.length;
    if (depth <= bestDepth || depth > path.length) return;
    if (!frames.every(({ place }, index) => place === path[index])) return;
    best = { start, end };
    bestDepth = depth;
  });
  return best;
}

/** The path of what a JSON text is in the middle of at an offset; empty at its outermost level. */
export function jsonPathAt(text: string, offset: number): JsonPath {
  const frames = walk(text, offset, () => {
    // Only what is open at the end counts.
  });
  // An object's field that has no name yet is no part of the path.
  return frames.map(({ place }) => place).filter((place) => place !== "");
}

/** Reads tokens up to an offset and visits the start of each value. @returns what is open there. */
function walk(
  text: string,
  end: number,
  visit: (frames: readonly Frame[], start: number, end: number) => void,
): readonly Frame[] {
  const frames: Frame[] = [];
  const token = new RegExp(TOKEN);
  for (let match = token.exec(text); match !== null && token.lastIndex <= end; match = token.exec(text)) {
    const word = match[1] ?? "";
    const top = frames.at(-1);
    if (word === "}" || word === "]") frames.pop();
    else if (word === ",") {
      if (top?.isList === true) top.place = Number(top.place) + 1;
      else if (top !== undefined) Object.assign(top, { place: "", isName: true });
    } else if (word === ":") {
      if (top !== undefined) top.isName = false;
    } else if (top?.isName === true) {
      top.place = word.replaceAll('"', "");
    } else {
      visit(frames, token.lastIndex - word.length, token.lastIndex);
      if (word === "{") frames.push({ isList: false, place: "", isName: true });
      else if (word === "[") frames.push({ isList: true, place: 0, isName: false });
    }
  }
  return frames;
}
