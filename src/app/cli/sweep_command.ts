import { formatCount, formatSpan, plural } from "../../report/number_text.ts";
import { shellWord } from "../../report/shell_command.ts";
import { sweepText } from "../../report/sweep_text.ts";
import { scenarioAsRun } from "../../scenario/scenario_as_run.ts";
import { runSweep } from "../../study/run_sweep.ts";
import type { SweepProgress } from "../../study/run_sweep.ts";
import { pointDocument } from "../../study/sweep_document.ts";
import type { Shard, SweepDocument } from "../../study/sweep_document.ts";
import { sweepDifference } from "../../study/sweep_difference.ts";
import { planSweep } from "../../study/sweep_plan.ts";
import type { PlannedPoint, SweepPlan } from "../../study/sweep_plan.ts";
import { writeEngineFiles } from "../engines/engine_files.ts";
import { asTyped } from "./as_typed.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { internalErrorText } from "./internal_error.ts";
import { jsonText } from "../../report/json_text.ts";
import { missingScenario } from "./missing_scenario.ts";
import { ProgressLine } from "./progress_line.ts";
import { complain } from "./complain.ts";
import { refuse } from "./refuse.ts";
import { replayOf, requestOf, warmUpProblem } from "./run_command.ts";
import { readShard } from "./shard_option.ts";
import { beginFolder, CannotWrite, documentOf, finishFolder, keepPoint, readSweepFolder } from "./sweep_folder.ts";
import { unfinishedPoints, write } from "./sweep_folder.ts";
import type { SweepFolder } from "./sweep_folder.ts";
import type { SweepOptions } from "./sweep_options.ts";
import { textOptions } from "./text_options.ts";
import { warn } from "./warn.ts";

/**
 * `sim sweep`: runs a scenario at many points and prints their table.
 *
 * @returns the exit code: 0 when all points are done, 2 for wrong input or a disk that takes no more, 3 for a bug, 130
 * when interrupted. What a scenario expects of itself does not count here: the points differ from it.
 */
export async function sweepCommand(options: SweepOptions, io: CliIo): Promise<number> {
  const file = await io.readFile(options.run.scenario);
  if (!file.ok) return refuse([await missingScenario(options.run.scenario, file.why, io)], io);
  const shard = options.shard === undefined ? { index: 1, count: 1 } : readShard(options.shard, io.environment);
  if (typeof shard === "string") return complain(shard, io);
  const planned = planSweep({
    text: file.text,
    file: options.run.scenario,
    overrides: options.run.overrides,
    factors: options.factors,
    design: options.design,
    points: options.points,
    settings: options.run.settings,
    engine: { version: io.version, build: await io.buildDigest() },
    digest: io.digest,
  });
  if (!planned.ok)
    return "why" in planned ? complain(planned.why, io) : refuse(asTyped(planned.diagnostics, options.run), io);
  warn(asTyped(planned.warnings, options.run), io);
  const { plan } = planned;
  const problem = options.run.warmUp === undefined ? undefined : pointProblem(plan, options);
  if (problem !== undefined) return complain(problem, io);
  try {
    if (options.engineFiles !== undefined) {
      return await writeEngineFiles({ options, plan, scenario: file.text, folder: options.engineFiles }, io);
    }
    const folder = await openFolder(plan, shard, { options, text: file.text }, io);
    return typeof folder === "string" ? complain(folder, io) : await new SweepSession(options, plan, folder, io).run();
  } catch (error) {
    if (error instanceof CannotWrite) return complain(error.message, io);
    throw error;
  }
}

/** What is wrong with the warm-up at the first point where it is as long as a boot. */
function pointProblem(plan: SweepPlan, { run }: SweepOptions): string | undefined {
  for (const point of plan.points) {
    const problem = warmUpProblem(plan.scenarioOf(point), run);
    if (problem !== undefined) return `Point ${point.point}: ${problem}`;
  }
  return undefined;
}

/** The folder of this sweep, new or to be gone on with; without `--out` points are kept in memory. */
async function openFolder(
  { manifest }: SweepPlan,
  shard: Shard,
  { options, text }: { readonly options: SweepOptions; readonly text: string },
  io: CliIo,
): Promise<SweepFolder | string> {
  const scenario = scenarioAsRun(text, options.run.overrides);
  const path = options.run.out;
  if (path === undefined) return { path: "", manifest, shard, scenario, points: new Map() };
  const found = await readSweepFolder(path, io);
  if (found.kind === "wrong") return found.message;
  const fresh: SweepFolder = { path, manifest, shard, scenario, points: new Map() };
  if (found.kind === "empty") {
    await beginFolder(fresh, io);
    return fresh;
  }
  const { folder } = found;
  if (!options.isResume) {
    return `Cannot use ${JSON.stringify(path)}: it holds a sweep with ${plural(formatCount(folder.points.size), "finished point")}; add --resume to go on, or name another folder`;
  }
  const difference = sweepDifference(manifest, folder.manifest);
  if (difference !== undefined)
    return `Cannot resume the sweep in ${JSON.stringify(path)}: ${difference.replace("the other", "this one")}`;
  if (folder.shard.index !== shard.index || folder.shard.count !== shard.count) {
    return `Cannot resume the sweep in ${JSON.stringify(path)}: it is shard ${folder.shard.index}/${folder.shard.count}, not ${shard.index}/${shard.count}`;
  }
  // A crash may have come between the first files.
  await beginFolder({ ...folder, scenario }, io);
  return { ...folder, scenario };
}

/** How likely it is at most that a pilot contradicts the exact value of any point, if all of them are right. */
const FALSE_ALARM = 0.01;

/** One call of `sim sweep` from its first point to its result. */
class SweepSession {
  readonly #options: SweepOptions;
  readonly #plan: SweepPlan;
  readonly #folder: SweepFolder;
  readonly #io: CliIo;
  readonly #wallSeconds = new Map<number, number>();

  constructor(options: SweepOptions, plan: SweepPlan, folder: SweepFolder, io: CliIo) {
    this.#options = options;
    this.#plan = plan;
    this.#folder = folder;
    this.#io = io;
  }

  async run(): Promise<number> {
    const { format } = this.#options.run;
    const io = this.#io;
    const startedAt = io.clock();
    const cpuBefore = io.cpuSeconds();
    const failed = await this.#runPoints();
    if (failed !== undefined) return failed;
    let document: SweepDocument;
    try {
      document = await this.#finish((io.clock() - startedAt) / 1_000, io.cpuSeconds() - cpuBefore);
    } catch (error) {
      return this.#explain(error, undefined);
    }
    const where = this.#options.run.out;
    io.stdout.write(
      format === "json" ? jsonText(document) : sweepText(document, { ...textOptions(io), folder: where }),
    );
    return EXIT_CODE.done;
  }

  /** Runs the points that are not finished; the exit code if that came to an early end. */
  async #runPoints(): Promise<number | undefined> {
    const io = this.#io;
    const { run } = this.#options;
    const unfinished = new Set(unfinishedPoints(this.#folder));
    const line = io.stderr.isTerminal && !run.isQuiet ? new ProgressLine(io.stderr, io.clock) : undefined;
    const startedAt = io.clock();
    const jobs = run.jobs ?? io.cores;
    const pool = io.openWorkers(jobs, this.#simulation);
    const stopped = new AbortController();
    const signal = AbortSignal.any([io.signal, stopped.signal]);
    let broken: PlannedPoint | undefined;
    try {
      await runSweep({
        points: this.#plan.points.filter(({ point }) => unfinished.has(point)),
        finishedBefore: this.#folder.points.size,
        // One more than there are threads, so that a point's last replication leaves none of them idle.
        atOnce: jobs + 1,
        runPoint: async (point, onProgress) => {
          const pointStart = io.clock();
          const scenario = this.#plan.scenarioOf(point);
          const { digest } = this.#plan.manifest.scenario;
          const request = requestOf(scenario, digest, { ...run, overrides: point.overrides }, io);
          try {
            const document = await io.runStudy({ ...request, ...this.#estimator(), pool, signal, onProgress });
            this.#wallSeconds.set(point.point, (io.clock() - pointStart) / 1_000);
            return document;
          } catch (error) {
            broken ??= point;
            throw error;
          }
        },
        keep: async (point, document) => {
          const text = jsonText(pointDocument(this.#plan.manifest.sweep, point, document, this.#simulation));
          if (this.#folder.path === "") this.#folder.points.set(point.point, text);
          else await keepPoint(this.#folder, point.point, text, io);
        },
        onFailure: () => stopped.abort(),
        onProgress: (progress) => {
          line?.showText(sweepProgressText(progress, (io.clock() - startedAt) / 1_000));
        },
      });
      return undefined;
    } catch (error) {
      line?.clear();
      return this.#explain(error, broken);
    } finally {
      line?.clear();
      await pool.close();
    }
  }

  get #simulation(): "flow" | "packet" {
    return this.#options.estimator === "packet" ? "packet" : "flow";
  }

  /** Lets each point take the cheapest sound estimator; all points of all shards share the chance of a false alarm. */
  #estimator(): { readonly falseAlarm?: number; readonly isPacketByPacket?: boolean } {
    if (this.#options.estimator === "packet") return { isPacketByPacket: true };
    return this.#options.estimator === "auto" ? { falseAlarm: FALSE_ALARM / this.#plan.points.length } : {};
  }

  /** Says on stderr why the sweep stopped and what is kept. */
  #explain(error: unknown, broken: PlannedPoint | undefined): number {
    const io = this.#io;
    if (io.signal.aborted) {
      io.stderr.write(`sim: interrupted: ${this.#keptText()}\n`);
      return EXIT_CODE.interrupted;
    }
    if (error instanceof CannotWrite) {
      io.stderr.write(`sim: ${error.message}\n${this.#keptText()}\n`);
      return EXIT_CODE.wrongInput;
    }
    const { run } = this.#options;
    const scenario = broken === undefined ? this.#plan.scenario : this.#plan.scenarioOf(broken);
    const request = requestOf(scenario, "", { ...run, overrides: broken?.overrides ?? run.overrides }, io);
    io.stderr.write(`${internalErrorText(error)}\n${replayOf(error, request)}\n${this.#keptText()}\n`);
    return EXIT_CODE.internalError;
  }

  /** `12 of 60 points are finished and kept; add --resume to go on`. */
  #keptText(): string {
    const count = this.#folder.points.size;
    const unfinished = unfinishedPoints(this.#folder).length;
    const finished = `${formatCount(count)} of ${plural(formatCount(count + unfinished), "point")} finished`;
    if (this.#folder.path === "") return `${finished}; nothing is kept without --out`;
    return `${finished} and kept in ${shellWord(this.#folder.path)}; the same command with --resume goes on`;
  }

  async #finish(wallSeconds: number, cpuSeconds: number): Promise<SweepDocument> {
    const io = this.#io;
    if (this.#folder.path === "") return documentOf(this.#folder);
    const document = await finishFolder(this.#folder, io);
    const points = [...this.#wallSeconds]
      .toSorted(([a], [b]) => a - b)
      .map(([point, seconds]) => ({ point, wallSeconds: seconds }));
    const times = {
      format: "timings/1",
      version: io.version,
      runtime: io.runtime,
      jobs: this.#options.run.jobs ?? io.cores,
      wallSeconds,
      cpuSeconds,
      points,
    };
    await write(`${this.#folder.path}/timings.json`, jsonText(times), io);
    return document;
  }
}

/** `12/60 points, about 3 minutes left`; `elapsed` in seconds. */
export function sweepProgressText({ finishedPoints, points, done }: SweepProgress, elapsed: number): string {
  const text = `${formatCount(finishedPoints)}/${formatCount(points)} points`;
  return done === 0 ? text : `${text}, about ${formatSpan(Math.ceil((elapsed * (1 - done)) / done))} left`;
}
