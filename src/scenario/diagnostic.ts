/** One problem of a user's input: where it stands, what is wrong, what was expected and how to mend it. */
export interface Diagnostic {
  /** The path as the user gave it, or `--set` for an override. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** How many characters the carets cover; 0 when there is no line to show. */
  readonly length: number;
  /** Says what cannot be done and why: current state, then the desired one. */
  readonly message: string;
  /** The line itself, or the text of the option. */
  readonly sourceLine: string;
  readonly expected?: string;
  readonly toMend?: string;
}

/** The widest excerpt of a source line, in characters; a longer line is shown around its carets. */
const EXCERPT_WIDTH = 140;

/**
 * The diagnostic as people see it: `file:line:column: message`, the line under a gutter, carets, what was expected and
 * how to mend it. No newline at the end. Control characters of the input never reach the terminal.
 *
 * @example
 * ```ts
 * const read = parseScenario("kernel: 5.10\ndurration: 2h\n", "first.yaml", []);
 * if (!read.ok) console.log(formatDiagnostic(read.diagnostics[0]!).split("\n")[0]);
 * // first.yaml:1:1: Cannot read the scenario without "duration"
 * ```
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, expected, toMend } = diagnostic;
  const lines = [`${visible(file)}:${line}:${column}: ${visible(message)}`];
  if (diagnostic.length > 0) lines.push(...excerpt(diagnostic));
  if (expected !== undefined) lines.push(`  expected: ${visible(expected)}`);
  if (toMend !== undefined) lines.push(`  to mend:  ${visible(toMend)}`);
  return lines.join("\n");
}

/** The diagnostic of a file that could not be read; `why` completes "Cannot read the scenario: …". */
export function missingFile(file: string, why = "there is no such file"): Diagnostic {
  return {
    file,
    line: 1,
    column: 1,
    length: 0,
    message: `Cannot read the scenario: ${why}`,
    sourceLine: "",
    expected: "the path of a scenario in YAML",
    toMend: "correct the path, or write a first scenario with `sim init`",
  };
}

/** The text in double quotes, cut to a readable length, with control characters escaped. */
export function quote(text: string): string {
  const characters = Array.from(text);
  return JSON.stringify(characters.length > 80 ? `${characters.slice(0, 79).join("")}…` : text);
}

/** The line of a place under a gutter, and carets under what is meant; a long line is shown around them. */
export function excerpt(diagnostic: Pick<Diagnostic, "line" | "column" | "length" | "sourceLine">): readonly string[] {
  const characters = Array.from(visible(diagnostic.sourceLine));
  const start = diagnostic.column - 1;
  const first = characters.length <= EXCERPT_WIDTH ? 0 : Math.max(0, Math.min(start - 20, characters.length - 1));
  const shown = characters.slice(first, first + EXCERPT_WIDTH);
  const lead = first > 0 ? "…" : "";
  const tail = first + EXCERPT_WIDTH < characters.length ? "…" : "";
  const gutter = `  ${diagnostic.line} | `;
  const before = shown.slice(0, start - first).map((character) => (character === "\t" ? "\t" : " "));
  const carets = Math.max(1, Math.min(diagnostic.length, first + EXCERPT_WIDTH - start));
  return [
    `${gutter}${lead}${shown.join("")}${tail}`,
    `${" ".repeat(gutter.length + lead.length)}${before.join("")}${"^".repeat(carets)}`,
  ];
}

/** The text with control characters replaced, those of the writing direction too, so that none reaches a terminal. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\t" ? character : "\ufffd",
  );
}
