import { shellWord } from "../../report/shell_command.ts";
import { initialScenario } from "../../scenario/init.ts";
import type { CliIo } from "./cli_io.ts";
import { complain } from "./complain.ts";
import { EXIT_CODE } from "./exit_code.ts";

/**
 * `sim init`: writes the first scenario to a new file, or to stdout without one.
 *
 * @returns the exit code: 0, or 2 for a file that cannot be written.
 */
export async function initCommand(file: string | undefined, io: CliIo): Promise<number> {
  if (file === undefined) {
    io.stdout.write(initialScenario());
    return EXIT_CODE.done;
  }
  const problem = await io.writeNewFile(file, initialScenario());
  if (problem !== undefined) return complain(`Cannot write ${JSON.stringify(file)}: ${problem}`, io);
  io.stderr.write(`wrote ${shellWord(file)}; next: npx --no sim run ${shellWord(file)}\n`);
  return EXIT_CODE.done;
}
