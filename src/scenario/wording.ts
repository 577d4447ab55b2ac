/** Words of which one is meant: `a`, `a or b`, `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  return inRow(words, "or");
}

/** Words of which all are meant: `a`, `a and b`, `a, b and c`. */
export function allOf(words: readonly string[]): string {
  return inRow(words, "and");
}

/** A sentence that begins with a capital letter. */
export function capitalised(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}

function inRow(words: readonly string[], last: "and" | "or"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
