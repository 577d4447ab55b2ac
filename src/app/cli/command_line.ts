import yargs from "yargs";
import type { Argv } from "yargs";
import { closestWord } from "../../scenario/spelling.ts";
import { COMMANDS, wrong } from "./asked_command.ts";
import type { CommandLine, CommandLineContext } from "./asked_command.ts";
import { declareHelpers } from "./declare_helpers.ts";
import { declareStudies } from "./declare_studies.ts";
import { didYouMean, plainUsageProblem } from "./usage_problem.ts";

/** Reads the words after `sim`. Nothing is run, printed or thrown. */
export function parseCommandLine(argv: readonly string[], context: CommandLineContext): CommandLine {
  const first = argv[0];
  if (first !== undefined && !first.startsWith("-") && !COMMANDS.some((name) => name === first)) {
    const help = argv[1] === undefined ? "sim --help" : `sim ${argv[1]} --help`;
    const meant = first === "help" ? help : closestWord(first, COMMANDS);
    return wrong(`Unknown command ${JSON.stringify(first)}${didYouMean(meant)}`, undefined);
  }
  let result: CommandLine | undefined;
  const parser = declareCommands(context, (asked) => {
    result = asked;
  });
  // Whenever a command is understood yargs lays out its help, which takes longer than all else here if lines are wrapped.
  parser.wrap(argv.includes("--help") ? Math.min(100, context.columns) : null);
  let message: string | undefined;
  let output = "";
  parser.parseSync([...argv], {}, (error, _values, text) => {
    message = error?.message;
    output = text;
  });
  if (message !== undefined) return wrong(plainUsageProblem(message, argv), first);
  const switched = argv.find((word) =>
    /^--(quiet|paranoid|resume|fix|write|redact|commands)=(?!true$|false$)/.test(word),
  );
  if (switched !== undefined)
    return wrong(`Cannot use ${JSON.stringify(switched)}: ${switched.split("=")[0]} takes no value`, first);
  return result ?? { command: "print", text: output === "" ? "" : `${withLongOptions(output)}\n` };
}

/** The help with two dashes before each option: yargs writes one before `a` and `b` of `sim diff`, of which it takes both. */
function withLongOptions(help: string): string {
  return help.replace(/^ {2}-([ab]) {6}/gm, (_, name: string) => `      --${name} `);
}

/** The parser of all commands; a command that was understood is handed to `ask`. */
function declareCommands(context: CommandLineContext, ask: (asked: CommandLine) => void): Argv {
  const { environment, version } = context;
  const parser = yargs()
    .scriptName("sim")
    .locale("en")
    .usage("$0 <command> [options]\n\nSimulates a Kubernetes node's kernel: which probes fail, how often and why.")
    .parserConfiguration({ "boolean-negation": false, "camel-case-expansion": false, "dot-notation": false })
    .strict()
    .demandCommand(1, "Name a command");
  return declareHelpers(declareStudies(parser, environment, ask), environment, ask)
    .example("$0 run scenarios/nodelocaldns.yaml", "the findings as text")
    .example("$0 init first.yaml && $0 run first.yaml", "a scenario of your own")
    .version(version)
    .help()
    .exitProcess(false)
    .epilogue(EPILOGUE);
}

const EPILOGUE =
  "Exit codes: 0 done, 1 an expectation, a check or a case failed, 2 wrong usage or input, 3 internal error, 130 interrupted.\n" +
  "SIM_OPT_JOBS=2 in the environment stands for --jobs 2, and so for every option of sim run; NO_COLOR is honoured.";
