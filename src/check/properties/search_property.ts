import * as fc from "fast-check";
import { plural } from "../wording.ts";
import { caseScenario } from "./case_scenario.ts";
import type { CaseViolation, NodeCase } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import type { NodeProperty } from "./node_property.ts";
import type { Counterexample, PropertyResult } from "./property_result.ts";
import { DEFAULT_BOUNDS, type SearchBounds } from "./search_bounds.ts";
import { SearchedCase } from "./searched_case.ts";

/** How a property is searched for a counterexample. */
export interface SearchRequest {
  readonly bounds?: SearchBounds;
  /** A whole number of 32 bits; 1 if absent. */
  readonly seed?: number;
  /** Where in the search a counterexample was found: only that case is tried. */
  readonly path?: string;
  /** Cases before shrinking; 100 if absent. */
  readonly cases?: number;
  /** Milliseconds of wall clock after which no further case is begun; 4,000 if absent. */
  readonly budgetMs?: number;
  /** A command line that leads here, for the comment at the head of the scenario; without the replay option. */
  readonly command?: string;
}

/** Cases of a search whose request does not say. */
const USUAL_CASES = 100;

/** The budget of a search whose request does not say; vitest gives a test 5 s. */
export const USUAL_BUDGET_MS = 4_000;

/**
 * Decides by structure or by enumeration whether a property holds on all nodes that a configuration allows; where that
 * says nothing, searches for a case that violates it and shrinks that case. The same seed tries the same cases; only how
 * many of them fit into the budget depends on the machine.
 *
 *
 * @example
 * ```ts
 * const result = searchProperty(PROBE_NODEPORT, nodeConfig({ kernel: "5.4.188", nodePorts: [36704] }));
 * console.log(result.ok, result.counterexample?.what);
 * // false The only probe fails: its source port 36704 is a NodePort.
 * ```
 */
export function searchProperty(
  property: NodeProperty,
  config: NodeConfig,
  request: SearchRequest = {},
): PropertyResult {
  const { bounds = DEFAULT_BOUNDS, seed = 1, path, cases = USUAL_CASES, budgetMs = USUAL_BUDGET_MS } = request;
  const { name, title } = property;
  const about = { name, title, target: config.target, seed };
  const judged = property.judge(config, bounds);
  if (judged.kind === "holds" && path === undefined) {
    return { ...about, ok: true, verdict: "holds", method: judged.method, why: judged.why, cases: 0, shrinks: 0 };
  }
  let tried = 0;
  const found = fc.check(
    fc.property(new SearchedCase(property, config, bounds), (one) => {
      tried += 1;
      return property.test(one) === undefined;
    }),
    {
      seed,
      numRuns: cases,
      interruptAfterTimeLimit: budgetMs,
      markInterruptAsFailure: false,
      ...(path === undefined ? {} : { path, endOnFailure: true }),
    },
  );
  const searched = { ...about, method: "search", cases: tried, shrinks: found.numShrinks } as const;
  const one = found.counterexample?.[0];
  const violation = one === undefined ? undefined : property.test(one);
  if (one === undefined || violation === undefined) {
    const ended = found.interrupted ? "when the time was up" : "within the bounds";
    const why =
      path === undefined ? undecidedText(judged.why, tried, ended) : `The case at ${path} does not violate it.`;
    return { ...searched, ok: true, verdict: "undecided", why };
  }
  const place = path ?? found.counterexamplePath ?? "";
  const counterexample = counterexampleOf({ one, violation, property, replay: replayText(request, name, seed, place) });
  return { ...searched, ok: false, verdict: "violated", why: violation.what, path: place, counterexample };
}

function undecidedText(why: string, tried: number, ended: string): string {
  return `${why} None of ${plural(tried, "case")} violated it ${ended}.`;
}

function replayText({ command }: SearchRequest, name: string, seed: number, path: string): string {
  return `${command ?? `property ${name}`}${command === undefined ? ", seed and path" : " --replay"} ${seed}:${path}`;
}

function counterexampleOf(found: {
  readonly one: NodeCase;
  readonly violation: CaseViolation;
  readonly property: NodeProperty;
  readonly replay: string;
}): Counterexample {
  const { one, violation, property, replay } = found;
  const comments = [
    `Wanted: ${property.title}`,
    `A counterexample for ${one.config.target}, shrunk. Again: ${replay}`,
    "Run it with `sim run FILE`, and see `sim explain FILE` for the story of its packets.",
  ];
  const about = `A counterexample to ${property.name}. ${violation.what}`;
  const { expect, variant, what, figures } = violation;
  const words = { comments, about, expect, ...(variant === undefined ? {} : { variant }) };
  return {
    what,
    scenario: caseScenario(one, words),
    services: one.nodePorts.length,
    pods: one.pods,
    kernel: one.kernel,
    figures,
  };
}
