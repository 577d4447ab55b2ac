import { FIXED_KEYS } from "../../scenario/variant_section.ts";
import { textOf, textsOf } from "./option_values.ts";
import { readRunOptions, RUN_OPTIONS } from "./run_options.ts";
import type { RunOptions } from "./run_options.ts";

/** What the user asks of `sim diff`, read and checked. */
export interface DiffOptions extends RunOptions {
  /** The scenario of B, if it is not that of A. */
  readonly other: string | undefined;
  /** `PATH=VALUE` texts of one side each, applied after all others. */
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** Share of A's figure up to which a difference does not matter. */
  readonly margin: number;
}

/** The options that `sim diff` has beside those of `sim run`. */
export const OWN_DIFF_OPTIONS = {
  a: {
    type: "string",
    array: true,
    nargs: 1,
    group: "Comparison:",
    describe: "PATH=VALUE replaces one value on side A; may be given again",
  },
  b: { type: "string", array: true, nargs: 1, group: "Comparison:", describe: "The same on side B" },
  margin: {
    type: "string",
    requiresArg: true,
    group: "Comparison:",
    describe: "Differences up to this share of A's figure do not matter [default: 20%]",
  },
} as const;

// A precision is that of one figure; what a comparison wants is a margin.
const {
  replication: _replication,
  until: _until,
  precision: _precision,
  budget: _budget,
  "cpu-budget": _cpuBudget,
  ...SHARED
} = RUN_OPTIONS;

/** All options of `sim diff` as yargs takes them. */
export const DIFF_OPTIONS = { ...OWN_DIFF_OPTIONS, ...SHARED } as const;

const DEFAULT_MARGIN = "20%";

/**
 * Reads the values that yargs collected for `sim diff`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readDiffOptions(values: Readonly<Record<string, unknown>>): DiffOptions | string {
  const run = readRunOptions(values);
  if (typeof run === "string") return run;
  const a = textsOf(values["a"]);
  const b = textsOf(values["b"]);
  const wrong = problemOf("--a", a) ?? problemOf("--b", b);
  if (wrong !== undefined) return wrong;
  const other = textOf(values["other"]);
  if (other === undefined && a.length + b.length === 0) {
    return "Cannot compare a scenario with itself: give --a or --b with PATH=VALUE, or name a second scenario";
  }
  const given = values["margin"] ?? DEFAULT_MARGIN;
  if (Array.isArray(given)) return `Cannot use --margin ${given.length} times: give it once`;
  const margin = typeof given === "string" ? readPercent(given) : undefined;
  if (margin === undefined) {
    return `Cannot use --margin ${JSON.stringify(given)}: it must be a percentage from 0.1% to 100%`;
  }
  return { ...run, other, a, b, margin };
}

/** What is wrong with the settings of a side. */
function problemOf(option: string, settings: readonly string[]): string | undefined {
  for (const setting of settings) {
    if (!/^[^=]+=/.test(setting)) {
      return `Cannot use ${option} ${JSON.stringify(setting)}: write PATH=VALUE, such as kernel=6.1`;
    }
    const [path = ""] = setting.split("=", 1);
    const key = path.split(".", 1)[0] ?? "";
    if (!FIXED_KEYS.has(key)) continue;
    const isOption = Object.hasOwn(SHARED, key);
    const instead = isOption ? `; --${key} sets it for both` : "";
    return `Cannot use ${option} ${JSON.stringify(setting)}: boots are compared in pairs, and ${JSON.stringify(key)} has no part in a side${instead}`;
  }
  return undefined;
}

function readPercent(text: string): number | undefined {
  const percent = /^[0-9]{1,3}(\.[0-9]{1,3})?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  return percent >= 0.1 && percent <= 100 ? percent / 100 : undefined;
}
