import { singleValuesProblem, textOf, textsOf } from "./option_values.ts";
/** What the user asks of `sim conform`. */
export interface ConformOptions {
  /** Folders and files, at least one. */
  readonly paths: readonly string[];
  readonly format: "text" | "json";
  readonly isQuiet: boolean;
  /** The boot secret of every case; each case's id if absent. */
  readonly seed: string | undefined;
}

/** The options of `sim conform` as yargs takes them. */
export const CONFORM_OPTIONS = {
  format: { type: "string", requiresArg: true, choices: ["text", "json"], describe: "What to print" },
  seed: { type: "string", requiresArg: true, describe: "Another boot secret: laws hold for every one" },
  quiet: { type: "boolean", describe: "No progress line" },
} as const;

/**
 * Reads the values that yargs collected for `sim conform`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readConformOptions(values: Readonly<Record<string, unknown>>): ConformOptions | string {
  const problem = singleValuesProblem(values, Object.keys(CONFORM_OPTIONS));
  if (problem !== undefined) return problem;
  const paths = textsOf(values["dir"]);
  if (paths.length === 0 || paths.includes("")) return "Name the folder of recorded cases: sim conform DIR";
  return {
    paths,
    format: values["format"] === "json" ? "json" : "text",
    isQuiet: values["quiet"] === true,
    seed: textOf(values["seed"]),
  };
}
