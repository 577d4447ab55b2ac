import type { Patch } from "../support/mutant_factory.ts";

/** A rule of the model, and the change of one expression that turns it off. */
export interface Mutation extends Patch {
  /** What the model does, as one would say it of the kernel. */
  readonly rule: string;
  /** What the changed model does instead. */
  readonly instead: string;
  /** The recording, or failing that the derived case, that the changed model no longer agrees with; absent if it agrees with all. */
  readonly caughtBy?: string;
}
