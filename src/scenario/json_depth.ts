/** The most levels of lists and objects, one in another, that a JSON text may have. */
export const JSON_LEVELS_MOST = 200;

/**
 * Where a JSON text is nested too deeply for the functions that walk through what it says; `undefined` if it is not.
 * Of a text that is no JSON the answer means nothing. O(length), without recursion.
 */
export function tooDeepInJson(text: string): number | undefined {
  let level = 0;
  const sign = /["[\]{}]/g;
  for (let match = sign.exec(text); match !== null; match = sign.exec(text)) {
    const [found] = match;
    if (found === '"') {
      sign.lastIndex = endOfString(text, match.index + 1);
    } else if (found === "[" || found === "{") {
      level += 1;
      if (level > JSON_LEVELS_MOST) return match.index;
    } else level -= 1;
  }
  return undefined;
}

/** Behind the quote that ends a string. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\" && at - 1 - backslashes >= from) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  return text.length;
}
