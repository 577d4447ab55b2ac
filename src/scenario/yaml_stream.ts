import { Composer, Lexer, Parser, type Document, type YAMLError } from "yaml";

/** The most levels of maps and lists, one in another, that a YAML text may have. */
export const YAML_LEVELS_MOST = 200;

/** Syntax errors after which nothing more of a text is read. */
const ERRORS_MOST = 1000;

/** The documents of a YAML text, or where it is nested too deeply. */
export type YamlStream =
  | {
      readonly ok: true;
      readonly documents: readonly Document[];
      /** Of all documents, in the order of the text; the parser's own, with offsets. */
      readonly errors: readonly YAMLError[];
      readonly warnings: readonly YAMLError[];
    }
  | { readonly ok: false; readonly tooDeepAt: number };

/** Says within the parser that enough errors were found. */
class EnoughErrors extends Error {}

/**
 * Parses YAML 1.2 in bounded time and depth: text such as 100,000 opening brackets ends at the 201st, and one of a
 * million errors after the first thousand. Aliases stay as they are.
 *
 * @param documentsMost what comes behind so many documents is not read.
 */
export function readYamlStream(text: string, documentsMost: number): YamlStream {
  const composer = boundedComposer();
  const parser = new Parser();
  const documents: Document[] = [];
  let errorTokens = 0;
  try {
    for (const lexeme of new Lexer().lex(text)) {
      for (const token of parser.next(lexeme)) {
        if (token.type === "error") errorTokens += 1;
        if (errorTokens > ERRORS_MOST) throw new EnoughErrors();
        documents.push(...composer.next(token));
      }
      // The stack has the document, and a scalar that is not at its end, beside the maps and lists.
      if (parser.stack.length > YAML_LEVELS_MOST + 2) {
        return { ok: false, tooDeepAt: parser.offset - lexeme.length };
      }
      if (documents.length >= documentsMost) return streamOf(documents);
    }
    for (const token of parser.end()) documents.push(...composer.next(token));
    documents.push(...composer.end(true, text.length));
  } catch (error) {
    if (!(error instanceof EnoughErrors)) throw error;
    // What is wrong behind a document is kept with it, and the composer holds it back until the next one begins.
    documents.push(...composer.end());
    const { errors, warnings } = composer.streamInfo();
    const found = streamOf(documents);
    return { ok: true, documents, errors: [...found.errors, ...errors], warnings: [...found.warnings, ...warnings] };
  }
  return streamOf(documents.slice(0, documentsMost));
}

function streamOf(documents: readonly Document[]): Extract<YamlStream, { ok: true }> {
  return {
    ok: true,
    documents,
    errors: documents.flatMap(({ errors }) => errors),
    warnings: documents.flatMap(({ warnings }) => warnings),
  };
}

/** A composer that stops at the thousandth error: its own way to hear of one is a field that the package keeps to itself. */
function boundedComposer(): Composer {
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, merge: false });
  const report: unknown = Reflect.get(composer, "onError");
  if (typeof report !== "function") return composer;
  let found = 0;
  Reflect.set(composer, "onError", (...details: unknown[]) => {
    found += 1;
    if (found > ERRORS_MOST) throw new EnoughErrors();
    Reflect.apply(report, composer, details);
  });
  return composer;
}
