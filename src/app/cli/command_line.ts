import yargs from "yargs";
import type { Argv } from "yargs";
import { closestWord } from "../../scenario/spelling.ts";
import { RUN_OPTIONS, readRunOptions } from "./run_options.ts";
import type { RunOptions } from "./run_options.ts";

/** What a command line asks for. */
export type CommandLine =
  | { readonly command: "run"; readonly options: RunOptions }
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
const COMMANDS = ["run", "init", "schema", "completion"] as const;

/** Environment variables with this prefix are options of `sim run`: `SIM_OPT_JOBS=2` is `--jobs 2`. */
const ENVIRONMENT_PREFIX = "SIM_OPT_";

/** Reads the words after `sim`. Nothing is run, printed or thrown. */
export function parseCommandLine(argv: readonly string[], context: CommandLineContext): CommandLine {
  const first = argv[0];
  if (first !== undefined && !first.startsWith("-") && !COMMANDS.some((name) => name === first)) {
    return wrong(`Unknown command ${JSON.stringify(first)}${didYouMean(closestWord(first, COMMANDS))}`, undefined);
  }
  let result: CommandLine | undefined;
  const parser = declareCommands(context, (asked) => {
    result = asked;
  });
  let message: string | undefined;
  let output = "";
  parser.parseSync([...argv], {}, (error, _values, text) => {
    message = error?.message;
    output = text;
  });
  if (message !== undefined) return wrong(plainMessage(message, argv), first);
  const switched = argv.find((word) => /^--quiet=(?!true$|false$)/.test(word));
  if (switched !== undefined) return wrong(`Cannot use ${JSON.stringify(switched)}: --quiet takes no value`, first);
  return result ?? { command: "print", text: output === "" ? "" : `${output}\n` };
}

/** The parser of all commands; a command that was understood is handed to `ask`. */
function declareCommands(context: CommandLineContext, ask: (asked: CommandLine) => void): Argv {
  const { environment, version, columns } = context;
  return yargs()
    .scriptName("sim")
    .locale("en")
    .usage("$0 <command> [options]\n\nSimulates a Kubernetes node's kernel: which probes fail, how often and why.")
    .parserConfiguration({ "boolean-negation": false, "camel-case-expansion": false, "dot-notation": false })
    .strict()
    .demandCommand(1, "Name a command")
    .command(
      "run <scenario>",
      "Simulate a scenario and print the findings",
      (command) => declareRun(command, environment),
      (values) => {
        const options = readRunOptions(values);
        ask(typeof options === "string" ? wrong(options, "run") : { command: "run", options });
      },
    )
    .command(
      "init [file]",
      "Write a commented first scenario to a new file, or print it",
      (command) => command.positional("file", { type: "string", describe: "The file to write" }),
      ({ file }) => ask({ command: "init", file }),
    )
    .command("schema", "Print the JSON Schema of scenarios, for editors", noOptions, () => ask({ command: "schema" }))
    .command(
      "completion [shell]",
      "Print a completion script for the shell",
      (command) => command.positional("shell", { choices: ["bash", "zsh"] as const, describe: "Default: by $SHELL" }),
      ({ shell }) => ask({ command: "completion", shell: shell ?? shellOf(environment) }),
    )
    .example("$0 run scenarios/nodelocaldns.yaml", "the findings as text")
    .example("$0 init first.yaml && $0 run first.yaml", "a scenario of your own")
    .version(version)
    .help()
    .exitProcess(false)
    .wrap(Math.min(100, columns))
    .epilogue(
      "Exit codes: 0 done, 1 an expectation failed, 2 wrong usage or input, 3 internal error, 130 interrupted.\n" +
        "SIM_OPT_JOBS=2 in the environment stands for --jobs 2, and so for every option of sim run; NO_COLOR is honoured.",
    );
}

/** The arguments, options and examples of `sim run`. */
function declareRun(command: Argv, environment: Readonly<Record<string, string | undefined>>) {
  return command
    .config(environmentOptions(environment))
    .positional("scenario", { type: "string", demandOption: true, describe: "Scenario file (YAML)" })
    .options(RUN_OPTIONS)
    .example([
      ["$0 run scenarios/nodelocaldns.yaml"],
      ["$0 run scenarios/nodelocaldns.yaml --set kubeProxy.version=1.18.20"],
      ["$0 run node.yaml --set sysctls.net.ipv4.ip_local_reserved_ports=20000-40000"],
      ["$0 run node.yaml --kernel 6.1 --replications 20 --format json"],
    ]);
}

function noOptions<T>(command: Argv<T>): Argv<T> {
  return command;
}

/** Options from the environment. yargs reads `process.env` by itself only as a whole, so they are handed over as a configuration. */
function environmentOptions(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue;
    const option = name.slice(ENVIRONMENT_PREFIX.length).toLowerCase().replaceAll("_", "-");
    if (option === "set") options[option] = [value];
    else if (option === "quiet") options[option] = !["", "0", "false"].includes(value);
    else options[option] = value;
  }
  return options;
}

function shellOf(environment: Readonly<Record<string, string | undefined>>): "bash" | "zsh" {
  return environment["SHELL"]?.endsWith("zsh") === true ? "zsh" : "bash";
}

/** A wrong command line, with the way to its help. */
function wrong(message: string, command: string | undefined): CommandLine {
  const isCommand = COMMANDS.some((name) => name === command);
  return { command: "wrong", message: `sim: ${message}\nSee: sim ${isCommand ? `${command} ` : ""}--help` };
}

/** What yargs complains about, as one clear sentence. */
function plainMessage(message: string, argv: readonly string[]): string {
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)?.[1];
  if (unknown !== undefined)
    return unknown
      .split(", ")
      .map((name) => unknownArgument(name, argv))
      .join("; ");
  const follows = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (follows !== undefined) return `Cannot use --${follows} without a value`;
  if (message.startsWith("Not enough non-option arguments")) return "Name the scenario to run: sim run SCENARIO";
  const choice = /Argument: (\S+), Given: (.+), Choices: (.+)$/s.exec(message);
  if (choice !== null) {
    const name = choice[1] === "shell" ? "the shell" : `--${choice[1]}`;
    return `Cannot use ${choice[2]} as ${name}: choose one of ${choice[3]}`;
  }
  return message;
}

/** One word or option that no command knows. yargs names options without their dashes. */
function unknownArgument(name: string, argv: readonly string[]): string {
  if (argv.includes(name)) return `Unexpected word ${JSON.stringify(name)}`;
  const isGiven = argv.some((word) => word.startsWith("-") && word.replace(/^-+/, "").startsWith(name));
  const dashes = name.length === 1 ? "-" : "--";
  if (Object.hasOwn(RUN_OPTIONS, name)) return `Cannot use ${dashes}${name} here: it is an option of sim run`;
  const from = isGiven
    ? ""
    : ` (from ${ENVIRONMENT_PREFIX}${name.toUpperCase().replaceAll("-", "_")} in the environment)`;
  const closest = closestWord(name, Object.keys(RUN_OPTIONS));
  return `Unknown option ${dashes}${name}${from}${didYouMean(closest === undefined ? undefined : `--${closest}`)}`;
}

function didYouMean(closest: string | undefined): string {
  return closest === undefined ? "" : `; did you mean ${closest}?`;
}
