import type { ChartCommandOptions } from "./chart_options.ts";
import type { CheckOptions } from "./check_options.ts";
import type { ConformOptions } from "./conform_options.ts";
import type { ImportCommandOptions } from "./import_options.ts";
import type { MergeOptions } from "./merge_options.ts";
import type { ExplainOptions } from "./explain_options.ts";
import type { DiffOptions } from "./diff_options.ts";
import type { PageOptions } from "./page_options.ts";
import type { PortsOptions } from "./ports_options.ts";
import type { ReportOptions } from "./report_options.ts";
import type { RunOptions } from "./run_options.ts";
import type { SweepOptions } from "./sweep_options.ts";

/** What a command line asks for. */
export type CommandLine =
  | { readonly command: "run"; readonly options: RunOptions }
  | { readonly command: "sweep"; readonly options: SweepOptions }
  | { readonly command: "merge"; readonly options: MergeOptions }
  | { readonly command: "explain"; readonly options: ExplainOptions }
  | { readonly command: "diff"; readonly options: DiffOptions }
  | { readonly command: "check"; readonly options: CheckOptions }
  | { readonly command: "ports"; readonly options: PortsOptions }
  | { readonly command: "conform"; readonly options: ConformOptions }
  | { readonly command: "report"; readonly options: ReportOptions }
  | { readonly command: "page"; readonly options: PageOptions }
  | { readonly command: "chart"; readonly options: ChartCommandOptions }
  | { readonly command: "import"; readonly options: ImportCommandOptions }
  | { readonly command: "schema" }
  | { readonly command: "init"; readonly file: string | undefined }
  | { readonly command: "completion"; readonly shell: "bash" | "zsh" }
  /** Help, the version, or words for the shell's completion. */
  | { readonly command: "print"; readonly text: string }
  | { readonly command: "wrong"; readonly message: string };

/** What stands around a command line and changes its meaning. */
export interface CommandLineContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly columns: number;
}

/** The commands, in the order of the help. */
export const COMMANDS = [
  "run",
  "explain",
  "sweep",
  "merge",
  "diff",
  "chart",
  "check",
  "ports",
  "conform",
  "report",
  "import",
  "page",
  "init",
  "schema",
  "completion",
] as const;

/** A wrong command line, with the way to its help. */
export function wrong(message: string, command: string | undefined): CommandLine {
  const isCommand = COMMANDS.some((name) => name === command);
  return { command: "wrong", message: `sim: ${message}\nSee: sim ${isCommand ? `${command} ` : ""}--help` };
}
