import type { PlannedPoint } from "./sweep_plan.ts";
import type { RunProgress } from "./run_study.ts";

/** How far a sweep is. */
export interface SweepProgress {
  readonly finishedPoints: number;
  readonly points: number;
  /** The share of this sweep's work that is done since it started or went on, 0 to 1. */
  readonly done: number;
}

/** The points that are to be run, and how. */
export interface SweepRun<Result> {
  readonly points: readonly PlannedPoint[];
  /** How many points were finished before, for the progress. */
  readonly finishedBefore: number;
  /** How many points may be under way at once, at least 1. */
  readonly atOnce: number;
  /** Runs one point. How many replications it gets is decided there. */
  readonly runPoint: (point: PlannedPoint, onProgress: (progress: RunProgress) => void) => Promise<Result>;
  /** Keeps what a point gave; points arrive in the order in which they finish. */
  readonly keep: (point: PlannedPoint, result: Result) => Promise<void>;
  /** Hears of the first failure at once, to stop what is under way. */
  readonly onFailure?: () => void;
  readonly onProgress?: (progress: SweepProgress) => void;
}

/**
 * Runs the points of a sweep, started in their order. What a point gives depends on itself alone, never on how many are
 * under way. After a point that fails, or cannot be kept, no further one is started.
 *
 * @throws what `runPoint` or `keep` throws first, once no other point is being kept.
 * @example
 * ```ts
 * const done: string[] = [];
 * await runSweep({
 *   points: [{ point: 0, values: { kernel: "6.1" }, overrides: ["kernel=6.1"] }],
 *   finishedBefore: 0,
 *   atOnce: 1,
 *   runPoint: ({ overrides }) => Promise.resolve(overrides.join()),
 *   keep: (point, result) => Promise.resolve(void done.push(`${point.point}: ${result}`)),
 * });
 * console.log(done); // [ '0: kernel=6.1' ]
 * ```
 */
export async function runSweep<Result>(run: SweepRun<Result>): Promise<void> {
  const waiting = run.points.values();
  const progress = new SweepProgressSum(run);
  let failure: { readonly reason: unknown } | undefined;
  const serve = async (): Promise<void> => {
    for (const point of waiting) {
      if (failure !== undefined) return;
      try {
        const result = await run.runPoint(point, (one) => progress.slice(point.point, one));
        await run.keep(point, result);
        progress.finished(point.point);
      } catch (reason) {
        failure ??= { reason };
        run.onFailure?.();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, run.atOnce) }, serve));
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- the loops above write it
  if (failure !== undefined) throw failure.reason;
}

/** Adds up the progress of points that run side by side. */
class SweepProgressSum {
  readonly #run: Pick<SweepRun<unknown>, "points" | "finishedBefore" | "onProgress">;
  readonly #underWay = new Map<number, number>();
  #finished = 0;

  constructor(run: Pick<SweepRun<unknown>, "points" | "finishedBefore" | "onProgress">) {
    this.#run = run;
  }

  slice(point: number, { simulated, total }: RunProgress): void {
    this.#underWay.set(point, total === 0 ? 0 : Math.min(1, simulated / total));
    this.#tell();
  }

  finished(point: number): void {
    this.#underWay.delete(point);
    this.#finished += 1;
    this.#tell();
  }

  #tell(): void {
    const { points, finishedBefore, onProgress } = this.#run;
    let parts = this.#finished;
    for (const part of this.#underWay.values()) parts += part;
    onProgress?.({
      finishedPoints: finishedBefore + this.#finished,
      points: finishedBefore + points.length,
      done: parts / Math.max(1, points.length),
    });
  }
}
