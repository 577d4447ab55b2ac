import type * as fc from "fast-check";

/** One input: a text, or several that belong together, such as the files of a folder. */
export type FuzzInput = readonly string[];

/** What a parser made of an input: both are right answers, everything else is thrown. */
export type FuzzVerdict = "accepted" | "refused";

/** A parser, or the engine, with inputs that try to break it. */
export interface FuzzTarget {
  /** The word behind `--parser`. */
  readonly name: string;
  readonly inputs: fc.Arbitrary<FuzzInput>;
  /** @throws whatever is wrong with the answer. */
  readonly judge: (input: FuzzInput) => FuzzVerdict | Promise<FuzzVerdict>;
  /** The most time that one input may take, in milliseconds. */
  readonly budgetMs: number;
  /** How many inputs a run of `npm test` tries. */
  readonly shortRuns: number;
}

/** Throws unless a condition holds; what is thrown is the finding of a fuzz run. */
export function must(condition: boolean, whatMustHold: string): asserts condition {
  if (!condition) throw new Error(whatMustHold);
}
