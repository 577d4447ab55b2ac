import { nodeConfig, type NodeConfig, type NodeConfigInput } from "./node_config.ts";
import type { NodeProperty } from "./node_property.ts";
import { judgeProbeShare } from "./probe_share.ts";
import type { PropertyResult } from "./property_result.ts";
import { DEFAULT_BOUNDS, type SearchBounds } from "./search_bounds.ts";
import { searchProperty, USUAL_BUDGET_MS } from "./search_property.ts";

/** How a matcher searches. */
export interface MatcherOptions {
  /** Bounds for what is generated; what is left out is as in `DEFAULT_BOUNDS`. */
  readonly within?: Partial<SearchBounds>;
  /** A whole number of 32 bits; 1 if absent. */
  readonly seed?: number;
  /** `SEED:PATH`, as a failed matcher prints it: only that case is tried. */
  readonly replay?: string;
  /** Cases before shrinking; 100 if absent. */
  readonly cases?: number;
  /** Milliseconds; 4,000 if absent, since vitest gives a test 5 s. */
  readonly budgetMs?: number;
  /** Whether a search that neither proves nor finds anything lets the matcher pass; it fails if absent. */
  readonly undecided?: "fails" | "passes";
}

/** How a matcher holds a share of failed probes against a limit. */
export interface ShareMatcherOptions extends MatcherOptions {
  /** The share of probes that may fail, above 0 and below 1; none may if absent. */
  readonly atMost?: number;
  /** How often a node at the limit is called above or below it; 0.01 each if absent. */
  readonly falseAlarm?: number;
}

/** What a matcher answers to vitest. */
export interface NodeMatch {
  readonly pass: boolean;
  readonly message: () => string;
}

interface Asked extends MatcherOptions {
  /** Whether the matcher stands behind `.not`: then only a counterexample will do. */
  readonly isNot: boolean;
}

/** Searches a property for `expect(node)`. */
export function matchProperty(
  node: NodeConfig | NodeConfigInput,
  property: NodeProperty,
  { isNot, within, replay, undecided, ...search }: Asked,
): NodeMatch {
  const place = replay === undefined ? {} : placeOf(replay);
  const result = searchProperty(property, configOf(node), { ...search, bounds: boundsOf(within), ...place });
  return matchOf(result, isNot, undecided);
}

/** Holds the share of failed probes against a limit for `expect(node)`. */
export function matchShare(
  node: NodeConfig | NodeConfigInput,
  options: Asked & { readonly atMost: number; readonly falseAlarm?: number },
): NodeMatch {
  const { isNot, within, atMost, falseAlarm, seed, cases, undecided } = options;
  const result = judgeProbeShare(configOf(node), {
    atMost,
    bounds: boundsOf(within),
    ...(falseAlarm === undefined ? {} : { falseAlarm }),
    ...(seed === undefined ? {} : { seed }),
    boots: cases ?? BOOTS_IN_A_TEST,
  });
  return matchOf(result, isNot, undecided);
}

/** Boots of a sequential test that fit into the time which vitest gives a test. */
const BOOTS_IN_A_TEST = Math.floor(USUAL_BUDGET_MS / 100);

function matchOf(result: PropertyResult, isNot: boolean, undecided: MatcherOptions["undecided"]): NodeMatch {
  const { verdict } = result;
  const isGood = verdict === "holds" || (verdict === "undecided" && undecided === "passes");
  return { pass: isNot ? verdict !== "violated" : isGood, message: () => matchText(result, isNot) };
}

function matchText(
  { title, verdict, why, method, seed, path, counterexample }: PropertyResult,
  isNot: boolean,
): string {
  const wanted = isNot ? `wanted: a counterexample to: ${title}` : `wanted: ${title}`;
  const lines = [wanted, `found:  ${verdict} (${method}). ${why}`];
  if (verdict === "undecided" && !isNot)
    lines.push('to mend: bound the search with within: {…}, or set undecided: "passes"');
  if (path !== undefined) lines.push(`replay: "${seed}:${path}"`);
  if (counterexample !== undefined) lines.push("", counterexample.scenario);
  return lines.join("\n");
}

function configOf(node: NodeConfig | NodeConfigInput): NodeConfig {
  return "network" in node ? node : nodeConfig(node);
}

function boundsOf(within: Partial<SearchBounds> = {}): SearchBounds {
  return { ...DEFAULT_BOUNDS, ...within };
}

function placeOf(replay: string): { readonly seed: number; readonly path: string } {
  const match = /^(-?\d+):(\d+(?::\d+)*)$/.exec(replay);
  if (match === null) throw new RangeError(`Cannot replay ${JSON.stringify(replay)}: write SEED:PATH such as 1:2:0`);
  return { seed: Number(match[1]), path: match[2] ?? "" };
}
