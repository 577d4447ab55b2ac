import type { Diagnostic } from "./diagnostic.ts";

/** What is wrong, without the place. */
export interface Problem {
  /** Says what cannot be done and why. */
  readonly message: string;
  readonly expected?: string | undefined;
  readonly toMend?: string | undefined;
}

/** A span of a source text: offsets in UTF-16 units, the end excluded. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/** A text that diagnostics point into: the scenario file, or one option such as `--set`. */
export class SourceText {
  /** The path, or the option's name. */
  readonly file: string;
  readonly text: string;
  /** Diagnostics are listed by this rank, then by offset. */
  readonly rank: number;
  readonly #lineStarts: number[] = [0];

  constructor(file: string, text: string, rank: number) {
    this.file = file;
    this.text = text;
    this.rank = rank;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lineStarts.push(at + 1);
  }

  /** The line (from 1) of an offset. O(log lines). */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** The diagnostic of a problem at a span; what lies beyond the first line of the span is not underlined. */
  diagnose(start: number, end: number, problem: Problem): Diagnostic {
    const line = this.lineOf(start);
    const lineStart = this.#lineStarts[line - 1]!;
    const sourceLine = this.text
      .slice(lineStart, (this.#lineStarts[line] ?? this.text.length + 1) - 1)
      .replace(/\r$/, "");
    const stop = Math.min(end, lineStart + sourceLine.length);
    const length = Math.max(1, characterCount(this.text.slice(start, stop)));
    return {
      file: this.file,
      line,
      column: characterCount(this.text.slice(lineStart, start)) + 1,
      length,
      message: problem.message,
      sourceLine,
      ...(problem.expected === undefined ? {} : { expected: problem.expected }),
      ...(problem.toMend === undefined ? {} : { toMend: problem.toMend }),
    };
  }
}

function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
