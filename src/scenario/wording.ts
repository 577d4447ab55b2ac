import { quote } from "./diagnostic.ts";
import type { Problem } from "./source_text.ts";
import { closestWord } from "./spelling.ts";

/** The problem of a key that is not in the schema. */
export function unknownKey(key: string, known: readonly string[], label: string): Problem {
  const closest = closestWord(key, known);
  const where = label.replace(/^for /, "in ");
  return {
    message: `Cannot use the key ${quote(key)}: there is no such key ${where}${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
    expected: listOf(known),
    toMend: closest === undefined ? "delete the key" : `write ${closest}`,
  };
}

/** Words in a row: `a, b or c`. */
export function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
