import type { Exports } from "./exports.ts";

/** What the user decides about an import. */
export interface ImportOptions {
  /** The node that the exports are of, where they do not tell. */
  readonly node?: string;
  /** A kernel build in place of the exported one. */
  readonly kernel?: string;
  /** The port walk of a vendor's build that no evidence decides. */
  readonly portWalk?: string;
}

/** What the parts of an import share: the exports, the user's decisions, and where they say what they assumed. */
export interface PlanContext {
  readonly exports: Exports;
  readonly options: ImportOptions;
  /** Sentences for people, without names and addresses; they are also comments of the scenario. */
  readonly assumed: string[];
}
