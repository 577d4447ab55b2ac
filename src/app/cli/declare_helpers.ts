import type { Argv } from "yargs";
import { type CommandLine, type CommandLineContext, wrong } from "./asked_command.ts";
import { CHART_OPTIONS, readChartOptions } from "./chart_options.ts";
import { CHECK_OPTIONS, readCheckOptions } from "./check_options.ts";
import { CONFORM_OPTIONS, readConformOptions } from "./conform_options.ts";
import { IMPORT_OPTIONS, readImportOptions } from "./import_options.ts";
import { PAGE_OPTIONS, readPageOptions } from "./page_options.ts";
import { PORTS_OPTIONS, readPortsOptions } from "./ports_options.ts";
import { readReportOptions, REPORT_OPTIONS } from "./report_options.ts";

type Environment = CommandLineContext["environment"];

/** The commands about results, configurations and kernels, and those that help to write scenarios. */
export function declareHelpers(parser: Argv, environment: Environment, ask: (asked: CommandLine) => void): Argv {
  return parser
    .command("chart <result>", "Draw a chart of a result: .svg, .png or .vl.json", declareChart, (values) => {
      const options = readChartOptions(values);
      ask(typeof options === "string" ? wrong(options, "chart") : { command: "chart", options });
    })
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
    .command("import [dir]", "Make a scenario of a real node's exports", declareImport, (values) => {
      const options = readImportOptions(values);
      ask(typeof options === "string" ? wrong(options, "import") : { command: "import", options });
    })
    .command(
      "report <result..>",
      "Make one offline file of results, for people or pull requests",
      declareReport,
      (values) => {
        const options = readReportOptions(values);
        ask(typeof options === "string" ? wrong(options, "report") : { command: "report", options });
      },
    )
    .command(
      "page",
      "Write the interactive page: one offline file",
      (command) => command.options(PAGE_OPTIONS).example([["$0 page --out lab.html"]]),
      (values) => {
        const options = readPageOptions(values);
        ask(typeof options === "string" ? wrong(options, "page") : { command: "page", options });
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
    );
}

/** The options and examples of `sim chart`. */
function declareChart(command: Argv) {
  return command
    .positional("result", {
      type: "string",
      demandOption: true,
      describe: "Folder that --out wrote, or file that --format json gave",
    })
    .options(CHART_OPTIONS)
    .example([
      ["$0 chart night"],
      ["$0 chart night --out night.png"],
      ["$0 chart rates --kind failure-heatmap --out rates.svg"],
      ["$0 chart rates --kind failure-probability --limit 1e-4 --out rates.vl.json"],
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

/** The arguments, options and examples of `sim report`. */
function declareReport(command: Argv) {
  return command
    .positional("result", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "Folders that --out wrote, or files that --format json gave",
    })
    .options(REPORT_OPTIONS)
    .example([["$0 report results/run --out report.html"], ["$0 report before.json after.json --out report.md"]]);
}

/** The arguments, options and examples of `sim import`. */
function declareImport(command: Argv) {
  return command
    .positional("dir", { type: "string", describe: "The folder of exports" })
    .options(IMPORT_OPTIONS)
    .example([["$0 import --commands"], ["$0 import node-export --out node.yaml"], ["$0 import node-export --redact"]]);
}

function noOptions<T>(command: Argv<T>): Argv<T> {
  return command;
}

function shellOf(environment: Environment): "bash" | "zsh" {
  return environment["SHELL"]?.endsWith("zsh") === true ? "zsh" : "bash";
}
