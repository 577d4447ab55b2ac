import { chartsOfResult } from "../../report/charts/charts_of_result.ts";
import { HTML_MARK, reportHtml } from "../../report/html/report_html.ts";
import type { Result } from "../../report/results/result.ts";
import { shellWord } from "../../report/shell_command.ts";
import { reportOf } from "../../report/write_up/report.ts";
import { MARKDOWN_MARK, reportMarkdown } from "../../report/write_up/report_markdown.ts";
import type { ReportedResult } from "../../report/write_up/write_up_of_result.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import { formatDiagnostic } from "../../scenario/diagnostic.ts";
import { formatCount, plural } from "../../report/number_text.ts";
import type { CliIo } from "./cli_io.ts";
import { SIDE_FILES } from "./diff_command.ts";
import { EXIT_CODE } from "./exit_code.ts";
import type { ReportOptions } from "./report_options.ts";
import { readResultFiles } from "./result_files.ts";
import { complain } from "./complain.ts";

/** The script that a report in HTML brings along. */
const SCRIPT = "report_charts.js";

/**
 * `sim report`: makes one HTML file or one Markdown text of results. Nothing is written unless all of it can be.
 *
 * @returns the exit code: 0 once the report is written, 2 if a result cannot be read or the file not be written.
 */
export async function reportCommand(options: ReportOptions, io: CliIo): Promise<number> {
  const { results, out, format, title } = options;
  const problem = out === undefined ? undefined : await outProblem(out, io);
  if (problem !== undefined) return complain(problem, io);
  const reported: ReportedResult[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const path of results) {
    const reading = await readResultFiles(path, io);
    if (reading.ok) reported.push(await reportedResult(reading.result, io));
    else diagnostics.push(...reading.diagnostics);
  }
  if (diagnostics.length > 0) {
    for (const diagnostic of diagnostics) io.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
    io.stderr.write(`${plural(formatCount(diagnostics.length), "problem")}; nothing was written\n`);
    return EXIT_CODE.wrongInput;
  }
  const report = reportOf(reported, { version: io.version, title });
  if (format === "markdown") return put(reportMarkdown(report), options, io);
  const script = await io.readWebFile(SCRIPT);
  if (!script.ok) return complain(`Cannot read ${SCRIPT} of portfall's build: ${script.why}; run npm run build`, io);
  return put(await reportHtml(report, { script: script.text, digest: io.digest }), options, io);
}

/** A result with its charts, and of a comparison with the scenarios of both sides, where its folder has them. */
async function reportedResult(result: Result, io: CliIo): Promise<ReportedResult> {
  const charts = chartsOfResult(result);
  if (result.document.format !== "diff/1") return { result, charts };
  const sides = await Promise.all(SIDE_FILES.map((name) => io.readFile(`${result.path}/${name}`)));
  return { result, charts, scenarios: sides.map((side) => (side.ok ? side.text : "")) };
}

/** Why a file must not be written to: somebody else's work stands there. */
async function outProblem(out: string, io: CliIo): Promise<string | undefined> {
  const listed = await io.listFiles(out);
  if (!listed.ok) return undefined;
  const [only] = listed.files;
  if (only !== out || listed.files.length !== 1) {
    return `Cannot write ${JSON.stringify(out)}: it is a directory; name a file in it, such as ${shellWord(`${out.replace(/\/+$/, "")}/report.html`)}`;
  }
  const present = await io.readFile(out);
  const isOurs = present.ok && [HTML_MARK, MARKDOWN_MARK, ""].some((mark) => isMarked(present.text, mark));
  if (isOurs) return undefined;
  return `Cannot write ${JSON.stringify(out)}: it exists already and is no report; name another file, or remove it first`;
}

/** Whether a text begins with a mark; the empty mark is that of an empty file. */
function isMarked(text: string, mark: string): boolean {
  return mark === "" ? text === "" : text.startsWith(mark);
}

/** Writes the report to its file, whole or not at all, or to the standard output. */
async function put(text: string, { out }: ReportOptions, io: CliIo): Promise<number> {
  if (out === undefined) {
    io.stdout.write(text);
    return EXIT_CODE.done;
  }
  const why = await io.writeWholeFile(out, text);
  if (why !== undefined) return complain(`Cannot write ${JSON.stringify(out)}: ${why}`, io);
  io.stderr.write(
    `wrote ${shellWord(out)} (${formatCount(Math.ceil(new TextEncoder().encode(text).length / 1_000))} kB)\n`,
  );
  return EXIT_CODE.done;
}
