import type { CliIo } from "./cli_io.ts";
import { parseCommandLine } from "./command_line.ts";
import type { CommandLine } from "./asked_command.ts";
import { completionScript } from "./completion_script.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { harmlessOutput } from "./harmless_output.ts";
import { internalErrorText } from "./internal_error.ts";

/**
 * The command `sim`: does what the words after it ask for. Results go to `io.stdout`; progress, warnings and problems
 * to `io.stderr`. It never rejects.
 *
 * @returns one of `EXIT_CODE`.
 */
export async function runCli(argv: readonly string[], machine: CliIo): Promise<number> {
  const io = { ...machine, stderr: harmlessOutput(machine.stderr) };
  try {
    const columns = io.stdout.columns ?? 100;
    return await follow(parseCommandLine(argv, { environment: io.environment, version: io.version, columns }), io);
  } catch (error) {
    io.stderr.write(`${internalErrorText(error)}\n`);
    return EXIT_CODE.internalError;
  }
}

/** Each command is loaded when it is asked for, so that none waits for what the others need. */
async function follow(asked: CommandLine, io: CliIo): Promise<number> {
  switch (asked.command) {
    case "run":
      return (await import("./run_command.ts")).runCommand(asked.options, io);
    case "sweep":
      return (await import("./sweep_command.ts")).sweepCommand(asked.options, io);
    case "merge":
      return (await import("./merge_command.ts")).mergeCommand(asked.options, io);
    case "explain":
      return (await import("./explain_command.ts")).explainCommand(asked.options, io);
    case "diff":
      return (await import("./diff_command.ts")).diffCommand(asked.options, io);
    case "check":
      return (await import("./check_command.ts")).checkCommand(asked.options, io);
    case "ports":
      return (await import("./ports_command.ts")).portsCommand(asked.options, io);
    case "chart":
      return (await import("./chart_command.ts")).chartCommand(asked.options, io);
    case "conform":
      return (await import("./conform_command.ts")).conformCommand(asked.options, io);
    case "report":
      return (await import("./report_command.ts")).reportCommand(asked.options, io);
    case "import":
      return (await import("./import_command.ts")).importCommand(asked.options, io);
    case "page":
      return (await import("./page_command.ts")).pageCommand(asked.options, io);
    case "init":
      return (await import("./init_command.ts")).initCommand(asked.file, io);
    case "schema":
      return schemaCommand(io);
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

/** `sim schema`. */
async function schemaCommand(io: CliIo): Promise<number> {
  const { scenarioJsonSchema } = await import("../../scenario/json_schema.ts");
  io.stdout.write(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
  return EXIT_CODE.done;
}
