import { dirname, join, normalize } from "node:path";

/** A file that git knows, and what stands in it. */
export interface TextFile {
  /** From the top of the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** One import or re-export of a file. */
export interface Import {
  readonly specifier: string;
  /** The file it leads to, from the top of the project; `undefined` for a package. */
  readonly target: string | undefined;
  readonly offset: number;
  readonly isTypeOnly: boolean;
}

const COMMENT_STRING_OR_REGEXP = new RegExp(
  [
    String.raw`\/\*[\s\S]*?\*\/|\/\/[^\n]*`,
    String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|${"`"}(?:\\[\s\S]|[^${"`"}\\])*${"`"}`,
    String.raw`(?<=(?:[=(,:!&|?;{}[\n]|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*`,
  ].join("|"),
  "g",
);

const IMPORT = new RegExp(
  [
    String.raw`\b(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?"([^"\n]+)"`,
    String.raw`\bimport\(\s*"([^"\n]+)"`,
    String.raw`\bnew URL\(\s*"(\.[^"\n]+\.ts)"`,
  ].join("|"),
  "g",
);

/**
 * The text with comments, and if asked also strings and regular expressions, turned into spaces; every character left
 * keeps its line and column. It knows no grammar: code inside `${}` counts as part of its string.
 */
export function codeOf(text: string, keep: "strings" | "no strings"): string {
  return text.replace(COMMENT_STRING_OR_REGEXP, (piece) => {
    const isComment = piece.startsWith("//") || piece.startsWith("/*");
    return isComment || keep === "no strings" ? piece.replace(/[^\n]/g, " ") : piece;
  });
}

/** All imports, re-exports, `import()` and `new URL("./….ts")` of a file, in their order. */
export function importsOf(file: TextFile): Import[] {
  return [...codeOf(file.text, "strings").matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? "";
    return {
      specifier,
      target: specifier.startsWith(".") ? normalize(join(dirname(file.path), specifier)) : undefined,
      offset: match.index,
      isTypeOnly: match[1] !== undefined,
    };
  });
}

/** What each `Source:` of a file's comments says, joined over its lines, up to the full stop or colon that ends it. */
export function sourcesOf(file: TextFile): { readonly said: string; readonly line: number }[] {
  const lines = file.text.split("\n");
  return lines.flatMap((first, index) => {
    const start = /^\s*(?:\/\*\*|\*|\/\/)(?:.*\s)?Source: (.*)$/.exec(first)?.[1];
    if (start === undefined) return [];
    let said = start;
    for (let next = index + 1; !/(\.|\*\/)\s*$/.test(said); next += 1) {
      const more = /^\s*(?:\*(?!\/)|\/\/)\s*(\S.*)$/.exec(lines[next] ?? "")?.[1];
      if (more === undefined) break;
      said += ` ${more}`;
    }
    return [{ said: said.replace(/\s*\*\/\s*$/, "").replace(/[.:](\s.*)?$/, ""), line: index + 1 }];
  });
}

/** `path:line: error: message`, the line being the one of a place in the file's text. */
export function errorAt(file: TextFile, offset: number, message: string): string {
  return errorOnLine(file, file.text.slice(0, offset).split("\n").length, message);
}

/** `path:line: error: message`. */
export function errorOnLine(file: TextFile, line: number, message: string): string {
  return `${file.path}:${line}: error: ${message}`;
}
