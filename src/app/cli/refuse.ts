import { formatCount, plural } from "../../report/number_text.ts";
import { formatDiagnostic } from "../../scenario/diagnostic.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";

/** Prints every diagnostic, how many there are and what was not done for that. @returns the exit code of wrong input. */
export function refuse(diagnostics: readonly Diagnostic[], io: CliIo, undone = "nothing was run"): number {
  for (const diagnostic of diagnostics) io.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  io.stderr.write(`${plural(formatCount(diagnostics.length), "problem")}; ${undone}\n`);
  return EXIT_CODE.wrongInput;
}
