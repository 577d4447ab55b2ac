import yargs from "yargs";
import type { Argv } from "yargs";
import { closestWord } from "../../scenario/spelling.ts";
import { CHECK_OPTIONS, readCheckOptions } from "./check_options.ts";
import type { CheckOptions } from "./check_options.ts";
import { CONFORM_OPTIONS, readConformOptions } from "./conform_options.ts";
import type { ConformOptions } from "./conform_options.ts";
import { MERGE_OPTIONS, readMergeOptions } from "./merge_options.ts";
import type { MergeOptions } from "./merge_options.ts";
import { EXPLAIN_OPTIONS, readExplainOptions } from "./explain_options.ts";
import type { ExplainOptions } from "./explain_options.ts";
import { DIFF_OPTIONS, readDiffOptions } from "./diff_options.ts";
import type { DiffOptions } from "./diff_options.ts";
import { PORTS_OPTIONS, readPortsOptions } from "./ports_options.ts";
import type { PortsOptions } from "./ports_options.ts";
import { RUN_OPTIONS, readRunOptions } from "./run_options.ts";
import type { RunOptions } from "./run_options.ts";
import { readSweepOptions, SWEEP_OPTIONS } from "./sweep_options.ts";
import type { SweepOptions } from "./sweep_options.ts";
import { didYouMean, ENVIRONMENT_PREFIX, plainUsageProblem } from "./usage_problem.ts";

type Environment = CommandLineContext["environment"];

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
const COMMANDS = [
  "run",
  "explain",
  "sweep",
  "merge",
  "diff",
  "check",
  "ports",
  "conform",
  "init",
  "schema",
  "completion",
] as const;

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
  if (message !== undefined) return wrong(plainUsageProblem(message, argv), first);
  const switched = argv.find((word) => /^--(quiet|resume|fix|write)=(?!true$|false$)/.test(word));
  if (switched !== undefined)
    return wrong(`Cannot use ${JSON.stringify(switched)}: ${switched.split("=")[0]} takes no value`, first);
  return result ?? { command: "print", text: output === "" ? "" : `${output}\n` };
}

/** The parser of all commands; a command that was understood is handed to `ask`. */
function declareCommands(context: CommandLineContext, ask: (asked: CommandLine) => void): Argv {
  const { environment, version, columns } = context;
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
    .wrap(Math.min(100, columns))
    .epilogue(EPILOGUE);
}

/** The commands that simulate a scenario. */
function declareStudies(parser: Argv, environment: Environment, ask: (asked: CommandLine) => void): Argv {
  return parser
    .command(
      "run <scenario>",
      "Simulate a scenario and print the findings",
      (command) => declareRun(command, environment),
      (values) => ask(runAsked(values)),
    )
    .command(
      "explain <scenario>",
      "Tell the story of one probe or connection, packet by packet",
      declareExplain,
      (values) => ask(explainAsked(values)),
    )
    .command(
      "sweep <scenario>",
      "Simulate a scenario at many points and print their table",
      (command) => declareSweep(command, environment),
      (values) => ask(sweepAsked(values)),
    )
    .command("merge <dir..>", "Join the shards of a sweep into one result", declareMerge, (values) =>
      ask(mergeAsked(values)),
    )
    .command(
      "diff <scenario> [other]",
      "Compare two settings on the same chance: what differs, and why",
      (command) => declareDiff(command, environment),
      (values) => ask(diffAsked(values)),
    );
}

/** The commands about kernels, and those that help to write scenarios. */
function declareHelpers(parser: Argv, environment: Environment, ask: (asked: CommandLine) => void): Argv {
  return parser
    .command(
      "check <target..>",
      "Judge a node's configuration by rules, without simulation",
      declareCheck,
      (values) => {
        const options = readCheckOptions(values);
        ask(typeof options === "string" ? wrong(options, "check") : { command: "check", options });
      },
    )
    .command("ports", "Print the source ports that a kernel would pick", declarePorts, (values) => {
      const options = readPortsOptions(values);
      ask(typeof options === "string" ? wrong(options, "ports") : { command: "ports", options });
    })
    .command("conform <dir..>", "Replay recorded cases of real kernels and compare", declareConform, (values) => {
      const options = readConformOptions(values);
      ask(typeof options === "string" ? wrong(options, "conform") : { command: "conform", options });
    })
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
    );
}

const EPILOGUE =
  "Exit codes: 0 done, 1 an expectation, a check or a case failed, 2 wrong usage or input, 3 internal error, 130 interrupted.\n" +
  "SIM_OPT_JOBS=2 in the environment stands for --jobs 2, and so for every option of sim run; NO_COLOR is honoured.";

function runAsked(values: Readonly<Record<string, unknown>>): CommandLine {
  const options = readRunOptions(values);
  return typeof options === "string" ? wrong(options, "run") : { command: "run", options };
}

function explainAsked(values: Readonly<Record<string, unknown>>): CommandLine {
  const options = readExplainOptions(values);
  return typeof options === "string" ? wrong(options, "explain") : { command: "explain", options };
}

function diffAsked(values: Readonly<Record<string, unknown>>): CommandLine {
  const options = readDiffOptions(values);
  return typeof options === "string" ? wrong(options, "diff") : { command: "diff", options };
}

function sweepAsked(values: Readonly<Record<string, unknown>>): CommandLine {
  const options = readSweepOptions(values);
  return typeof options === "string" ? wrong(options, "sweep") : { command: "sweep", options };
}

function mergeAsked(values: Readonly<Record<string, unknown>>): CommandLine {
  const options = readMergeOptions(values);
  return typeof options === "string" ? wrong(options, "merge") : { command: "merge", options };
}

/** The arguments, options and examples of `sim run`. */
function declareRun(command: Argv, environment: Environment) {
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

/** The arguments, options and examples of `sim sweep`. */
function declareSweep(command: Argv, environment: Environment) {
  return command
    .config(environmentOptions(environment))
    .positional("scenario", { type: "string", demandOption: true, describe: "Scenario file (YAML)" })
    .options(SWEEP_OPTIONS)
    .example([
      ["$0 sweep node.yaml --vary kernel=5.4.188,6.1 --vary churn.zabbix.rate=1/s..50/s/4"],
      ["$0 sweep node.yaml --vary portRange.low=1024..32768 --design sobol --points 64 --out ports"],
      ["$0 sweep node.yaml --vary kernel=5.4.188,6.1 --out part1 --shard 1/2"],
    ]);
}

/** The arguments, options and examples of `sim merge`. */
function declareMerge(command: Argv) {
  return command
    .positional("dir", { type: "string", array: true, demandOption: true, describe: "Folders of shards" })
    .options(MERGE_OPTIONS)
    .example([["$0 merge part1 part2 --out whole"]]);
}

/** The arguments, options and examples of `sim explain`. */
function declareExplain(command: Argv) {
  return command
    .positional("scenario", { type: "string", demandOption: true, describe: "Scenario file (YAML)" })
    .options(EXPLAIN_OPTIONS)
    .example([
      ["$0 explain scenarios/nodelocaldns.yaml"],
      ["$0 explain scenarios/nodelocaldns.yaml --pcap probe.pcapng --interface default/nginx/eth0"],
      ["$0 explain scenarios/nodelocaldns.yaml --probe 304 --svg probe.svg --at 1.6s"],
      ["$0 explain scenarios/vxlan-blocked.yaml --workload pod-other-node"],
    ]);
}

/** The arguments, options and examples of `sim diff`. */
function declareDiff(command: Argv, environment: Environment) {
  const shared = Object.entries(environmentOptions(environment)).filter(([name]) => Object.hasOwn(DIFF_OPTIONS, name));
  return command
    .config(Object.fromEntries(shared))
    .positional("scenario", { type: "string", demandOption: true, describe: "Scenario file (YAML) of A" })
    .positional("other", { type: "string", describe: "Scenario file of B, if it is another one" })
    .options(DIFF_OPTIONS)
    .example([
      ["$0 diff scenarios/clustered-nodeports.yaml --a services.web.nodePorts=random"],
      ["$0 diff node.yaml --b sysctls.net.ipv4.ip_local_reserved_ports=20000-40000"],
      ["$0 diff node.yaml --a kernel=5.4.188 --b kernel=6.1 --margin 10%"],
      ["$0 diff before.yaml after.yaml --seed 42 --format json"],
    ]);
}

/** The arguments, options and examples of `sim check`. */
function declareCheck(command: Argv) {
  return command
    .positional("target", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "Files or folders: *.conf, sysctl.d, a root folder, scenarios, exports",
    })
    .options(CHECK_OPTIONS)
    .example([
      ["$0 check /"],
      ["$0 check 99-kubernetes.conf --kernel 5.4.188 --node-port-range 20000-40000"],
      ["$0 check etc/sysctl.d --format sarif --fail-on warning"],
      ["$0 check scenarios/nodelocaldns.yaml --fix"],
    ]);
}

/** The options and examples of `sim ports`. */
function declarePorts(command: Argv) {
  return command
    .options(PORTS_OPTIONS)
    .example([
      ["$0 ports --kernel 5.4.188 --connects 20 --destinations 3"],
      ['$0 ports --range "1024 65000" --reserved 30000-32767 --connects 5000 --destinations 5000'],
      ['$0 ports --range "40000 40099" --connects 120 --close keep'],
      ["$0 ports --kernel 5.4.188 --cursor 0 --hash 1000 --connects 6 --format json"],
    ]);
}

/** The arguments, options and examples of `sim conform`. */
function declareConform(command: Argv) {
  return command
    .positional("dir", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "Folders or files of kernel-case/1",
    })
    .options(CONFORM_OPTIONS)
    .example([["$0 conform test/conformance"], ["$0 conform test/conformance/6.1/C02.json --format json"]]);
}

function noOptions<T>(command: Argv<T>): Argv<T> {
  return command;
}

/** Options from the environment. yargs reads `process.env` by itself only as a whole, so they are handed over as a configuration. */
function environmentOptions(environment: Environment): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue;
    const option = name.slice(ENVIRONMENT_PREFIX.length).toLowerCase().replaceAll("_", "-");
    if (option === "set" || option === "vary") options[option] = [value];
    else if (option === "quiet" || option === "resume") options[option] = !["", "0", "false"].includes(value);
    else options[option] = value;
  }
  return options;
}

function shellOf(environment: Environment): "bash" | "zsh" {
  return environment["SHELL"]?.endsWith("zsh") === true ? "zsh" : "bash";
}

/** A wrong command line, with the way to its help. */
function wrong(message: string, command: string | undefined): CommandLine {
  const isCommand = COMMANDS.some((name) => name === command);
  return { command: "wrong", message: `sim: ${message}\nSee: sim ${isCommand ? `${command} ` : ""}--help` };
}
