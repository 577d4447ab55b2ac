import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runSweep } from "../../src/study/run_sweep.ts";
import type { SweepProgress } from "../../src/study/run_sweep.ts";
import type { PlannedPoint } from "../../src/study/sweep_plan.ts";

const points = (count: number): PlannedPoint[] =>
  Array.from({ length: count }, (_, index) => ({ point: index + 1, values: {}, overrides: [] }));

describe("runSweep", () => {
  it("runs as many points at once as it may, started in their order", async () => {
    const started: number[] = [];
    let underWay = 0;
    let most = 0;
    await runSweep({
      points: points(7),
      finishedBefore: 0,
      atOnce: 3,
      runPoint: async ({ point }) => {
        started.push(point);
        underWay += 1;
        most = Math.max(most, underWay);
        await setTimeout(point === 1 ? 20 : 1);
        underWay -= 1;
        return point;
      },
      keep: async () => {},
    });
    expect(started).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it("starts no point after one that cannot be kept, and throws its error", async () => {
    const kept: number[] = [];
    let failures = 0;
    const run = runSweep({
      points: points(9),
      finishedBefore: 0,
      atOnce: 1,
      runPoint: async ({ point }) => point,
      keep: async ({ point }) => {
        if (point === 3) throw new Error("full");
        kept.push(point);
      },
      onFailure: () => (failures += 1),
    });
    await expect(run).rejects.toThrow("full");
    expect(kept).toEqual([1, 2]);
    expect(failures).toBe(1);
  });

  it("tells how much of its own work is done, points of an earlier call apart", async () => {
    const told: SweepProgress[] = [];
    await runSweep({
      points: points(2),
      finishedBefore: 6,
      atOnce: 1,
      runPoint: async (_, onProgress) =>
        onProgress({ finishedReplications: 0, replications: 1, simulated: 5, total: 10, failed: 0 }),
      keep: async () => {},
      onProgress: (progress) => told.push(progress),
    });
    expect(told).toEqual([
      { finishedPoints: 6, points: 8, done: 0.25 },
      { finishedPoints: 7, points: 8, done: 0.5 },
      { finishedPoints: 7, points: 8, done: 0.75 },
      { finishedPoints: 8, points: 8, done: 1 },
    ]);
  });
});
