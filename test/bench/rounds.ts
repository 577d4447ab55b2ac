import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import type { BenchCase, Point, PointResult, ResultLine } from "./bench_case.ts";
import type { BenchDocument } from "./bench_document.ts";
import { BUILT_ENGINE } from "./engine.ts";

/** What to measure, and who hears how far it is. */
export interface RoundsOptions {
  readonly cases: readonly BenchCase[];
  readonly rounds: number;
  readonly isQuick: boolean;
  /** Asks to stop: then the rounds that are over count. */
  readonly interrupted: AbortSignal;
  readonly onPoint: (progress: { readonly text: string; readonly done: number; readonly total: number }) => void;
}

/** All figures, and the lines for other programs by round. */
export interface RoundsResult {
  readonly document: BenchDocument;
  readonly lines: readonly (readonly ResultLine[])[];
  /** What points of which cases ended with an error. */
  readonly failures: readonly string[];
}

const QUICK_SCALE = 0.1;
const PROGRAM = fileURLToPath(new URL("point_process.ts", import.meta.url));
const run = promisify(execFile);

interface Task {
  readonly of: BenchCase;
  readonly point: Point;
  readonly results: PointResult[];
}

/** Measures round by round; in each round every point has its turn, in a process of its own. */
export async function runRounds({
  cases,
  rounds,
  isQuick,
  interrupted,
  onPoint,
}: RoundsOptions): Promise<RoundsResult> {
  const tasks: readonly Task[] = cases.flatMap((of) =>
    of.points.filter(({ isFullOnly }) => !isQuick || isFullOnly !== true).map((point) => ({ of, point, results: [] })),
  );
  const failures: string[] = [];
  const lines: ResultLine[][] = [];
  const total = rounds * tasks.length;
  let done = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const ofRound: ResultLine[] = [];
    for (const { of, point, results } of tasks) {
      onPoint({ text: `round ${round} of ${rounds}, ${of.name}: ${point.name}`, done, total });
      // oxlint-disable-next-line no-await-in-loop -- two at once would slow each other down
      const result = await runPoint(of, point, isQuick ? QUICK_SCALE : 1);
      if (interrupted.aborted) return { document: documentOf(tasks, round - 1, isQuick), lines, failures };
      if (typeof result === "string") failures.push(`${of.name}, ${point.name}: ${result}`);
      else {
        results.push(result);
        if (result.line !== undefined) ofRound.push(result.line);
      }
      done += 1;
    }
    lines.push(ofRound);
  }
  return { document: documentOf(tasks, rounds, isQuick), lines, failures };
}

async function runPoint(of: BenchCase, point: Point, scale: number): Promise<PointResult | string> {
  // What was built comes before tsx, which would compile it once more and make it slower by some percent.
  const built = existsSync(BUILT_ENGINE) ? ["--import", BUILT_ENGINE.href] : [];
  const words = ["--expose-gc", ...built, "--import", "tsx", PROGRAM, of.name, point.name, String(scale)];
  try {
    const { stdout } = await run(process.execPath, words, { maxBuffer: 1 << 24 });
    const result: PointResult = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    return result;
  } catch (error) {
    const { stderr = "", message = "" }: { stderr?: string; message?: string } = error instanceof Error ? error : {};
    return /^\w*Error: (.*)$/m.exec(stderr)?.[1] ?? message;
  }
}

function documentOf(tasks: readonly Task[], rounds: number, isQuick: boolean): BenchDocument {
  return {
    format: "bench/1",
    portfall: manifest.version,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? "unknown processor",
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
    },
    node: process.version,
    size: isQuick ? "quick" : "full",
    rounds,
    cases: [...new Set(tasks.map(({ of }) => of))].map((of) => ({
      name: of.name,
      points: tasks.filter((task) => task.of === of).map((task) => pointOf(task, rounds)),
    })),
  };
}

function pointOf({ point, results }: Task, rounds: number): BenchDocument["cases"][number]["points"][number] {
  const whole = results.slice(0, rounds);
  const [first] = whole;
  // With a hole in its rounds a figure could not be set against that of another point.
  if (first === undefined || whole.length < rounds) return { name: point.name, figures: [], missing: "it failed" };
  const figures = first.rows.map(({ measure, unit }) => ({
    measure,
    unit,
    values: whole.flatMap(({ rows }) => rows.filter((row) => row.measure === measure).map(({ value }) => value)),
  }));
  const { missing } = first;
  return { name: point.name, figures, ...(missing === undefined ? {} : { missing }) };
}
