import { PORT_WALKS } from "../../kernel/kernel_era.ts";
import { singleValuesProblem, textOf, withoutSlash } from "./option_values.ts";

/** What the user asks of `sim import`, read and checked. */
export interface ImportCommandOptions {
  /** The folder; absent with `--commands`. */
  readonly folder: string | undefined;
  /** The new file; absent for the standard output. */
  readonly out: string | undefined;
  readonly isRedacted: boolean;
  /** The new file for what stands for what; only with `isRedacted`. */
  readonly redactMap: string | undefined;
  readonly node: string | undefined;
  readonly kernel: string | undefined;
  readonly portWalk: string | undefined;
}

/** The options of `sim import` as yargs takes them. */
export const IMPORT_OPTIONS = {
  out: { type: "string", requiresArg: true, group: "Import:", describe: "The new scenario file; else it is printed" },
  redact: {
    type: "boolean",
    group: "Import:",
    describe: "Replace names and addresses, the same for the same everywhere",
  },
  "redact-map": {
    type: "string",
    requiresArg: true,
    group: "Import:",
    describe: "With --redact: a new file that says what stands for what",
  },
  node: {
    type: "string",
    requiresArg: true,
    group: "Import:",
    describe: "The node that the exports are of, where they do not tell",
  },
  kernel: {
    type: "string",
    requiresArg: true,
    group: "Import:",
    describe: "A kernel build in place of the exported one",
  },
  "port-walk": {
    type: "string",
    requiresArg: true,
    group: "Import:",
    choices: PORT_WALKS,
    describe: "How a vendor's kernel walks its ports",
  },
  commands: {
    type: "boolean",
    group: "Import:",
    describe: "Print the commands that collect the exports, which only read",
  },
} as const;

/** Reads the values that yargs collected for `sim import`. @returns the options, or one sentence about what is wrong. */
export function readImportOptions(values: Readonly<Record<string, unknown>>): ImportCommandOptions | string {
  const problem = singleValuesProblem(values, Object.keys(IMPORT_OPTIONS));
  if (problem !== undefined) return problem;
  const text = (name: string): string | undefined => textOf(values[name]);
  const folder = text("dir");
  const hasCommands = values["commands"] === true;
  if (folder === undefined && !hasCommands) return "Cannot import without a folder of exports: see --commands";
  if (folder !== undefined && hasCommands) return "Cannot use --commands with a folder: it prints what fills one";
  const isRedacted = values["redact"] === true;
  const redactMap = text("redact-map");
  if (redactMap !== undefined && !isRedacted) return "Cannot use --redact-map without --redact";
  return {
    folder: folder === undefined ? undefined : withoutSlash(folder),
    out: text("out"),
    isRedacted,
    redactMap,
    node: text("node"),
    kernel: text("kernel"),
    portWalk: text("port-walk"),
  };
}
