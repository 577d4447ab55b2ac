import type { Chart } from "../../report/charts/chart.ts";
import { chartFile } from "../../report/charts/chart_file.ts";
import { chartsOfResult } from "../../report/charts/charts_of_result.ts";
import type { Result } from "../../report/results/result.ts";
import { formatDiagnostic, quote } from "../../scenario/diagnostic.ts";
import type { ChartCommandOptions } from "./chart_options.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { readResultFiles } from "./result_files.ts";
import { complain } from "./complain.ts";

/**
 * `sim chart`: draws a chart of a result to a file, or lists the charts that the result gives.
 *
 * @returns the exit code: 0, or 2 for a result that cannot be read, a chart that it does not give or a file that cannot
 * be written.
 */
export async function chartCommand(options: ChartCommandOptions, io: CliIo): Promise<number> {
  const read = await readResultFiles(options.result, io);
  if (!read.ok) {
    for (const diagnostic of read.diagnostics) io.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
    return EXIT_CODE.wrongInput;
  }
  const { result } = read;
  const { pointsMissing: missing } = result;
  if (missing !== undefined) {
    io.stderr.write(`sim: warning: ${missing} of the sweep's points ${missing === 1 ? "is" : "are"} not finished\n`);
  }
  const charts = chartsOfResult(result, options.limit === undefined ? {} : { limit: options.limit });
  if (options.file === undefined) {
    io.stdout.write(listOf(charts));
    return EXIT_CODE.done;
  }
  const chart = options.kind === undefined ? charts[0] : charts.find(({ kind }) => kind === options.kind);
  if (chart === undefined) return complain(noChart(options, charts, result), io);
  const { path, ending } = options.file;
  const why = await io.writeWholeFile(path, await chartFile(chart, ending));
  if (why !== undefined) return complain(`Cannot write ${JSON.stringify(path)}: ${why}`, io);
  io.stderr.write(`wrote ${path}: ${chart.title}\n`);
  return EXIT_CODE.done;
}

/** One line for each chart: its kind, then its finding. */
function listOf(charts: readonly Chart[]): string {
  const width = Math.max(0, ...charts.map(({ kind }) => kind.length));
  return charts.map(({ kind, title }) => `${kind.padEnd(width)}  ${title}\n`).join("");
}

/** Why a result does not give a chart, and what to do. */
function noChart({ kind, result: path }: ChartCommandOptions, charts: readonly Chart[], { document }: Result): string {
  const given = charts.map((chart) => chart.kind).join(", ");
  const what = `${quote(path)} (${document.format})`;
  if (kind === undefined) return `Cannot draw a chart of ${what}: it has no data for any`;
  const because = kind === "sequence" ? undefined : WHY[kind];
  const hint =
    kind === "sequence"
      ? "it is a chart of one connection; draw it with `sim explain SCENARIO --chart FILE`"
      : (because ?? "it has no data for it");
  return `Cannot draw ${kind} of ${what}: ${hint}; it gives ${given === "" ? "no chart" : given}`;
}

/** What a kind of chart needs. */
const WHY: Readonly<Partial<Record<Chart["kind"], string>>> = {
  "failure-heatmap": "it takes a sweep that varies two paths",
  "failure-probability": "it takes a run or a sweep with probes, and no more than 7 series",
  occupancy: "it takes a run that was kept with `sim run --out DIR`",
  candidates: "it takes what `sim ports --format json` gave",
  "before-after": "it takes what `sim diff --format json` gave",
  "port-map": "it takes a run, or what `sim ports --format json` gave",
  "runs-of-failures": "it takes a run in which a probe failed",
  "time-to-failure": "it takes a run in which a probe failed",
  "time-to-restart": "it takes a run in which a container was restarted",
};
