import { formatDiagnostic } from "../../scenario/diagnostic.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import type { CliIo } from "./cli_io.ts";

/** Prints what a scenario's reader finds doubtful; the command goes on. */
export function warn(warnings: readonly Diagnostic[], io: CliIo): void {
  for (const warning of warnings) {
    io.stderr.write(`${formatDiagnostic({ ...warning, message: `warning: ${warning.message}` })}\n`);
  }
}
