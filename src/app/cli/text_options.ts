import type { RunTextOptions } from "../../report/run_text.ts";
import type { CliIo } from "./cli_io.ts";

/** How a report is set on the standard output: as wide as the terminal, coloured if it is one and nobody forbids it. */
export function textOptions({ stdout, environment }: CliIo): RunTextOptions {
  const { NO_COLOR: noColor, TERM: terminal } = environment;
  const color = stdout.isTerminal && (noColor === undefined || noColor === "") && terminal !== "dumb";
  return { color, columns: stdout.columns ?? 100 };
}
