import { describe, expect, it } from "vitest";
import { sweepText } from "../../src/report/sweep_text.ts";
import { failingRun } from "./run_documents.ts";
import { madeUpSweep } from "./sweep_documents.ts";

const VALUES = [{ kernel: "5.4.188" }, { kernel: "6.1" }];
const OPTIONS = { color: false, columns: 100, folder: undefined };

describe("sweepText", () => {
  it("shows a row for each point, the extremes, and where the files are", () => {
    const document = madeUpSweep(VALUES, (point) => {
      const run = failingRun();
      const interval = { ...run.probes.interval, low: 8.2e-6, high: 1.24e-5 };
      return point === 1 ? run : { ...run, probes: { ...run.probes, failed: 99, probability: 1.01e-5, interval } };
    });
    expect(sweepText(document, { ...OPTIONS, folder: "my sweep" })).toMatchInlineSnapshot(`
      "Probes of one node (incident 001).
      nodelocaldns.yaml: 2 points (grid), 8 replications of 24 hours each

      point   kernel     probes  failed  probability            interval    exact  restarts/week
          1  5.4.188  9,780,000   2,144      2.19e-4  2.10e-4 to 2.29e-4  2.19e-4              0
          2      6.1  9,780,000      99      1.01e-5  8.20e-6 to 1.24e-5  2.19e-4              0

      The failure probability is highest at point 1 (kernel=5.4.188): 2.19e-4; lowest at point 2
      (kernel=6.1): 1.01e-5.

      All points share their random numbers. Each interval is of one point by itself: it says nothing of
      differences between points, nor of all points at once.
      result.json, points.csv and points.parquet are in 'my sweep'
      portfall 0.1.0, sweep 0123456789ab
      "
    `);
  });

  it("does not call a point the highest where its interval overlaps others", () => {
    const many = [1, 2, 3].map((low) => ({ "portRange.low": String(low) }));
    const document = madeUpSweep(many, (point) => {
      const run = failingRun();
      return { ...run, probes: { ...run.probes, probability: run.probes.probability / point } };
    });
    const words = (text: string): string => text.replaceAll(/\s+/g, " ");
    expect(words(sweepText(document, OPTIONS))).toContain(
      "The interval of point 1 overlaps those of 2 other points: which of them is highest may be chance.",
    );
    const [first, second] = document.points;
    expect(words(sweepText({ ...document, points: [first!, second!] }, OPTIONS))).toContain(
      "The interval of point 1 overlaps that of 1 other point: which of them is highest may be chance.",
    );
  });

  it("says so when no probe failed anywhere", () => {
    const document = madeUpSweep(VALUES, () => {
      const run = failingRun();
      return { ...run, probes: { ...run.probes, failed: 0, probability: 0 } };
    });
    expect(sweepText(document, OPTIONS)).toContain("No probe failed at any point.");
  });

  it("leaves out rows beyond the hundredth and says how many", () => {
    const many = Array.from({ length: 103 }, (_, low) => ({ "portRange.low": String(low + 1) }));
    const lines = sweepText(madeUpSweep(many), OPTIONS).split("\n");
    expect(lines).toContain("… and 3 points more");
    expect(lines.filter((line) => /^ +[0-9]+ +[0-9]+ /.test(line))).toHaveLength(100);
  });
});
