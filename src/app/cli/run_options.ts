import { readDuration } from "../../scenario/values.ts";
import type { Micros } from "../../units.ts";

/** What the user asks of `sim run`, read and checked. */
export interface RunOptions {
  readonly scenario: string;
  /** `PATH=VALUE`, in the order in which they apply: all of `--set`, then the options that stand for a key of the file. */
  readonly overrides: readonly string[];
  /** How many workers to use; `undefined` leaves it to the machine. */
  readonly jobs: number | undefined;
  readonly format: "text" | "json";
  /** The folder to write the result to. */
  readonly out: string | undefined;
  readonly isQuiet: boolean;
  /** The one replication to run, from 0. */
  readonly replication: number | undefined;
  /** Where the one replication stops. */
  readonly until: Micros | undefined;
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
  replication: { type: "string", requiresArg: true, group: "Replay:", describe: "Run this replication alone, from 0" },
  until: { type: "string", requiresArg: true, group: "Replay:", describe: "Stop it at this time, such as 12.345678s" },
} as const;

/** Options whose value overrides the key of the same name in the scenario. */
const KEY_OPTIONS = ["seed", "replications", "duration", "kernel"] as const;

/** The most replications or workers that a command line may ask for. */
const MOST = 1_000_000;

/**
 * Reads the values that yargs collected for `sim run`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readRunOptions(values: Readonly<Record<string, unknown>>): RunOptions | string {
  for (const name of Object.keys(RUN_OPTIONS)) {
    const value = values[name];
    if (name !== "set" && Array.isArray(value)) return `Cannot use --${name} ${value.length} times: give it once`;
    if (value === "" && name !== "set") return `Cannot use --${name} without a value`;
  }
  const overrides = texts(values["set"]);
  const wrong = overrides.find((override) => !/^[^=]+=/.test(override));
  if (wrong !== undefined) return `Cannot use --set ${quoted(wrong)}: write PATH=VALUE, such as kernel=6.1`;
  const counts = new Map<string, number>();
  for (const [name, least] of [
    ["replications", 1],
    ["jobs", 1],
    ["replication", 0],
  ] as const) {
    const text = textOf(values[name]);
    if (text === undefined) continue;
    const count = readCount(text, least);
    if (count === undefined)
      return `Cannot use --${name} ${quoted(text)}: it must be a whole number from ${least} to ${MOST}`;
    counts.set(name, count);
  }
  const until = readUntil(textOf(values["until"]), counts.has("replication"));
  if (typeof until === "string") return until;
  return {
    scenario: textOf(values["scenario"]) ?? "",
    overrides: overrides.concat(
      KEY_OPTIONS.flatMap((name) => {
        const text = textOf(values[name]);
        return text === undefined ? [] : [`${name}=${text}`];
      }),
    ),
    jobs: counts.get("jobs"),
    format: values["format"] === "json" ? "json" : "text",
    out: textOf(values["out"])?.replace(/(?<=.)[/\\]+$/, ""),
    isQuiet: values["quiet"] === true,
    replication: counts.get("replication"),
    until: until?.at,
  };
}

/** The value of `--until`, which means something for one replication only; or a sentence about what is wrong. */
function readUntil(text: string | undefined, hasReplication: boolean): { readonly at: Micros } | string | undefined {
  if (text === undefined) return undefined;
  if (!hasReplication) return "Cannot use --until alone: say with --replication which replication to stop";
  const duration = readDuration(text);
  if (duration.ok) return { at: duration.value };
  return `Cannot use --until ${quoted(text)}: ${duration.why}; write a time such as 12.345678s or 90m`;
}

/** A whole number written in digits, within its bounds. */
function readCount(text: string, least: number): number | undefined {
  const count = Number(text);
  return /^[0-9]{1,7}$/.test(text) && count >= least && count <= MOST ? count : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one) => typeof one === "string");
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
