import { initialScenario } from "../../scenario/init.ts";
import { scenarioJsonSchema } from "../../scenario/json_schema.ts";
import { shellWord } from "../../report/shell_command.ts";
import { checkCommand } from "./check_command.ts";
import type { CliIo } from "./cli_io.ts";
import { parseCommandLine } from "./command_line.ts";
import type { CommandLine } from "./command_line.ts";
import { completionScript } from "./completion_script.ts";
import { conformCommand } from "./conform_command.ts";
import { diffCommand } from "./diff_command.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { explainCommand } from "./explain_command.ts";
import { internalErrorText } from "./internal_error.ts";
import { mergeCommand } from "./merge_command.ts";
import { portsCommand } from "./ports_command.ts";
import { runCommand } from "./run_command.ts";
import { sweepCommand } from "./sweep_command.ts";

/**
 * The command `sim`: does what the words after it ask for. Results go to `io.stdout`; progress, warnings and problems
 * to `io.stderr`. It never rejects.
 *
 * @returns one of `EXIT_CODE`.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    const columns = io.stdout.columns ?? 100;
    return await follow(parseCommandLine(argv, { environment: io.environment, version: io.version, columns }), io);
  } catch (error) {
    io.stderr.write(`${internalErrorText(error)}\n`);
    return EXIT_CODE.internalError;
  }
}

async function follow(asked: CommandLine, io: CliIo): Promise<number> {
  switch (asked.command) {
    case "run":
      return runCommand(asked.options, io);
    case "sweep":
      return sweepCommand(asked.options, io);
    case "merge":
      return mergeCommand(asked.options, io);
    case "explain":
      return explainCommand(asked.options, io);
    case "diff":
      return diffCommand(asked.options, io);
    case "check":
      return checkCommand(asked.options, io);
    case "ports":
      return portsCommand(asked.options, io);
    case "conform":
      return conformCommand(asked.options, io);
    case "init":
      return initCommand(asked.file, io);
    case "schema":
      io.stdout.write(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
      return EXIT_CODE.done;
    case "completion":
      io.stdout.write(completionScript(asked.shell));
      return EXIT_CODE.done;
    case "print":
      io.stdout.write(asked.text);
      return EXIT_CODE.done;
    case "wrong":
      io.stderr.write(`${asked.message}\n`);
      return EXIT_CODE.wrongInput;
  }
}

/** `sim init`: the first scenario to a new file, or to stdout without one. */
async function initCommand(file: string | undefined, io: CliIo): Promise<number> {
  if (file === undefined) {
    io.stdout.write(initialScenario());
    return EXIT_CODE.done;
  }
  const problem = await io.writeNewFile(file, initialScenario());
  if (problem !== undefined) {
    io.stderr.write(`sim: Cannot write ${JSON.stringify(file)}: ${problem}\n`);
    return EXIT_CODE.wrongInput;
  }
  io.stderr.write(`wrote ${shellWord(file)}; next: npx --no sim run ${shellWord(file)}\n`);
  return EXIT_CODE.done;
}
