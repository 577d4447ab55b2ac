/** A line of a tool's text that could not be read. */
export interface ListingProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** What a tool's text says: the rows of the lines that could be read, and what is wrong with the others. */
export interface Listing<Row> {
  readonly rows: readonly Row[];
  readonly problems: readonly ListingProblem[];
}

/** A row; or why the line is none; or nothing, for a line that carries none, such as a header. */
export type LineReading<Row> =
  | { readonly row: Row; readonly problem?: never }
  | { readonly row?: never; readonly problem: string }
  | { readonly row?: never; readonly problem?: never };

/** The answer of a line reader for a line without a row. */
export const NO_ROW: LineReading<never> = {};

/** Lines of a text with their numbers, from 1; empty ones are left out, and so are blanks at the end of a line. */
export function* linesOf(text: string): Iterable<{ readonly line: number; readonly text: string }> {
  let line = 0;
  for (const raw of text.split("\n")) {
    line += 1;
    const kept = raw.trimEnd();
    if (kept !== "") yield { line, text: kept };
  }
}

/** Reads a text whose lines do not depend on each other. */
export function readLines<Row>(text: string, read: (line: string) => LineReading<Row>): Listing<Row> {
  const rows: Row[] = [];
  const problems: ListingProblem[] = [];
  for (const { line, text: lineText } of linesOf(text)) {
    const reading = read(lineText);
    if (reading.row !== undefined) rows.push(reading.row);
    else if (reading.problem !== undefined) problems.push({ line, message: reading.problem });
  }
  return { rows, problems };
}

/** The words of a line. */
export function wordsOf(line: string): readonly string[] {
  return line.trim().split(/\s+/);
}

/** A whole number from 0 to 2^53 without sign, or `undefined`. */
export function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
