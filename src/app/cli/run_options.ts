import { REPLICATIONS_MOST } from "../../scenario/size_limits.ts";
import { readDuration } from "../../scenario/values.ts";
import type { StoppingRule } from "../../study/stopping_rule.ts";
import type { Micros } from "../../units.ts";
import { SECOND } from "../../units.ts";
import { singleValuesProblem, textOf, textsOf, withoutSlash } from "./option_values.ts";

/** What the user asks of `sim run`, read and checked. */
export interface RunOptions {
  readonly scenario: string;
  /** `PATH=VALUE`, in the order in which they apply: all of `--set`, then the options that stand for a key of the file. */
  readonly overrides: readonly string[];
  /** The names of those of them that an option of the same name has set, such as `kernel`. */
  readonly keyOptions: readonly string[];
  /** How many workers to use; `undefined` leaves it to the machine. */
  readonly jobs: number | undefined;
  readonly format: "text" | "json";
  /** The folder to write the result to. */
  readonly out: string | undefined;
  readonly isQuiet: boolean;
  /** Check events and tables against plain models while running. */
  readonly isParanoid: boolean;
  /** The one replication to run, from 0. */
  readonly replication: number | undefined;
  /** Where the one replication stops. */
  readonly until: Micros | undefined;
  /** The start of each replication that is left out of the figures. */
  readonly warmUp: Micros | undefined;
  /** When to stop adding replications, if their number is not given. */
  readonly stopping: StoppingRule | undefined;
  /**
   * The texts of options beside overrides that the figures depend on, by their names: a sweep keeps them in its manifest
   * and hands them on to other machines.
   */
  readonly settings: Readonly<Record<string, string>>;
}

/** The options of `sim run` as yargs takes them. All values are text here: `--seed 007` must stay `007`. */
export const RUN_OPTIONS = {
  set: {
    type: "string",
    array: true,
    nargs: 1,
    group: "Scenario:",
    describe: "PATH=VALUE replaces one value of the file; may be given again",
  },
  kernel: { type: "string", requiresArg: true, group: "Scenario:", describe: "Kernel build, such as 5.4.188 or 6.1" },
  duration: { type: "string", requiresArg: true, group: "Scenario:", describe: "Simulated time, such as 24h or 90m" },
  seed: { type: "string", requiresArg: true, group: "Scenario:", describe: "Any text; the same seed, the same run" },
  replications: {
    type: "string",
    requiresArg: true,
    group: "Scenario:",
    describe: "How many times the node boots anew",
  },
  jobs: { type: "string", requiresArg: true, group: "Run:", describe: "Workers side by side [default: one per core]" },
  format: { type: "string", requiresArg: true, group: "Run:", choices: ["text", "json"], describe: "What to print" },
  out: { type: "string", requiresArg: true, group: "Run:", describe: "Write the result to this new folder as well" },
  quiet: { type: "boolean", group: "Run:", describe: "No progress line" },
  paranoid: {
    type: "boolean",
    group: "Run:",
    describe: "Check events and tables against plain models all the time: the same result, several times slower",
  },
  "warm-up": {
    type: "string",
    requiresArg: true,
    group: "Run:",
    describe: "Leave the start of each boot out of the figures, such as 4m",
  },
  precision: {
    type: "string",
    requiresArg: true,
    group: "Run:",
    describe: "Add replications until the interval is within so much of the estimate, such as 10%",
  },
  budget: {
    type: "string",
    requiresArg: true,
    group: "Run:",
    describe: "With --precision: simulated time of all boots not to exceed, such as 90d",
  },
  "cpu-budget": {
    type: "string",
    requiresArg: true,
    group: "Run:",
    describe: "With --precision: CPU time not to exceed, such as 60s; the result then depends on the machine",
  },
  replication: { type: "string", requiresArg: true, group: "Replay:", describe: "Run this replication alone, from 0" },
  until: { type: "string", requiresArg: true, group: "Replay:", describe: "Stop it at this time, such as 12.345678s" },
} as const;

/** Options whose value overrides the key of the same name in the scenario. */
const KEY_OPTIONS = ["seed", "replications", "duration", "kernel"] as const;

/** Options beside the keys of the scenario that figures depend on. */
const SETTING_OPTIONS = ["precision", "budget", "cpu-budget", "warm-up"] as const;

/** The most workers that a command line may ask for. */
const JOBS_MOST = 1_000_000;

/**
 * Reads the values that yargs collected for `sim run`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readRunOptions(values: Readonly<Record<string, unknown>>): RunOptions | string {
  const single = Object.keys(RUN_OPTIONS).filter((name) => name !== "set");
  const problem = singleValuesProblem(values, single);
  if (problem !== undefined) return problem;
  const overrides = textsOf(values["set"]);
  const wrong = overrides.find((override) => !/^[^=]+=/.test(override));
  if (wrong !== undefined) return `Cannot use --set ${JSON.stringify(wrong)}: write PATH=VALUE, such as kernel=6.1`;
  const counts = new Map<string, number>();
  for (const [name, least, most] of [
    ["replications", 1, REPLICATIONS_MOST],
    ["jobs", 1, JOBS_MOST],
    ["replication", 0, REPLICATIONS_MOST - 1],
  ] as const) {
    const text = textOf(values[name]);
    if (text === undefined) continue;
    const count = readCount(text, least, most);
    if (count === undefined)
      return `Cannot use --${name} ${JSON.stringify(text)}: it must be a whole number from ${least} to ${most}`;
    counts.set(name, count);
  }
  const out = textOf(values["out"]);
  const until = readUntil(textOf(values["until"]), counts.has("replication"));
  if (typeof until === "string") return until;
  const warmUp = readWarmUp(textOf(values["warm-up"]));
  if (typeof warmUp === "string") return warmUp;
  const stopping = readStopping(values, counts.has("replication"));
  if (typeof stopping === "string") return stopping;
  const keyOptions = KEY_OPTIONS.filter((name) => values[name] !== undefined);
  return {
    scenario: textOf(values["scenario"]) ?? "",
    overrides: overrides.concat(keyOptions.map((name) => `${name}=${textOf(values[name])}`)),
    keyOptions,
    jobs: counts.get("jobs"),
    format: values["format"] === "json" ? "json" : "text",
    out: out === undefined ? undefined : withoutSlash(out),
    isQuiet: values["quiet"] === true,
    isParanoid: values["paranoid"] === true,
    replication: counts.get("replication"),
    until: until?.at,
    warmUp: warmUp?.at,
    stopping,
    settings: Object.fromEntries(
      SETTING_OPTIONS.flatMap((name) => {
        const text = textOf(values[name]);
        return text === undefined ? [] : [[name, text]];
      }),
    ),
  };
}

/** The value of `--until`, which means something for one replication only; or a sentence about what is wrong. */
function readUntil(text: string | undefined, hasReplication: boolean): { readonly at: Micros } | string | undefined {
  if (text === undefined) return undefined;
  if (!hasReplication) return "Cannot use --until alone: say with --replication which replication to stop";
  const duration = readDuration(text);
  if (duration.ok) return { at: duration.value };
  return `Cannot use --until ${JSON.stringify(text)}: ${duration.why}; write a time such as 12.345678s or 90m`;
}

/** `--warm-up`, or a sentence about what is wrong. */
function readWarmUp(text: string | undefined): { readonly at: Micros } | string | undefined {
  if (text === undefined) return undefined;
  const duration = readDuration(text);
  if (duration.ok) return { at: duration.value };
  return `Cannot use --warm-up ${JSON.stringify(text)}: ${duration.why}; write a time such as 240s or 4m`;
}

/** `--precision` with its budgets, which mean nothing without it; or a sentence about what is wrong. */
function readStopping(
  values: Readonly<Record<string, unknown>>,
  hasReplication: boolean,
): StoppingRule | string | undefined {
  const text = textOf(values["precision"]);
  const budgets: Partial<Record<"budget" | "cpu-budget", Micros>> = {};
  for (const name of ["budget", "cpu-budget"] as const) {
    const budget = textOf(values[name]);
    if (budget === undefined) continue;
    if (text === undefined) return `Cannot use --${name} alone: say with --precision what it is spent on`;
    const duration = readDuration(budget);
    if (!duration.ok)
      return `Cannot use --${name} ${JSON.stringify(budget)}: ${duration.why}; write a time such as 90d or 60s`;
    budgets[name] = duration.value;
  }
  if (text === undefined) return undefined;
  if (hasReplication) return "Cannot use --precision with --replication: a replay is of one boot";
  const percent = /^[0-9]+(\.[0-9]+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (!(percent >= 0.1 && percent <= 100)) {
    return `Cannot use --precision ${JSON.stringify(text)}: it must be a percentage from 0.1% to 100%`;
  }
  const { budget, "cpu-budget": cpu } = budgets;
  return {
    precision: percent / 100,
    ...(budget === undefined ? {} : { budget }),
    ...(cpu === undefined ? {} : { cpuBudgetSeconds: cpu / SECOND }),
  };
}

/** A whole number written in digits, within its bounds. */
function readCount(text: string, least: number, most: number): number | undefined {
  const count = Number(text);
  return /^[0-9]{1,7}$/.test(text) && count >= least && count <= most ? count : undefined;
}
