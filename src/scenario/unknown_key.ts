import { quote } from "./diagnostic.ts";
import type { Problem } from "./source_text.ts";
import { closestWord } from "./spelling.ts";
import { anyOf } from "./wording.ts";

/** The problem of a key that is not in the schema. */
export function unknownKey(key: string, known: readonly string[], label: string): Problem {
  const closest = closestWord(key, known);
  const where = label.replace(/^for /, "in ");
  return {
    message: `Cannot use the key ${quote(key)}: there is no such key ${where}${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
    expected: anyOf(known),
    toMend: closest === undefined ? "delete the key" : `write ${closest}`,
  };
}
