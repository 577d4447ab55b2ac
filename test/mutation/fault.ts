import type { Patch } from "../support/mutant_factory.ts";

/** A deliberate fault in the engine: a change of one expression that a test of the suite has to notice. */
export interface Fault extends Patch {
  /** What the engine does wrong with it, in the present. */
  readonly wrong: string;
}
