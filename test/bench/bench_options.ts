import { closestWord } from "../../src/scenario/spelling.ts";
import { CASES } from "./cases.ts";

/** What `npm run bench` was asked for. */
export interface BenchOptions {
  /** Names of cases, in the order of the table. */
  readonly cases: readonly string[];
  readonly rounds: number;
  readonly isQuick: boolean;
  /** A file to write the result to. */
  readonly json?: string;
  /** A file of an earlier result to compare with. */
  readonly against?: string;
  /** Per cent by which a figure may be worse than there. */
  readonly failAbove?: number;
  /** A file to read the result from, in place of measuring. */
  readonly from?: string;
  readonly writesPage: boolean;
  /** Whether the engine is compiled first. */
  readonly builds: boolean;
}

/** Something to do, something to print, or what is wrong and how to mend it. */
export type Asked =
  | { readonly do: "measure"; readonly options: BenchOptions }
  | { readonly do: "list" | "help" }
  | { readonly do: "refuse"; readonly problem: string };

const OPTIONS = [
  { name: "only", value: "NAME[,NAME]", help: "these cases alone (--list names them)" },
  { name: "rounds", value: "N", help: "rounds, of which medians are printed: 5, or 1 with --quick" },
  { name: "quick", help: "a tenth of the work and no slow points: for a look, not for comparisons" },
  { name: "json", value: "FILE", help: "writes all figures of all rounds" },
  { name: "against", value: "FILE", help: "compares with such a file" },
  { name: "fail-above", value: "PERCENT", help: "with --against: exit code 1 if a figure is worse by more than that" },
  { name: "from", value: "FILE", help: "prints or compares what such a file holds, and measures nothing" },
  { name: "write-page", help: "writes the figures into src/docs/performance.md" },
  { name: "build", help: "compiles the engine first, as npm run bench does" },
  { name: "list", help: "names the cases" },
  { name: "help", help: "this text" },
] as const;

type OptionName = (typeof OPTIONS)[number]["name"];

/** The text of `--help`. */
export function helpText(): string {
  const shown = OPTIONS.map((option) => ({
    left: `--${option.name}${"value" in option ? ` ${option.value}` : ""}`,
    help: option.help,
  }));
  const width = Math.max(...shown.map(({ left }) => left.length));
  return [
    "npm run bench -- [OPTIONS]",
    "",
    ...shown.map(({ left, help }) => `  ${left.padEnd(width)}  ${help}`),
    "",
  ].join("\n");
}

/** Reads the words behind `npm run bench --`. */
export function parseBenchOptions(words: readonly string[]): Asked {
  const given = new Map<OptionName, string>();
  for (let place = 0; place < words.length; place += 1) {
    const [name = "", ...rest] = words[place]!.split("=");
    const option = OPTIONS.find((one) => `--${one.name}` === name);
    if (option === undefined) return refuse(unknownOption(name));
    if (given.has(option.name)) return refuse(`Cannot take ${name} twice: give it once`);
    if (!("value" in option)) {
      if (rest.length > 0) return refuse(`Cannot take a value for ${name}: write ${name} alone`);
      given.set(option.name, "");
      continue;
    }
    const value = rest.length > 0 ? rest.join("=") : words[(place += 1)];
    if (value === undefined || value === "" || value.startsWith("--")) {
      return refuse(`Cannot use ${name} without a value: write ${name} ${option.value}`);
    }
    given.set(option.name, value);
  }
  if (given.has("help")) return { do: "help" };
  if (given.has("list")) return { do: "list" };
  return optionsOf(given);
}

function unknownOption(name: string): string {
  if (!name.startsWith("--")) {
    return `Cannot use ${JSON.stringify(name)}: cases are named with --only, and --help shows all options`;
  }
  const closest = closestWord(
    name.slice(2),
    OPTIONS.map((one) => one.name),
  );
  return `Cannot use ${name}: ${closest === undefined ? "--help shows all options" : `did you mean --${closest}?`}`;
}

function optionsOf(given: ReadonlyMap<OptionName, string>): Asked {
  const names = CASES.map(({ name }) => name);
  const only = given.get("only")?.split(",");
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const closest = closestWord(unknown, names);
    const mend = closest === undefined ? "--list names all cases" : `did you mean ${closest}?`;
    return refuse(`Cannot measure the case ${JSON.stringify(unknown)}: ${mend}`);
  }
  const isQuick = given.has("quick");
  const rounds = wholeNumber(given.get("rounds") ?? (isQuick ? "1" : "5"));
  if (rounds === undefined || rounds < 1 || rounds > 1000) {
    return refuse(`Cannot use --rounds ${given.get("rounds")}: write a whole number from 1 to 1000`);
  }
  const failAbove = given.get("fail-above");
  const percent = failAbove === undefined ? undefined : wholeNumber(failAbove.replace(/ ?%$/, ""));
  if (failAbove !== undefined && percent === undefined) {
    return refuse(`Cannot use --fail-above ${failAbove}: write a whole number of per cent, such as 10`);
  }
  if (failAbove !== undefined && !given.has("against")) {
    return refuse("Cannot use --fail-above by itself: say with --against FILE what is compared");
  }
  const clash = (["json", "rounds", "quick"] as const).find((name) => given.has(name));
  if (given.has("from") && clash !== undefined) {
    return refuse(`Cannot use --${clash} with --from: nothing is measured, leave one of them out`);
  }
  const isPartial = isQuick || only !== undefined;
  if (given.has("write-page") && isPartial) {
    return refuse("Cannot write the page from a part of the suite: leave out --only and --quick");
  }
  const json = given.get("json");
  const against = given.get("against");
  const from = given.get("from");
  const options: BenchOptions = {
    cases: names.filter((name) => only?.includes(name) ?? true),
    rounds,
    isQuick,
    writesPage: given.has("write-page"),
    builds: given.has("build") && !given.has("from"),
    ...(json === undefined ? {} : { json }),
    ...(against === undefined ? {} : { against }),
    ...(percent === undefined ? {} : { failAbove: percent }),
    ...(from === undefined ? {} : { from }),
  };
  return { do: "measure", options };
}

function refuse(problem: string): Asked {
  return { do: "refuse", problem };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
