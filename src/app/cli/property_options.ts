import { METAMORPHIC_PROPERTY_NAMES, NODE_PROPERTY_NAMES } from "../../check/properties/property_names.ts";
import { readBounds, type SearchBounds } from "../../check/properties/search_bounds.ts";
import { readDuration } from "../../scenario/values.ts";
import { closestWord } from "../../scenario/spelling.ts";
import { textOf, textsOf } from "./option_values.ts";

/** What the user asks of the search for counterexamples. */
export interface PropertyOptions {
  /** Their names. */
  readonly properties: readonly string[];
  readonly bounds: SearchBounds;
  /** The texts of `--within`, to write the command again. */
  readonly within: readonly string[];
  readonly budgetMs: number;
  readonly seed: number;
  /** Where a counterexample was found. */
  readonly path: string | undefined;
  /** A limit for the share of failed probes. */
  readonly atMost: number | undefined;
  /** A folder for the scenarios of counterexamples. */
  readonly folder: string | undefined;
}

/** The options of `sim check` that concern properties, as yargs takes them. */
export const PROPERTY_OPTIONS = {
  properties: {
    type: "string",
    requiresArg: true,
    group: "Properties:",
    describe: "Search for a counterexample: all, or names parted by commas",
  },
  within: {
    type: "string",
    array: true,
    nargs: 1,
    requiresArg: true,
    group: "Properties:",
    describe: "Bound what is generated: services=1..5, rate=100, kernels=5.4.188,6.1 …",
  },
  budget: {
    type: "string",
    requiresArg: true,
    group: "Properties:",
    describe: "How long to search in all (default: 20s)",
  },
  "search-seed": { type: "string", requiresArg: true, group: "Properties:", describe: "Another search (default: 1)" },
  replay: {
    type: "string",
    requiresArg: true,
    group: "Properties:",
    describe: "Try one case again: SEED:PATH, with the name of its property",
  },
  "at-most": {
    type: "string",
    requiresArg: true,
    group: "Properties:",
    describe: "The share of probes that may fail because of NodePorts, such as 1e-5",
  },
  counterexamples: {
    type: "string",
    requiresArg: true,
    group: "Properties:",
    describe: "Write the scenario of each counterexample to this folder",
  },
} as const;

const USUAL_BUDGET_MS = 20_000;
const SEED_MOST = 2_147_483_647;

/**
 * Reads the values that yargs collected for the properties.
 *
 * @returns the options; `undefined` if no property is asked for; or one sentence about the first value that cannot be used.
 */
export function readPropertyOptions(values: Readonly<Record<string, unknown>>): PropertyOptions | string | undefined {
  const text = (name: keyof typeof PROPERTY_OPTIONS): string | undefined => textOf(values[name]);
  const replay = text("replay");
  const limit = text("at-most");
  const names = text("properties") ?? (replay === undefined ? undefined : "all");
  if (names === undefined && limit === undefined) {
    const idle = Object.keys(PROPERTY_OPTIONS).find((name) => values[name] !== undefined);
    return idle === undefined ? undefined : `Cannot use --${idle} without --properties`;
  }
  const properties = readProperties(names ?? "");
  if (typeof properties === "string") return properties;
  const within = textsOf(values["within"]);
  const bounds = readBounds(within);
  if (typeof bounds === "string") return bounds;
  const budget = readDuration(text("budget") ?? "20s");
  if (!budget.ok || budget.value <= 0) {
    return `Cannot use --budget ${JSON.stringify(text("budget"))}: write a time such as 20s`;
  }
  const atMost = limit === undefined ? undefined : Number(limit);
  if (atMost !== undefined && !(atMost > 0 && atMost < 1)) {
    return `Cannot use --at-most ${JSON.stringify(limit)}: write a share above 0 and below 1, such as 1e-5`;
  }
  const place = readPlace(text("search-seed") ?? "1", replay);
  if (typeof place === "string") return place;
  if (replay !== undefined && properties.length !== 1) {
    return "Cannot use --replay without the name of one property: add --properties NAME";
  }
  const budgetMs = text("budget") === undefined ? USUAL_BUDGET_MS : budget.value / 1000;
  return { properties, bounds, within, budgetMs, ...place, atMost, folder: text("counterexamples") };
}

function readProperties(text: string): readonly string[] | string {
  if (text === "all") return NODE_PROPERTY_NAMES;
  const known = [...NODE_PROPERTY_NAMES, ...METAMORPHIC_PROPERTY_NAMES];
  const names = text.split(",").filter((name) => name !== "");
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    const closest = closestWord(wrong, known);
    const meant = closest === undefined ? "" : ` (did you mean ${closest}?)`;
    return `Unknown property ${JSON.stringify(wrong)}${meant}: write all, or some of ${known.join(", ")}`;
  }
  return known.filter((name) => names.includes(name));
}

function readPlace(seed: string, replay: string | undefined): Pick<PropertyOptions, "path" | "seed"> | string {
  const match = replay === undefined ? undefined : /^(-?\d{1,10}):(\d+(?::\d+)*)$/.exec(replay);
  if (match === null) return `Cannot use --replay ${JSON.stringify(replay)}: write SEED:PATH such as 1:2:0`;
  const number = Number(match?.[1] ?? seed);
  if (!Number.isInteger(number) || Math.abs(number) > SEED_MOST) {
    return `Cannot use --search-seed ${JSON.stringify(seed)}: write a whole number of 32 bits`;
  }
  return { seed: number, path: match?.[2] };
}
