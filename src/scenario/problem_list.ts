import type { Diagnostic } from "./diagnostic.ts";
import type { Problem, Span } from "./source_text.ts";

const MOST_PROBLEMS = 1000;

interface Placed {
  readonly span: Span;
  readonly problem: Problem;
}

/** Collects problems with their places; each place and message counts once. It never throws. */
export class ProblemList {
  readonly #placed = new Map<string, Placed>();
  #leftOut = 0;

  /** Problems so far, at most 1,000. */
  get count(): number {
    return this.#placed.size;
  }

  /** Whether further problems are only counted: then no pains are taken over what they say. */
  get isFull(): boolean {
    return this.#placed.size >= MOST_PROBLEMS;
  }

  /** Adds a problem; beyond 1,000 only their number is kept. */
  add(span: Span, problem: Problem): void {
    const key = `${span.source.rank} ${span.start} ${problem.message}`;
    if (this.#placed.has(key)) return;
    if (this.#placed.size >= MOST_PROBLEMS) this.#leftOut += 1;
    else this.#placed.set(key, { span, problem });
  }

  /** Adds those problems of another list that stand before an offset of the scenario file. */
  addBefore(offset: number, other: ProblemList): void {
    for (const { span, problem } of other.#placed.values()) if (span.start < offset) this.add(span, problem);
  }

  /** Each problem with its place, in the order in which they were added. */
  *placed(): Iterable<{ readonly span: Span; readonly problem: Problem }> {
    yield* this.#placed.values();
  }

  /** Whether this problem is in the list, at this place. */
  has({ source, start }: Span, { message }: Problem): boolean {
    return this.#placed.has(`${source.rank} ${start} ${message}`);
  }

  /** The diagnostics in order of their places: the file first, then the options. O(n log n). */
  diagnostics(): readonly Diagnostic[] {
    const ordered = [...this.#placed.values()]
      .map((placed, index) => ({ ...placed, index }))
      .toSorted((a, b) => a.span.source.rank - b.span.source.rank || a.span.start - b.span.start || a.index - b.index);
    const diagnostics = ordered.map(({ span, problem }) => span.source.diagnose(span.start, span.end, problem));
    const last = diagnostics.at(-1);
    if (this.#leftOut === 0 || last === undefined) return diagnostics;
    const { expected: _expected, toMend: _toMend, ...place } = last;
    const message = `Cannot list ${this.#leftOut} more problems: ${MOST_PROBLEMS} are shown`;
    return [...diagnostics, { ...place, message, toMend: "mend those that are shown, and read the file again" }];
  }
}
