import { singleValuesProblem, textOf, textsOf } from "./option_values.ts";

/** What the user asks of `sim report`, read and checked. */
export interface ReportOptions {
  /** Folders and files of results, at least one. */
  readonly results: readonly string[];
  /** The file to write; standard output without it. */
  readonly out: string | undefined;
  readonly format: "html" | "markdown";
  readonly title: string | undefined;
}

/** The options of `sim report` as yargs takes them. */
export const REPORT_OPTIONS = {
  out: {
    type: "string",
    requiresArg: true,
    group: "Output:",
    describe: "The file to write: .html for people, .md for a pull request [default: Markdown to standard output]",
  },
  format: {
    type: "string",
    requiresArg: true,
    choices: ["html", "markdown"],
    group: "Output:",
    describe: "The form, if the name of the file does not tell it",
  },
  title: { type: "string", requiresArg: true, group: "Output:", describe: "A title of your own" },
} as const;

/** How names of files end, and what is in them. */
const ENDINGS: readonly (readonly [ending: RegExp, format: ReportOptions["format"]])[] = [
  [/\.html?$/i, "html"],
  [/\.(md|markdown)$/i, "markdown"],
];

/**
 * Reads the values that yargs collected for `sim report`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readReportOptions(values: Readonly<Record<string, unknown>>): ReportOptions | string {
  const problem = singleValuesProblem(values, Object.keys(REPORT_OPTIONS));
  if (problem !== undefined) return problem;
  const results = [...new Set(textsOf(values["result"]))];
  const out = textOf(values["out"]);
  const asked = textOf(values["format"]);
  const byName = out === undefined ? undefined : ENDINGS.find(([ending]) => ending.test(out))?.[1];
  if (out !== undefined && byName === undefined && asked === undefined) {
    return `Cannot tell the form of ${JSON.stringify(out)}: name a file that ends in .html or .md, or say --format`;
  }
  if (byName !== undefined && asked !== undefined && byName !== asked) {
    return `Cannot write ${asked} to ${JSON.stringify(out)}: its name says ${byName}`;
  }
  const format = asked === "html" || asked === "markdown" ? asked : (byName ?? "markdown");
  return { results, out, format, title: textOf(values["title"]) };
}
