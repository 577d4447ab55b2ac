import type { CaseViolation, NodeCase } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** What can be said about a property without a simulation. */
export type Judgement =
  | { readonly kind: "holds"; readonly why: string; readonly method: "exact" | "structure" }
  /** It may be violated; `why` says what speaks for it. */
  | { readonly kind: "open"; readonly why: string };

/** The judgement that a property holds. */
export function holds(method: "exact" | "structure", why: string): Judgement {
  return { kind: "holds", method, why };
}

/** What should hold on every node that a configuration allows. */
export interface NodeProperty {
  /** Lower case, with hyphens; stable. */
  readonly name: string;
  /** What holds, in one sentence. */
  readonly title: string;
  /** By the structure of the configuration, or by enumeration. */
  judge(config: NodeConfig, bounds: SearchBounds): Judgement;
  /** Tries one case. @returns how it violates the property, or `undefined`. */
  test(one: NodeCase): CaseViolation | undefined;
  /** Small cases, made of a case, that are likely to violate the property, the smallest first. Each is worth a few seconds at most. */
  aims(one: NodeCase, bounds: SearchBounds): Iterable<NodeCase>;
}
