import { diffText } from "../../report/diff_text.ts";
import { formatDiagnostic } from "../../scenario/diagnostic.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import { parseScenarioSide } from "../../scenario/scenario.ts";
import type { ParsedScenario, Scenario } from "../../scenario/scenario.ts";
import { scenarioAsRun } from "../../scenario/scenario_as_run.ts";
import type { DiffDocument } from "../../study/diff_document.ts";
import { runDiff } from "../../study/run_diff.ts";
import type { DiffRequest, DiffSide } from "../../study/run_diff.ts";
import type { RunProgress } from "../../study/run_study.ts";
import { SECOND } from "../../units.ts";
import { asTyped } from "./as_typed.ts";
import { beginResult, writeResult, type ResultFile } from "./begin_result.ts";
import type { CliIo, FileText } from "./cli_io.ts";
import type { DiffOptions } from "./diff_options.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { internalErrorText } from "./internal_error.ts";
import { overrideRecord } from "../../scenario/override_record.ts";
import { jsonText } from "../../report/json_text.ts";
import { missingScenario } from "./missing_scenario.ts";
import { ProgressLine } from "./progress_line.ts";
import { complain } from "./complain.ts";
import { refuse } from "./refuse.ts";
import { interruptedText, replayOf } from "./run_command.ts";
import { textOptions } from "./text_options.ts";
import { warn } from "./warn.ts";

/**
 * `sim diff`: simulates two settings on the same chance and prints what differs, and why.
 *
 * @returns the exit code: 0 whatever the verdict, 2 for wrong input, 3 for a bug, 130 when interrupted.
 */
export async function diffCommand(options: DiffOptions, io: CliIo): Promise<number> {
  const fileA = options.scenario;
  const fileB = options.other ?? fileA;
  const textA = await io.readFile(fileA);
  const textB = fileB === fileA ? textA : await io.readFile(fileB);
  const missing = await missingFiles(io, [
    [fileA, textA],
    [fileB, textB],
  ]);
  if (!textA.ok || !textB.ok) return refuse(missing, io);
  const read = (text: string, file: string, option: "--a" | "--b"): ParsedScenario =>
    parseScenarioSide(text, file, options.overrides, { option, settings: option === "--a" ? options.a : options.b });
  const a = read(textA.text, fileA, "--a");
  const b = read(textB.text, fileB, "--b");
  if (!a.ok || !b.ok) {
    const problems = unique([a, b].flatMap((side) => (side.ok ? [] : side.diagnostics)));
    return refuse(asTyped(problems, options), io);
  }
  warn(asTyped(unique([...a.warnings, ...b.warnings]), options), io);
  const problem = pairingProblem(a.scenario, b.scenario);
  if (problem !== undefined) {
    return complain(problem, io);
  }
  const sideOf = (scenario: Scenario, file: string, text: string, settings: readonly string[]): DiffSide => ({
    scenario,
    file,
    digest: io.digest(text),
    settings: overrideRecord(settings),
  });
  const sideA = sideOf(a.scenario, fileA, textA.text, options.a);
  const sideB = sideOf(b.scenario, fileB, textB.text, options.b);
  const asRun = (text: string, own: readonly string[]): string => scenarioAsRun(text, [...options.overrides, ...own]);
  const [nameA, nameB] = SIDE_FILES;
  const begun = (): readonly ResultFile[] => [
    [nameA, asRun(textA.text, options.a)],
    [nameB, asRun(textB.text, options.b)],
  ];
  const unusable = options.out === undefined ? undefined : await beginResult(options.out, begun(), io);
  if (unusable !== undefined) return complain(unusable, io);
  return compare(requestOf(sideA, sideB, options, io), options, io);
}

/** The names of the scenarios in the folder of a comparison: `sim diff a.yaml b.yaml` there gives it again. */
export const SIDE_FILES = ["a.yaml", "b.yaml"] as const;

/** Runs the comparison with its progress on the terminal, and prints what it found. */
async function compare(request: DiffRequest, options: DiffOptions, io: CliIo): Promise<number> {
  const line = io.stderr.isTerminal && !options.isQuiet ? new ProgressLine(io.stderr, io.clock) : undefined;
  let latest: RunProgress | undefined;
  const onProgress = (progress: RunProgress): void => {
    latest = progress;
    line?.show(progress);
  };
  let document: DiffDocument;
  try {
    document = await runDiff({ ...request, onProgress }, io.runStudy);
  } catch (error) {
    line?.clear();
    if (io.signal.aborted) {
      io.stderr.write(`sim: ${interruptedText(latest)}\n`);
      return EXIT_CODE.interrupted;
    }
    io.stderr.write(`${internalErrorText(error)}\n${replayOf(error, brokenSide(error, request))}\n`);
    return EXIT_CODE.internalError;
  }
  line?.clear();
  const isJson = options.format === "json";
  io.stdout.write(isJson ? jsonText(document) : diffText(document, textOptions(io)));
  const { out } = options;
  const problem = out === undefined ? undefined : await writeResult(out, [["result.json", jsonText(document)]], io);
  return problem === undefined ? EXIT_CODE.done : complain(problem, io);
}

function requestOf(a: DiffSide, b: DiffSide, options: DiffOptions, io: CliIo): DiffRequest {
  return {
    a,
    b,
    margin: options.margin,
    version: io.version,
    clocks: { wallSeconds: () => io.clock() / 1000, cpuSeconds: io.cpuSeconds },
    overrides: overrideRecord(options.overrides),
    jobs: Math.min(options.jobs ?? io.cores, 2 * a.scenario.replications),
    signal: io.signal,
    ...(options.warmUp === undefined ? {} : { warmUp: options.warmUp }),
    ...(options.isParanoid ? { paranoid: true } : {}),
  };
}

/** The side that broke as a run of its own: an error of B carries settings, which a replay takes over. */
function brokenSide(error: unknown, { a, b, overrides, ...request }: DiffRequest): Parameters<typeof replayOf>[1] {
  const isB = error instanceof Error && "settings" in error;
  const { file, digest, scenario } = isB ? b : a;
  return { ...request, file, digest, scenario, overrides: isB ? overrides : { ...overrides, ...a.settings } };
}

/** Why two scenarios cannot be compared boot by boot. */
function pairingProblem(a: Scenario, b: Scenario): string | undefined {
  if (withoutAbout(a) === withoutAbout(b)) {
    return "Cannot compare A and B: their settings come to the same node, so there is no difference to find";
  }
  const differing = (
    [
      ["seed", a.seed, b.seed],
      ["replications", `${a.replications}`, `${b.replications}`],
      ["duration", `${a.duration / SECOND}s`, `${b.duration / SECOND}s`],
    ] as const
  ).filter(([, inA, inB]) => inA !== inB);
  if (differing.length === 0) return undefined;
  const found = differing.map(([name, inA, inB]) => `${name} is ${inA} in A and ${inB} in B`).join(", ");
  const mend = differing.map(([name, inA]) => `--${name} ${inA}`).join(" ");
  return `Cannot compare A and B boot by boot: ${found}; set it for both, such as ${mend}`;
}

/** What a scenario simulates, as a text. */
function withoutAbout(scenario: Scenario): string {
  return JSON.stringify({ ...scenario, about: "" });
}

async function missingFiles(
  io: CliIo,
  files: readonly (readonly [path: string, text: FileText])[],
): Promise<Diagnostic[]> {
  const found = await Promise.all(
    files.map(([path, text]) => (text.ok ? [] : [missingScenario(path, text.why, io)])).flat(),
  );
  return unique(found);
}

/** Diagnostics that differ as texts: a problem of the file itself is found on both sides. */
function unique<Item extends Diagnostic>(diagnostics: readonly Item[]): Item[] {
  return [...new Map(diagnostics.map((diagnostic) => [formatDiagnostic(diagnostic), diagnostic])).values()];
}
