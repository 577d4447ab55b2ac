import { describe, expect, it } from "vitest";
import { chartsOfResult } from "../../src/report/charts/charts_of_result.ts";
import { failureProbabilityChart } from "../../src/report/charts/failure_probability.ts";
import { runsOfFailuresChart } from "../../src/report/charts/runs_of_failures.ts";
import type { PortsDocument } from "../../src/report/ports_document.ts";
import { portsText } from "../../src/report/ports_text.ts";
import { readResult } from "../../src/report/results/read_result.ts";
import { vegaSvg } from "../../src/report/vega_svg.ts";
import { failingRun } from "./run_documents.ts";

// Goal: a result with more of something than anybody has seen so far is told and drawn like any other.
// Method: lists longer than a call may have arguments, and more names on an axis than expressions may be deep.

const NAMES = 1_500;

describe("A long result", () => {
  it("is told and made into charts with more connects than a call may have arguments", () => {
    const document: PortsDocument = {
      format: "ports/1",
      kernel: "6.1",
      portWalk: "5.18+",
      range: [1024, 65_000],
      settings: { seed: "s", reserved: [], listen: [], destinations: 1, gapSeconds: 0.25, close: "rst" },
      connects: Array.from({ length: 200_000 }, (_, index) => ({
        at: index / 4,
        destination: 0,
        port: 1024 + ((index * 7) % 60_000),
        candidates: 1 + (index % 3),
      })),
    };
    expect(portsText(document, { color: false, columns: 100 })).toContain("200,000 connects to 1 destination");
    expect(chartsOfResult({ document }).map(({ kind }) => kind)).toEqual(["candidates", "port-map"]);
  });

  it("is drawn with more variants than an expression may be deep, in their order", async () => {
    const run = failingRun();
    const variants = Array.from({ length: NAMES }, (_, index) => ({ ...run, name: `v${index}` }));
    const chart = failureProbabilityChart({ ...run, variants });
    const svg = chart === undefined ? "" : await vegaSvg(chart.spec);
    const names = [...svg.matchAll(/>(as it stands|v\d+)</g)].map(([, name]) => name);
    expect(names).toEqual(["as it stands", ...variants.map(({ name }) => name)]);
  });

  it("is drawn with more lengths of runs than an expression may be deep", async () => {
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
    expect(chart === undefined ? "" : await vegaSvg(chart.spec)).toMatch(/^<svg /);
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
