import { fieldName } from "../../conform/case_file.ts";
import type { CaseProblem } from "../../conform/case_file.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import { SourceText } from "../../scenario/source_text.ts";
import { findJsonValue, jsonPathAt } from "../../scenario/json_places.ts";

/** A problem of a recorded case with its place in the file: the field itself, or what should hold it. */
export function caseDiagnostic({ file, field, path, message }: CaseProblem, text: string): Diagnostic {
  const source = new SourceText(file, text, 0);
  if (message.startsWith("Cannot read the file as JSON")) {
    const offset = syntaxErrorOffset(message, text);
    const broken = fieldName(jsonPathAt(text, offset).slice(0, DEEPEST));
    const plain = message.replace(/ in JSON at position .*$/, "");
    return source.diagnose(offset, offset + 1, { message: broken === "" ? plain : `${plain} (at ${broken})` });
  }
  const { start, end } = findJsonValue(text, path) ?? { start: 0, end: 1 };
  return source.diagnose(start, end, {
    message: `Cannot read the case${field === "" ? "" : ` at ${field}`}: ${message}`,
  });
}

/** Names of more levels than any case has would only hide the message. */
const DEEPEST = 12;

/** Where the JSON parser stopped, if its message tells, else the end of the text. */
function syntaxErrorOffset(message: string, text: string): number {
  const position = / at position ([0-9]+)/.exec(message)?.[1];
  return Math.min(position === undefined ? Infinity : Number(position), text.trimEnd().length);
}
