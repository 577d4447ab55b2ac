/** What the user asks of `sim page`. */
export interface PageOptions {
  /** The file to write. */
  readonly out: string;
}

/** The options of `sim page` as yargs takes them. */
export const PAGE_OPTIONS = {
  out: { type: "string", requiresArg: true, describe: "The file to write, such as lab.html" },
} as const;

/**
 * Reads the values that yargs collected for `sim page`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readPageOptions(values: Readonly<Record<string, unknown>>): PageOptions | string {
  const out = values["out"];
  if (Array.isArray(out)) return `Cannot use --out ${out.length} times: give it once`;
  if (typeof out !== "string" || out === "") return "Name the file to write: sim page --out lab.html";
  return { out };
}
