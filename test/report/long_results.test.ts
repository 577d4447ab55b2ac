import type { TopLevelSpec } from "vega-lite";
import { describe, expect, it } from "vitest";
import { failureProbabilityChart } from "../../src/report/charts/failure_probability.ts";
import { runsOfFailuresChart } from "../../src/report/charts/runs_of_failures.ts";
import { readResult } from "../../src/report/results/read_result.ts";
import { vegaSvg } from "../../src/report/vega_svg.ts";
import { failingRun } from "./run_documents.ts";

// Goal: a result with more of something than anybody has seen so far is told and drawn like any other.
// Method: an expression that has all names of an axis, one in another, ends the program at some 1,000 of them: charts have
// none that grows.

const NAMES = 300;

/** The longest expression of a chart, in characters, once it is compiled; its data aside. */
async function longestExpression(spec: TopLevelSpec): Promise<number> {
  const { compile } = await import("vega-lite");
  let longest = 0;
  JSON.stringify(compile(spec).spec, (key, value: unknown) => {
    if (key === "expr" && typeof value === "string") longest = Math.max(longest, value.length);
    return value;
  });
  return longest;
}

describe("A long result", () => {
  it("is drawn with its variants in their order, and no expression grows with them", async () => {
    const run = failingRun();
    const variants = Array.from({ length: NAMES }, (_, index) => ({ ...run, name: `v${index}` }));
    const chart = failureProbabilityChart({ ...run, variants });
    if (chart === undefined) throw new Error("a run with failures has a chart of them");
    expect(await longestExpression(chart.spec)).toBeLessThan(1000);
    const svg = await vegaSvg(chart.spec);
    const names = [...svg.matchAll(/>(as it stands|v\d+)</g)].map(([, name]) => name);
    expect(names).toEqual(["as it stands", ...variants.map(({ name }) => name)]);
  });

  it("has a chart of runs of failures whose expressions do not grow with their lengths", async () => {
    const run = failingRun();
    const interval = { low: 0, high: 2, level: 0.95, method: "exact Poisson" };
    const runsOfFailures = Array.from({ length: NAMES }, (_, index) => ({
      length: index + 1,
      isAtLeast: false,
      count: 1,
      perNodeWeek: 1,
      interval,
    }));
    const probes = { ...run.probes, longestRunOfFailures: NAMES, runsOfFailures };
    const chart = runsOfFailuresChart({ ...run, probes });
    if (chart === undefined) throw new Error("a run with runs of failures has a chart of them");
    expect(await longestExpression(chart.spec)).toBeLessThan(1000);
  });

  it("is refused where a text is longer than a scenario may be", () => {
    const run = failingRun();
    const document = { ...run, scenario: { ...run.scenario, about: "x".repeat(4 * 1024 * 1024 + 1) } };
    const read = readResult({ path: "x", document: { path: "x.json", text: JSON.stringify(document) } });
    expect(read).toMatchObject({
      ok: false,
      diagnostics: [
        {
          message: "Cannot read the result at scenario.about: Too big: expected string to have <=4194304 characters",
        },
      ],
    });
  });
});
