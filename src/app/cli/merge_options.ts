import { singleValuesProblem, textsOf, withoutSlash } from "./option_values.ts";

/** What the user asks of `sim merge`, read and checked. */
export interface MergeOptions {
  readonly folders: readonly string[];
  readonly out: string;
  readonly format: "text" | "json";
}

/** The options of `sim merge` as yargs takes them. */
export const MERGE_OPTIONS = {
  out: { type: "string", requiresArg: true, group: "Merge:", describe: "The new folder for the whole result" },
  format: { type: "string", requiresArg: true, group: "Merge:", choices: ["text", "json"], describe: "What to print" },
} as const;

/** Reads the values that yargs collected for `sim merge`. @returns the options, or one sentence about what is wrong. */
export function readMergeOptions(values: Readonly<Record<string, unknown>>): MergeOptions | string {
  const problem = singleValuesProblem(values, Object.keys(MERGE_OPTIONS));
  if (problem !== undefined) return problem;
  const { out, dir } = values;
  if (typeof out !== "string") return "Cannot merge without --out: name the folder for the whole result";
  return {
    folders: textsOf(dir).map(withoutSlash),
    out: withoutSlash(out),
    format: values["format"] === "json" ? "json" : "text",
  };
}
