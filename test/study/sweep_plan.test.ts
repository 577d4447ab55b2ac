import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../src/scenario/diagnostic.ts";
import { readFactor } from "../../src/study/factor.ts";
import type { Factor } from "../../src/study/factor.ts";
import { sweepDifference } from "../../src/study/sweep_difference.ts";
import { planSweep } from "../../src/study/sweep_plan.ts";
import type { PlannedSweep, SweepPlan, SweepRequest } from "../../src/study/sweep_plan.ts";
import { initialScenario } from "../../src/scenario/init.ts";

const factors = (...texts: string[]): Factor[] =>
  texts.map(readFactor).map((factor) => {
    if (typeof factor === "string") throw new Error(factor);
    return factor;
  });

function plan(vary: readonly string[], parts: Partial<SweepRequest> = {}): PlannedSweep {
  return planSweep({
    text: initialScenario(),
    file: "some/first.yaml",
    overrides: [],
    factors: factors(...vary),
    design: "grid",
    points: undefined,
    settings: {},
    engine: { version: "1.2.3", build: "sha256:1" },
    digest: (text) => `digest of ${text.length}: ${text}`,
    ...parts,
  });
}

function right(planned: PlannedSweep): SweepPlan {
  if (!planned.ok) throw new Error(JSON.stringify(planned));
  return planned.plan;
}

describe("planSweep", () => {
  it("numbers the points from 1 and puts varied values behind those that hold for all", () => {
    const { points } = right(plan(["kernel=5.4.188,6.1", "portRange.width=1000,2000"], { overrides: ["duration=1h"] }));
    expect(points).toHaveLength(4);
    expect(points[1]).toEqual({
      point: 2,
      values: { kernel: "5.4.188", "portRange.width": "2000" },
      overrides: ["duration=1h", "kernel=5.4.188", "portRange.width=2000"],
    });
  });

  it("gives each point the scenario that sim run would run", () => {
    const { points, scenarioOf } = right(plan(["kernel=5.4.188,6.1"]));
    expect(points.map((point) => scenarioOf(point).kernel.build)).toEqual(["5.4.188", "6.1"]);
  });

  it("says of what the sweep was made, without the folder of the file", () => {
    expect(right(plan(["kernel=5.4.188,6.1"])).manifest).toMatchObject({
      engine: { version: "1.2.3", build: "sha256:1" },
      scenario: { file: "first.yaml" },
      design: { kind: "grid" },
      points: [
        { point: 1, values: { kernel: "5.4.188" } },
        { point: 2, values: { kernel: "6.1" } },
      ],
    });
  });

  it.each<[string, readonly string[], Partial<SweepRequest>]>([
    ["Cannot sweep without a path to vary: add --vary PATH=A,B,C", [], {}],
    [
      'Cannot both set and vary "kernel": leave out one of the two',
      ["kernel=5.4.188,6.1"],
      { overrides: ["kernel=5.10"] },
    ],
    [
      'Cannot sweep over "about": it varies nothing, each of its values gives the same scenario',
      ["kernel=5.4.188,6.1", "about=one,two"],
      {},
    ],
    [
      'Cannot sweep over "duration": it varies nothing, each of its values gives the same scenario',
      ["duration=60m,1h"],
      {},
    ],
  ])("refuses: %s", (why, vary, parts) => {
    expect(plan(vary, parts)).toEqual({ ok: false, why });
  });

  it("says once what is wrong with a value, and where it stands", () => {
    const planned = plan(["kernel=5.4.188,6.1", "portRange.low=1024,99999", "duration=1h,2h"]);
    if (planned.ok || !("diagnostics" in planned)) throw new Error("it is wrong");
    expect(planned.diagnostics.map(formatDiagnostic)).toEqual([
      '--vary:1:15: Cannot use "99999" for "portRange.low": it is no whole number from 1 to 65535\n' +
        "  1 | portRange.low=99999\n" +
        "                    ^^^^^\n" +
        "  expected: the lowest port\n" +
        "  to mend:  write portRange.low=32768",
    ]);
  });

  it("reports what is wrong with the scenario itself first", () => {
    const planned = plan(["kernel=5.4.188,6.1"], { text: "kernel: 6.1\n" });
    if (planned.ok || !("diagnostics" in planned)) throw new Error("it is wrong");
    expect(planned.diagnostics[0]?.file).toBe("some/first.yaml");
  });
});

describe("sweepDifference", () => {
  const base = right(plan(["kernel=5.4.188,6.1"])).manifest;
  const other = (vary: string, parts: Partial<SweepRequest> = {}) => right(plan([vary], parts)).manifest;

  it("sees none between two plans of the same sweep", () => {
    expect(sweepDifference(base, other("kernel=5.4.188,6.1"))).toBeUndefined();
  });

  it.each([
    [
      "it was made by portfall 2.0.0, the other by 1.2.3",
      other("kernel=5.4.188,6.1", { engine: { version: "2.0.0", build: "sha256:1" } }),
    ],
    [
      "it was made by another build of portfall 1.2.3",
      other("kernel=5.4.188,6.1", { engine: { version: "1.2.3", build: "sha256:2" } }),
    ],
    [
      'the text of its scenario "first.yaml" differs',
      other("kernel=5.4.188,6.1", { text: `${initialScenario()}\n# changed\n` }),
    ],
    ["it varies other paths or values", other("kernel=5.4.188,6.12")],
    ["its points were chosen by another design or seed", other("kernel=5.4.188,6.1", { overrides: ["seed=2"] })],
    ["its scenario was changed by other options", other("kernel=5.4.188,6.1", { overrides: ["duration=2h"] })],
    ["it was run with other options", other("kernel=5.4.188,6.1", { settings: { precision: "10%" } })],
  ])("says: %s", (sentence, changed) => {
    expect(sweepDifference(base, changed)).toBe(sentence);
  });
});
