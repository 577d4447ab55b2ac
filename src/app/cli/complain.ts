import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";

/** Prints one sentence about what cannot be used, read or written. @returns the exit code of wrong input. */
export function complain(message: string, io: CliIo): number {
  io.stderr.write(`sim: ${message}\n`);
  return EXIT_CODE.wrongInput;
}
