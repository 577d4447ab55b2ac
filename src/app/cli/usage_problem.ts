import { closestWord } from "../../scenario/spelling.ts";
import { COMMANDS } from "./asked_command.ts";
import { CHART_OPTIONS } from "./chart_options.ts";
import { CHECK_OPTIONS } from "./check_options.ts";
import { CONFORM_OPTIONS } from "./conform_options.ts";
import { EXPLAIN_OPTIONS } from "./explain_options.ts";
import { DIFF_OPTIONS, OWN_DIFF_OPTIONS } from "./diff_options.ts";
import { IMPORT_OPTIONS } from "./import_options.ts";
import { PAGE_OPTIONS } from "./page_options.ts";
import { PORTS_OPTIONS } from "./ports_options.ts";
import { MERGE_OPTIONS } from "./merge_options.ts";
import { REPORT_OPTIONS } from "./report_options.ts";
import { RUN_OPTIONS } from "./run_options.ts";
import { SWEEP_OPTIONS } from "./sweep_options.ts";

/** Environment variables with this prefix are options of `sim run`: `SIM_OPT_JOBS=2` is `--jobs 2`. */
export const ENVIRONMENT_PREFIX = "SIM_OPT_";

type Command = (typeof COMMANDS)[number];

/** The options of each command; of `diff` those that it does not share with `run`. */
const OPTIONS: Readonly<Record<Command, Readonly<Record<string, unknown>>>> = {
  run: RUN_OPTIONS,
  explain: EXPLAIN_OPTIONS,
  sweep: SWEEP_OPTIONS,
  merge: MERGE_OPTIONS,
  diff: OWN_DIFF_OPTIONS,
  chart: CHART_OPTIONS,
  check: CHECK_OPTIONS,
  ports: PORTS_OPTIONS,
  conform: CONFORM_OPTIONS,
  report: REPORT_OPTIONS,
  import: IMPORT_OPTIONS,
  page: PAGE_OPTIONS,
  init: {},
  schema: {},
  completion: {},
};

/** What a command lacks that was given no word; `undefined` for one that needs none. */
const MISSING_WORDS: Readonly<Record<Command, string | undefined>> = {
  run: "Name the scenario to run: sim run SCENARIO",
  explain: "Name the scenario of the probe: sim explain SCENARIO",
  sweep: "Name the scenario to sweep: sim sweep SCENARIO --vary PATH=A,B,C",
  merge: "Name the folders to merge: sim merge DIR… --out DIR",
  diff: "Name the scenario to compare: sim diff SCENARIO --a PATH=VALUE --b PATH=VALUE",
  chart: "Name the result to draw: sim chart RESULT --out chart.svg",
  check: "Name what to check: sim check TARGET…",
  conform: "Name the folder of recorded cases: sim conform DIR",
  report: "Name the result to report on: sim report RESULT --out report.html",
  ports: undefined,
  import: undefined,
  page: undefined,
  init: undefined,
  schema: undefined,
  completion: undefined,
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
    const command = commandIn(argv);
    return (command === undefined ? undefined : MISSING_WORDS[command]) ?? message;
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
  const command = commandIn(argv);
  const owners = COMMANDS.filter((one) => Object.hasOwn(OPTIONS[one], name)).map((one) => `sim ${one}`);
  if (owners.length > 0) return `Cannot use ${dashes}${name} here: it is an option of ${owners.join(" and ")}`;
  const from = isGiven
    ? ""
    : ` (from ${ENVIRONMENT_PREFIX}${name.toUpperCase().replaceAll("-", "_")} in the environment)`;
  const own = command === undefined ? {} : command === "diff" ? DIFF_OPTIONS : OPTIONS[command];
  const closest = closestWord(name, Object.keys(own));
  return `Unknown option ${dashes}${name}${from}${didYouMean(closest === undefined ? undefined : `--${closest}`)}`;
}

/** The command that the words name, if they name one. */
function commandIn(argv: readonly string[]): Command | undefined {
  const word = argv.find((one) => COMMANDS.some((name) => name === one));
  return COMMANDS.find((name) => name === word);
}

/** A closer for a message about a word that nobody knows, if there is a word near it. */
export function didYouMean(closest: string | undefined): string {
  return closest === undefined ? "" : `; did you mean ${closest}?`;
}
