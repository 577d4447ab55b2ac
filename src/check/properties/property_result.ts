/** What a search has come to. `undecided`: nothing proves the property, and no case was found that violates it. */
export type PropertyVerdict = "holds" | "undecided" | "violated";

/** The smallest case that violates a property. */
export interface Counterexample {
  /** What happens in it, in one sentence. */
  readonly what: string;
  /** A scenario that `sim run` and `sim explain` take. */
  readonly scenario: string;
  readonly services: number;
  readonly pods: number;
  readonly kernel: string;
  readonly figures: Readonly<Record<string, number | string | readonly number[]>>;
}

/** What became of one property of one node. */
export interface PropertyResult {
  readonly name: string;
  /** What should hold. */
  readonly title: string;
  readonly target: string;
  /** Whether it is not violated. */
  readonly ok: boolean;
  readonly verdict: PropertyVerdict;
  /** What the verdict rests on. */
  readonly method: "exact" | "search" | "sequential-test" | "structure";
  /** One or two sentences. */
  readonly why: string;
  /** Cases that were simulated, shrinking included; boots for a sequential test. */
  readonly cases: number;
  readonly shrinks: number;
  /** With `path` they give the counterexample again. */
  readonly seed: number;
  readonly path?: string;
  readonly counterexample?: Counterexample;
}
