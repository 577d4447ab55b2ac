import type { Diagnostic } from "../diagnostic.ts";

/** A text of an export with its place among the files, for diagnostics. */
export interface ExportText {
  /** The path as people see it. */
  readonly path: string;
  readonly text: string;
}

/** What is wrong with a line of an export. */
export interface ExportProblem {
  /** From 1. */
  readonly line: number;
  /** From 1; 1 if left out. */
  readonly column?: number;
  readonly message: string;
  readonly expected?: string;
  readonly toMend?: string;
}

/** As much of a line as a diagnostic can show; a line may have hundreds of millions of characters. */
const SHOWN_MOST = 400;

/** The diagnostic of a problem in a line of an export, with the beginning of that line. O(length of the text before it). */
export function exportDiagnostic({ path, text }: ExportText, problem: ExportProblem): Diagnostic {
  const { line, message, expected, toMend } = problem;
  const start = lineStart(text, line);
  const sourceLine = text.slice(start, Math.min(lineEnd(text, start), start + SHOWN_MOST)).trimEnd();
  const column = Math.min(problem.column ?? 1, sourceLine.length + 1);
  return {
    file: path,
    line,
    column,
    length: sourceLine === "" ? 0 : Math.max(1, sourceLine.length - column + 1),
    message,
    sourceLine,
    ...(expected === undefined ? {} : { expected }),
    ...(toMend === undefined ? {} : { toMend }),
  };
}

/** The diagnostic of a file as a whole; no line of it is shown. */
export function fileDiagnostic(path: string, message: string, toMend: string): Diagnostic {
  return { file: path, line: 1, column: 1, length: 0, message, sourceLine: "", toMend };
}

/** The line (from 1) and column (from 1) of an offset. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line += 1;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

function lineStart(text: string, line: number): number {
  let start = 0;
  for (let at = 1; at < line; at += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  return start;
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}
