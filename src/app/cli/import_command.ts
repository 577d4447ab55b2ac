import { jsonText } from "../../report/json_text.ts";
import { formatCount } from "../../report/number_text.ts";
import { shellWord } from "../../report/shell_command.ts";
import { visible, type Diagnostic } from "../../scenario/diagnostic.ts";
import { collectorScript } from "../../scenario/import/collector.ts";
import { fileDiagnostic } from "../../scenario/import/export_problem.ts";
import { importScenario, type ImportedScenario } from "../../scenario/import/import_scenario.ts";
import { EXPORT_BYTES_MOST, tooLargeExport, type ExportFile } from "../../scenario/import/read_exports.ts";
import { parseScenario } from "../../scenario/scenario.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import type { ImportCommandOptions } from "./import_options.ts";
import { complain } from "./complain.ts";
import { refuse } from "./refuse.ts";

/** Files of one folder that are read. */
const FILES_MOST = 1000;

/**
 * `sim import`: makes a scenario of the exports in a folder, or prints the commands that collect them. The scenario goes
 * to a new file or to stdout; what was read and what was assumed to stderr.
 *
 * @returns the exit code: 0, or 2 if a file is broken or a question is open; then nothing is written.
 */
export async function importCommand(options: ImportCommandOptions, io: CliIo): Promise<number> {
  const { folder } = options;
  if (folder === undefined) {
    io.stdout.write(collectorScript());
    return EXIT_CODE.done;
  }
  const { files, diagnostics } = await readFolder(folder, io);
  if (diagnostics.length > 0) return refuse(diagnostics, io, "nothing was written");
  const { node, kernel, portWalk, isRedacted } = options;
  const imported = importScenario(files, {
    isRedacted,
    ...(node === undefined ? {} : { node }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(portWalk === undefined ? {} : { portWalk }),
  });
  for (const note of imported.notes) io.stderr.write(`note: ${visible(note)}\n`);
  if (!imported.ok) return refuse(imported.diagnostics, io, "nothing was written");
  const parsed = parseScenario(imported.text, options.out ?? "scenario.yaml", []);
  if (!parsed.ok) {
    io.stderr.write("The exports contradict each other; the scenario that they give has problems:\n");
    return refuse(parsed.diagnostics, io, "nothing was written");
  }
  return writeScenario(imported, options, io);
}

/** The bytes of all files below a folder, or what is wrong with them. */
async function readFolder(
  folder: string,
  io: CliIo,
): Promise<{ readonly files: readonly ExportFile[]; readonly diagnostics: readonly Diagnostic[] }> {
  const listed = await io.listFiles(folder);
  const collect = "fill it with the commands of `sim import --commands`";
  if (!listed.ok)
    return { files: [], diagnostics: [fileDiagnostic(folder, `Cannot read the exports: ${listed.why}`, collect)] };
  // What the collector's commands complained about is no export.
  const paths = listed.files.filter((path) => !path.endsWith(".err")).toSorted();
  if (paths.length > FILES_MOST) {
    const message = `Cannot read ${formatCount(paths.length)} files: the most is ${formatCount(FILES_MOST)}`;
    return { files: [], diagnostics: [fileDiagnostic(folder, message, "name the folder of one node's exports")] };
  }
  const files: ExportFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const path of paths) {
    const read = await io.readBytes(path, EXPORT_BYTES_MOST);
    if (read.ok) files.push({ path, bytes: read.bytes });
    else if ("why" in read)
      diagnostics.push(fileDiagnostic(path, `Cannot read the file: ${read.why}`, "remove it, or let it be read"));
    else diagnostics.push(tooLargeExport(path, read.tooMany));
  }
  return { files, diagnostics };
}

async function writeScenario(
  imported: ImportedScenario & { readonly ok: true },
  { out, redactMap }: ImportCommandOptions,
  io: CliIo,
): Promise<number> {
  for (const { path, kind } of imported.files) io.stderr.write(`read ${visible(path)}: ${kind}\n`);
  for (const sentence of imported.assumed) io.stderr.write(`assumed: ${visible(sentence)}\n`);
  const table = imported.redaction === undefined ? "" : jsonText(imported.redaction);
  const writes = [
    ...(redactMap === undefined ? [] : [[redactMap, table] as const]),
    ...(out === undefined ? [] : [[out, imported.text] as const]),
  ];
  for (const [path, text] of writes) {
    const problem = await io.writeNewFile(path, text);
    if (problem === undefined) continue;
    // The table of a scenario that there is not would stand in the way of the next attempt.
    if (path === out && redactMap !== undefined) await io.removeFile(redactMap);
    return complain(`Cannot write ${JSON.stringify(path)}: ${problem}`, io);
  }
  if (out === undefined) io.stdout.write(imported.text);
  else io.stderr.write(`wrote ${shellWord(out)}; next: npx --no sim run ${shellWord(out)}\n`);
  return EXIT_CODE.done;
}
