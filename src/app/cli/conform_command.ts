import { setImmediate } from "node:timers/promises";
import { readCase } from "../../conform/case_file.ts";
import type { KernelCase } from "../../conform/case_file.ts";
import { judgeCase } from "../../conform/judge_case.ts";
import type { ConformDocument, ConformedCase } from "../../report/conform_document.ts";
import { conformText } from "../../report/conform_text.ts";
import { jsonText } from "../../report/json_text.ts";
import { formatCount, plural } from "../../report/number_text.ts";
import { printable } from "../../report/text_layout.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import { caseDiagnostic } from "./case_diagnostic.ts";
import type { CliIo } from "./cli_io.ts";
import type { ConformOptions } from "./conform_options.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { ProgressLine } from "./progress_line.ts";
import { refuse } from "./refuse.ts";
import { textOptions } from "./text_options.ts";

/** A case that was read, and where it stands. */
interface FoundCase {
  readonly file: string;
  readonly kernelCase: KernelCase;
  readonly unknownFields: readonly string[];
}

/**
 * `sim conform`: replays recorded cases of real kernels in the simulated one and prints where they differ.
 *
 * @returns the exit code: 0 if every case passes, 1 if one fails, 2 if a file is no case, 130 when interrupted.
 */
export async function conformCommand(options: ConformOptions, io: CliIo): Promise<number> {
  const problems: Diagnostic[] = [];
  const cases: FoundCase[] = [];
  for (const file of await findFiles(options.paths, problems, io)) {
    const found = await readFoundCase(file, problems, io);
    if (found !== undefined) cases.push(found);
  }
  if (problems.length > 0) return refuse(problems, io);
  const judged = await judgeAll(cases, options, io);
  if (io.signal.aborted) {
    const done = `${formatCount(judged.length)} of ${plural(formatCount(cases.length), "case")}`;
    io.stderr.write(`sim: interrupted after ${done}; nothing was printed\n`);
    return EXIT_CODE.interrupted;
  }
  const passed = judged.filter(({ ok }) => ok).length;
  const document: ConformDocument = { format: "conform/1", cases: judged, passed, failed: judged.length - passed };
  const text = options.format === "json" ? jsonText(document) : conformText(document, textOptions(io));
  io.stdout.write(text);
  return document.failed === 0 ? EXIT_CODE.done : EXIT_CODE.expectationFailed;
}

/** The files of all paths, each once: those named, and every `*.json` below the folders named, sorted by path. */
async function findFiles(paths: readonly string[], problems: Diagnostic[], io: CliIo): Promise<string[]> {
  const files = new Set<string>();
  for (const path of paths) {
    const listing = await io.listFiles(path);
    if (!listing.ok) {
      problems.push(pathDiagnostic(path, `Cannot read the cases: ${listing.why}`));
      continue;
    }
    const found = listing.files.filter((file) => file === path || file.endsWith(".json"));
    if (found.length === 0) problems.push(pathDiagnostic(path, "Cannot find a case: no file below it ends in .json"));
    for (const file of found) files.add(file);
  }
  return [...files].toSorted((a, b) => (a < b ? -1 : 1));
}

async function readFoundCase(file: string, problems: Diagnostic[], io: CliIo): Promise<FoundCase | undefined> {
  const text = await io.readFile(file);
  if (!text.ok) {
    problems.push(pathDiagnostic(file, `Cannot read the case: ${text.why}`));
    return undefined;
  }
  const reading = readCase(text.text, file);
  if (reading.ok) return { file, kernelCase: reading.case, unknownFields: reading.unknownFields };
  problems.push(...reading.problems.map((problem) => caseDiagnostic(problem, text.text)));
  return undefined;
}

/** What is wrong with a path of the command line. */
function pathDiagnostic(file: string, message: string): Diagnostic {
  const place = { file, line: 1, column: 1, length: 0, sourceLine: "" };
  return {
    ...place,
    message,
    expected: "a folder with recordings of kernel-case/1, or one of them",
    toMend: "correct the path",
  };
}

/** Judges case after case until the user interrupts; between two of them the program hears of it. */
async function judgeAll(cases: readonly FoundCase[], options: ConformOptions, io: CliIo): Promise<ConformedCase[]> {
  const line = io.stderr.isTerminal && !options.isQuiet ? new ProgressLine(io.stderr, io.clock) : undefined;
  const judged: ConformedCase[] = [];
  for (const { file, kernelCase, unknownFields } of cases) {
    await setImmediate();
    if (io.signal.aborted) break;
    line?.showText(`${formatCount(judged.length)}/${formatCount(cases.length)} cases, now ${printable(file)}`);
    const verdict = judgeCase(kernelCase, options.seed === undefined ? {} : { seed: options.seed });
    const { id, title, kernel } = kernelCase;
    const unseen = unknownFields.length === 0 ? {} : { unknownFields };
    judged.push({ id, kernel: kernel.build, file, title, ok: verdict.differences.length === 0, ...verdict, ...unseen });
  }
  line?.clear();
  return judged;
}
