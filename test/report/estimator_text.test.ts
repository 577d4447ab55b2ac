import { describe, expect, it } from "vitest";
import { estimatorText } from "../../src/report/estimator_text.ts";
import { sweepText } from "../../src/report/sweep_text.ts";
import type { EstimatorDocument, PilotDocument } from "../../src/study/run_document.ts";
import type { SweepDocument } from "../../src/study/sweep_document.ts";
import { failingRun } from "./run_documents.ts";
import { madeUpSweep } from "./sweep_documents.ts";

const PILOT: PilotDocument = {
  replications: 8,
  durationSeconds: 600,
  probes: 67_920,
  failed: 14,
  expected: 14.86,
  designEffect: 1,
  pValue: 0.9,
  falseAlarm: 0.0025,
  isContradicted: false,
};

const EXACT: EstimatorDocument = { name: "exact", why: "the exact value answers", pilot: PILOT };

/** A sweep with a choice whose points have these estimators. */
function sweepOf(...estimators: readonly EstimatorDocument[]): SweepDocument {
  const document = madeUpSweep(
    estimators.map((_, index) => ({ "portRange.low": String(1024 + index) })),
    (point) => ({ ...failingRun(), estimator: estimators[point - 1]! }),
  );
  return { ...document, settings: { precision: "10%", estimator: "auto" } };
}

describe("estimatorText", () => {
  it("says what exact points are and how their pilots came out", () => {
    expect(estimatorText(sweepOf(EXACT, EXACT))).toEqual([
      "2 points exact: probability and restarts are enumerated, probes and failures are those of a pilot of 8 boots, " +
        "10 minutes each, which did not contradict it (28 failures, 29.7 expected).",
    ]);
  });

  it("says at how many points the pilot was too small to say much", () => {
    const weak = { ...EXACT, pilot: { ...PILOT, failed: 0, expected: 0.04 } };
    expect(estimatorText(sweepOf(EXACT, weak))[0]).toMatch(
      / Where fewer than 10 were to be expected \(1 point\) a pilot contradicts only a value that is far too low\.$/,
    );
  });

  it("names points that were simulated, those of one reason together", () => {
    const declined: EstimatorDocument = { name: "flow", why: "no exact value: reasons" };
    const wrong: EstimatorDocument = {
      name: "flow",
      why: "exact value contradicted by the pilot",
      pilot: { ...PILOT, failed: 41, isContradicted: true },
    };
    expect(estimatorText(sweepOf(declined, wrong, declined))).toEqual([
      "Simulated, points 1, 3: no exact value: reasons.",
      "Simulated, point 2: exact value contradicted by the pilot (41 failures, 14.9 expected).",
    ]);
  });

  it("is silent where every point is simulated as asked", () => {
    expect(estimatorText(madeUpSweep([{ kernel: "6.1" }]))).toEqual([]);
  });
});

describe("sweepText of a sweep with a choice", () => {
  it("has a column for the estimator, and no interval where none is needed", () => {
    const document = sweepOf(EXACT);
    const [point] = document.points;
    const probes = { ...point!.probes, interval: { ...point!.probes.interval, low: 2.19e-4, high: 2.19e-4 } };
    const text = sweepText(
      { ...document, points: [{ ...point!, probes }] },
      { color: false, columns: 100, folder: undefined },
    );
    expect(text).toContain(
      [
        "point  portRange.low  estimator     probes  failed  probability     interval    exact  restarts/week",
        "    1           1024      exact  9,780,000   2,144      2.19e-4  none needed  2.19e-4              0",
      ].join("\n"),
    );
  });
});
