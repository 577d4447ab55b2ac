import { runText } from "../../report/run_text.ts";
import { placeIn } from "../../cluster/replication.ts";
import { parseScenario } from "../../scenario/scenario.ts";
import { scenarioAsRun } from "../../scenario/scenario_as_run.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import type { RunDocument } from "../../study/run_document.ts";
import { firstRound } from "../../study/stopping_rule.ts";
import type { RunProgress } from "../../study/run_study.ts";
import type { RunRequest } from "../../study/study_on_workers.ts";
import { formatCount, formatSpan, plural } from "../../report/number_text.ts";
import { SECOND } from "../../units.ts";
import { asTyped } from "./as_typed.ts";
import { beginResult, writeResult, type ResultFile } from "./begin_result.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { internalErrorText } from "./internal_error.ts";
import { jsonText } from "../../report/json_text.ts";
import { missingScenario } from "./missing_scenario.ts";
import { overrideRecord } from "../../scenario/override_record.ts";
import { ProgressLine } from "./progress_line.ts";
import { complain } from "./complain.ts";
import { refuse } from "./refuse.ts";
import { placeLine, replayLine } from "./replay_line.ts";
import type { RunOptions } from "./run_options.ts";
import { textOptions } from "./text_options.ts";
import { warn } from "./warn.ts";

/**
 * `sim run`: reads a scenario, simulates it and prints the findings.
 *
 * @returns the exit code: 0 or 1 by the expectations, 2 for a wrong scenario, 3 for a bug, 130 when interrupted.
 */
export async function runCommand(options: RunOptions, io: CliIo): Promise<number> {
  const file = await io.readFile(options.scenario);
  if (!file.ok) return refuse([await missingScenario(options.scenario, file.why, io)], io);
  const parsed = parseScenario(file.text, options.scenario, options.overrides);
  if (!parsed.ok) return refuse(asTyped(parsed.diagnostics, options), io);
  warn(asTyped(parsed.warnings, options), io);
  const { replications } = parsed.scenario;
  if (options.replication !== undefined && options.replication >= replications)
    return complain(
      `Cannot run replication ${options.replication}: there are ${replications}, counted from 0; raise --replications`,
      io,
    );
  const wrongWarmUp = warmUpProblem(parsed.scenario, options);
  if (wrongWarmUp !== undefined) return complain(wrongWarmUp, io);
  const begun = (): readonly ResultFile[] => [["scenario.yaml", scenarioAsRun(file.text, options.overrides)]];
  const unusable = options.out === undefined ? undefined : await beginResult(options.out, begun(), io);
  if (unusable !== undefined) return complain(unusable, io);
  const request = requestOf(parsed.scenario, io.digest(file.text), options, io);
  // A result that is kept is one of which charts are made.
  const kept = options.out === undefined ? request : { ...request, gaugeReadings: GAUGE_READINGS };
  return simulate(kept, options, io);
}

/** Moments of each boot at which a run that is kept reads how full its tables are. */
const GAUGE_READINGS = 60;

/** Why the start of a run cannot be left out: a boot of the scenario, or of one of its variants, is no longer than that. */
export function warmUpProblem(
  { duration, variants }: Scenario,
  { warmUp, until }: Pick<RunOptions, "warmUp" | "until">,
): string | undefined {
  const length = Math.min(until ?? Infinity, duration, ...variants.map(({ scenario }) => scenario.duration));
  if (warmUp === undefined || warmUp < length) return undefined;
  const [start, whole] = [formatSpan(warmUp / SECOND), formatSpan(length / SECOND)];
  return `Cannot leave out the first ${start}: a boot is simulated for ${whole}; raise --duration`;
}

/** Runs the study with its progress on the terminal, and prints what it found. */
async function simulate(request: RunRequest, options: RunOptions, io: CliIo): Promise<number> {
  const line = io.stderr.isTerminal && !options.isQuiet ? new ProgressLine(io.stderr, io.clock) : undefined;
  let latest: RunProgress | undefined;
  const onProgress = (progress: RunProgress): void => {
    latest = progress;
    line?.show(progress);
  };
  let document: RunDocument;
  try {
    document = await io.runStudy({ ...request, onProgress });
  } catch (error) {
    line?.clear();
    if (io.signal.aborted) {
      io.stderr.write(`sim: ${interruptedText(latest)}\n`);
      return EXIT_CODE.interrupted;
    }
    io.stderr.write(`${internalErrorText(error)}\n${replayOf(error, request)}\n`);
    return EXIT_CODE.internalError;
  }
  line?.clear();
  io.stdout.write(options.format === "json" ? jsonText(document) : runText(document, textOptions(io)));
  const { out } = options;
  const problem = out === undefined ? undefined : await writeResult(out, [["result.json", jsonText(document)]], io);
  if (problem !== undefined) return complain(problem, io);
  return document.expectations.every(({ ok }) => ok) ? EXIT_CODE.done : EXIT_CODE.expectationFailed;
}

/** The request to the engine: which scenario, how it was changed, with how many workers. */
export function requestOf(scenario: Scenario, digest: string, options: RunOptions, io: CliIo): RunRequest {
  const wanted = options.jobs ?? io.cores;
  return {
    scenario,
    file: options.scenario,
    digest,
    version: io.version,
    clocks: { wallSeconds: () => io.clock() / 1000, cpuSeconds: io.cpuSeconds },
    overrides: overrideRecord(options.overrides),
    jobs:
      options.replication === undefined
        ? Math.min(wanted, firstRound(scenario.replications) * (1 + scenario.variants.length))
        : 1,
    signal: io.signal,
    ...(options.replication === undefined ? {} : { replication: options.replication }),
    ...(options.until === undefined ? {} : { until: options.until }),
    ...(options.warmUp === undefined ? {} : { warmUp: options.warmUp }),
    ...(options.isParanoid ? { paranoid: true } : {}),
    ...(options.stopping === undefined ? {} : { stopping: options.stopping }),
  };
}

/** How far an interrupted run came. */
export function interruptedText(latest: RunProgress | undefined): string {
  if (latest === undefined) return "interrupted before the first event; nothing was printed";
  const { finishedReplications, replications, simulated, total } = latest;
  return (
    `interrupted: ${formatCount(finishedReplications)} of ${plural(formatCount(replications), "replication")} finished, ` +
    `${formatSpan(simulated / SECOND)} of ${formatSpan(total / SECOND)} simulated; nothing was printed`
  );
}

/** Where a failure happened, as far as the error says, and the line that replays it with the same overrides. */
export function replayOf(error: unknown, request: RunRequest): string {
  const { scenario, file, warmUp } = request;
  const place = placeIn(error);
  const { replication, at, event, handler } = place;
  // A precision may have asked for more boots than the scenario names.
  const isBeyond = replication !== undefined && replication >= scenario.replications;
  const replay = replayLine({
    file,
    seed: scenario.seed,
    overrides: {
      ...request.overrides,
      ...(isBeyond ? { replications: String(replication + 1) } : {}),
      ...settingsIn(error),
    },
    replication,
    at,
    ...(warmUp === undefined ? {} : { warmUp }),
    // What was found between two events happened in one before them: closer checks find which.
    isParanoid: request.paranoid === true || (event !== undefined && handler === undefined),
  });
  return `${placeLine({ file, seed: scenario.seed, place })}${replay}`;
}

/** The settings of the variant that broke, which a replay takes as options. */
function settingsIn(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Error) || !("settings" in error)) return {};
  const { settings } = error;
  if (typeof settings !== "object" || settings === null) return {};
  return Object.fromEntries(
    Object.entries(settings).flatMap(([path, value]) => (typeof value === "string" ? [[path, value]] : [])),
  );
}
