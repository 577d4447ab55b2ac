import type { Argv } from "yargs";
import { type CommandLine, type CommandLineContext, wrong } from "./asked_command.ts";
import { MERGE_OPTIONS, readMergeOptions } from "./merge_options.ts";
import { EXPLAIN_OPTIONS, readExplainOptions } from "./explain_options.ts";
import { DIFF_OPTIONS, readDiffOptions } from "./diff_options.ts";
import { RUN_OPTIONS, readRunOptions } from "./run_options.ts";
import { readSweepOptions, SWEEP_OPTIONS } from "./sweep_options.ts";
import { ENVIRONMENT_PREFIX } from "./usage_problem.ts";

type Environment = CommandLineContext["environment"];

/** The commands that simulate a scenario. */
export function declareStudies(parser: Argv, environment: Environment, ask: (asked: CommandLine) => void): Argv {
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

/** Options from the environment. yargs reads `process.env` by itself only as a whole, so they are handed over as a configuration. */
function environmentOptions(environment: Environment): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue;
    const option = name.slice(ENVIRONMENT_PREFIX.length).toLowerCase().replaceAll("_", "-");
    if (option === "set" || option === "vary") options[option] = [value];
    else if (["quiet", "paranoid", "resume"].includes(option)) options[option] = !["", "0", "false"].includes(value);
    else options[option] = value;
  }
  return options;
}
