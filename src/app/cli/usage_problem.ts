import { closestWord } from "../../scenario/spelling.ts";
import { CHECK_OPTIONS } from "./check_options.ts";
import { CONFORM_OPTIONS } from "./conform_options.ts";
import { EXPLAIN_OPTIONS } from "./explain_options.ts";
import { DIFF_OPTIONS, OWN_DIFF_OPTIONS } from "./diff_options.ts";
import { PORTS_OPTIONS } from "./ports_options.ts";
import { MERGE_OPTIONS } from "./merge_options.ts";
import { RUN_OPTIONS } from "./run_options.ts";
import { SWEEP_OPTIONS } from "./sweep_options.ts";

/** Environment variables with this prefix are options of `sim run`: `SIM_OPT_JOBS=2` is `--jobs 2`. */
export const ENVIRONMENT_PREFIX = "SIM_OPT_";

/** The options of each command that has any. */
const OPTIONS: readonly (readonly [command: string, names: readonly string[]])[] = [
  ["run", Object.keys(RUN_OPTIONS)],
  ["sweep", Object.keys(SWEEP_OPTIONS)],
  ["merge", Object.keys(MERGE_OPTIONS)],
  ["explain", Object.keys(EXPLAIN_OPTIONS)],
  ["diff", Object.keys(OWN_DIFF_OPTIONS)],
  ["check", Object.keys(CHECK_OPTIONS)],
  ["ports", Object.keys(PORTS_OPTIONS)],
  ["conform", Object.keys(CONFORM_OPTIONS)],
];

/** What a command lacks that was given no word. */
const MISSING_WORDS: Readonly<Record<string, string>> = {
  check: "Name what to check: sim check TARGET…",
  conform: "Name the folder of recorded cases: sim conform DIR",
  diff: "Name the scenario to compare: sim diff SCENARIO --a PATH=VALUE --b PATH=VALUE",
  explain: "Name the scenario of the probe: sim explain SCENARIO",
  sweep: "Name the scenario to sweep: sim sweep SCENARIO --vary PATH=A,B,C",
  merge: "Name the folders to merge: sim merge DIR… --out DIR",
};

/** What yargs complains about, as one clear sentence. `argv` are the words after `sim`. */
export function plainUsageProblem(message: string, argv: readonly string[]): string {
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)?.[1];
  if (unknown !== undefined)
    return unknown
      .split(", ")
      .map((name) => unknownArgument(name, argv))
      .join("; ");
  const follows = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (follows !== undefined) return `Cannot use --${follows} without a value`;
  if (message.startsWith("Not enough non-option arguments")) {
    return MISSING_WORDS[argv[0] ?? ""] ?? "Name the scenario to run: sim run SCENARIO";
  }
  const choice = /Argument: (\S+), Given: (.+), Choices: (.+)$/s.exec(message);
  if (choice !== null) {
    const name = choice[1] === "shell" ? "the shell" : `--${choice[1]}`;
    return `Cannot use ${choice[2]} as ${name}: choose one of ${choice[3]}`;
  }
  return message;
}

/** One word or option that no command knows. yargs names options without their dashes. */
function unknownArgument(name: string, argv: readonly string[]): string {
  if (argv.includes(name)) return `Unexpected word ${JSON.stringify(name)}`;
  const isGiven = argv.some((word) => word.startsWith("-") && word.replace(/^-+/, "").startsWith(name));
  const dashes = name.length === 1 ? "-" : "--";
  const own =
    argv[0] === "diff" ? Object.keys(DIFF_OPTIONS) : (OPTIONS.find(([command]) => command === argv[0])?.[1] ?? []);
  const owners = OPTIONS.flatMap(([command, names]) => (names.includes(name) ? [`sim ${command}`] : []));
  if (owners.length > 0) return `Cannot use ${dashes}${name} here: it is an option of ${owners.join(" and ")}`;
  const from = isGiven
    ? ""
    : ` (from ${ENVIRONMENT_PREFIX}${name.toUpperCase().replaceAll("-", "_")} in the environment)`;
  const closest = closestWord(name, own);
  return `Unknown option ${dashes}${name}${from}${didYouMean(closest === undefined ? undefined : `--${closest}`)}`;
}

/** A closer for a message about a word that nobody knows, if there is a word near it. */
export function didYouMean(closest: string | undefined): string {
  return closest === undefined ? "" : `; did you mean ${closest}?`;
}
