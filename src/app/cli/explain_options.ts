import { readDuration } from "../../scenario/values.ts";
import type { Micros } from "../../units.ts";
import type { WantedConnection } from "../../study/find_connection.ts";
import { chartPath } from "./chart_options.ts";
import type { ChartPath } from "./chart_options.ts";
import { readRunOptions, RUN_OPTIONS } from "./run_options.ts";
import type { RunOptions } from "./run_options.ts";
import { singleValuesProblem, textOf } from "./option_values.ts";

/** What the user asks of `sim explain`, read and checked. */
export interface ExplainOptions extends Pick<
  RunOptions,
  "scenario" | "overrides" | "keyOptions" | "format" | "isQuiet" | "replication"
> {
  readonly wanted: WantedConnection;
  /** From the connection's first SYN on. */
  readonly at: Micros | undefined;
  readonly pcap: string | undefined;
  /** The only interface that the capture shows. */
  readonly interface: string | undefined;
  readonly svg: string | undefined;
  /** Where to draw the sequence of packets to, by the ending of the name. */
  readonly chart: ChartPath | undefined;
}

/** The options of `sim explain` as yargs takes them, beside those that it shares with `sim run`. */
export const EXPLAIN_OPTIONS = {
  "first-failure": { type: "boolean", group: "Probe:", describe: "The first that fails [default]" },
  probe: {
    type: "string",
    requiresArg: true,
    group: "Probe:",
    describe: "The N-th probe to begin, from 1, of one replication",
  },
  workload: {
    type: "string",
    requiresArg: true,
    group: "Probe:",
    describe: "A connection of this workload in place of a probe",
  },
  connect: {
    type: "string",
    requiresArg: true,
    group: "Probe:",
    describe: "With --workload: the N-th connection to begin, from 1, of one replication",
  },
  replication: {
    type: "string",
    requiresArg: true,
    group: "Probe:",
    describe: "Look in this replication alone, from 0 [default with a number: 0]",
  },
  pcap: { type: "string", requiresArg: true, group: "Files:", describe: "Write the packets to this pcapng file" },
  interface: {
    type: "string",
    requiresArg: true,
    group: "Files:",
    describe: "Only the packets of this interface, such as default/nginx/eth0",
  },
  svg: { type: "string", requiresArg: true, group: "Files:", describe: "Draw the sequence of packets to this file" },
  chart: {
    type: "string",
    requiresArg: true,
    group: "Files:",
    describe: "Draw it to a file that ends in .svg, .png or .vl.json",
  },
  at: {
    type: "string",
    requiresArg: true,
    group: "Report:",
    describe: "Show the states of this moment, such as 1.6s after the first SYN",
  },
  format: { ...RUN_OPTIONS.format, group: "Report:" },
  quiet: { ...RUN_OPTIONS.quiet, group: "Report:" },
  set: RUN_OPTIONS.set,
  kernel: RUN_OPTIONS.kernel,
  duration: RUN_OPTIONS.duration,
  seed: RUN_OPTIONS.seed,
  replications: RUN_OPTIONS.replications,
} as const;

/** The highest number that `--probe` and `--connect` take. */
const NUMBER_MOST = 1_000_000_000;

/**
 * Reads the values that yargs collected for `sim explain`.
 *
 * @returns the options, or one sentence about the first value that cannot be used.
 */
export function readExplainOptions(values: Readonly<Record<string, unknown>>): ExplainOptions | string {
  const problem = singleValuesProblem(values, [
    "probe",
    "workload",
    "connect",
    "pcap",
    "interface",
    "svg",
    "chart",
    "at",
  ]);
  if (problem !== undefined) return problem;
  const run = readRunOptions({ ...values, jobs: undefined, until: undefined });
  if (typeof run === "string") return run;
  const text = (name: string): string | undefined => textOf(values[name]);
  const wanted = readWanted(text, values["first-failure"] === true);
  if (typeof wanted === "string") return wanted;
  if (text("interface") !== undefined && text("pcap") === undefined)
    return "Cannot use --interface alone: say with --pcap which file to write";
  const at = readAt(text("at"));
  if (typeof at === "string") return at;
  const { scenario, overrides, keyOptions, format, isQuiet, replication } = run;
  const chartText = text("chart");
  const chart = chartText === undefined ? undefined : chartPath(chartText);
  if (typeof chart === "string") return chart;
  return {
    scenario,
    overrides,
    keyOptions,
    format,
    isQuiet,
    replication,
    wanted,
    at: at?.at,
    pcap: text("pcap"),
    interface: text("interface"),
    svg: text("svg"),
    chart,
  };
}

/** Which connection the words name, or what is wrong with them. */
function readWanted(text: (name: string) => string | undefined, isFirstFailure: boolean): WantedConnection | string {
  const workload = text("workload");
  const name = text("probe") === undefined ? "connect" : "probe";
  const number = text(name);
  if (text("probe") !== undefined && (workload !== undefined || text("connect") !== undefined))
    return "Cannot use --probe with --workload or --connect: name a probe or a connection of a workload";
  if (text("connect") !== undefined && workload === undefined)
    return "Cannot use --connect alone: say with --workload whose connection it is";
  if (number !== undefined && isFirstFailure)
    return `Cannot use --${name} and --first-failure together: name the ${name === "probe" ? "probe" : "connection"} in one way`;
  if (number !== undefined && (!/^[1-9][0-9]{0,9}$/.test(number) || Number(number) > NUMBER_MOST))
    return `Cannot use --${name} ${JSON.stringify(number)}: it must be a whole number from 1 to ${NUMBER_MOST}`;
  return {
    number: number === undefined ? "first-failure" : Number(number),
    ...(workload === undefined ? {} : { workload }),
  };
}

function readAt(text: string | undefined): { readonly at: Micros } | string | undefined {
  if (text === undefined) return undefined;
  if (/^0(us|ms|s|m|h)$/.test(text)) return { at: 0 };
  const duration = readDuration(text);
  if (duration.ok) return { at: duration.value };
  return `Cannot use --at ${JSON.stringify(text)}: ${duration.why}; write a time from the first SYN, such as 1.6s`;
}
