import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseScenarioSide } from "../../src/scenario/scenario.ts";
import type { DiffDocument } from "../../src/study/diff_document.ts";
import { runDiff } from "../../src/study/run_diff.ts";
import type { DiffSide } from "../../src/study/run_diff.ts";
import { studyHere } from "./study_here.ts";

// Goal: the comparisons of the guide come out as it says. Method: whole scenarios, as `sim diff` reads them.

function side(file: string, option: "--a" | "--b", settings: readonly string[]): DiffSide {
  const text = readFileSync(new URL(`../../scenarios/${file}`, import.meta.url), "utf8");
  const parsed = parseScenarioSide(text, file, [], { option, settings });
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]?.message);
  return { scenario: parsed.scenario, file, digest: "", settings: {} };
}

function compare(file: string, a: readonly string[], b: readonly string[]): Promise<DiffDocument> {
  const sides = { a: side(file, "--a", a), b: side(file, "--b", b) };
  const clocks = { wallSeconds: () => 0, cpuSeconds: () => 0 };
  return runDiff({ ...sides, overrides: {}, margin: 0.2, version: "", jobs: 1, clocks }, studyHere);
}

describe("The comparisons of the guide", () => {
  it("show that adjacent NodePorts restart containers, by the same NodePort count and walk", async () => {
    const document = await compare("clustered-nodeports.yaml", ["services.web.nodePorts=random"], []);
    expect([document.verdict, document.decidedBy]).toEqual(["worse", "restarts.perNodeWeek"]);
    const [restarts] = document.figures;
    expect(restarts!.a).toBe(0);
    // Per node-week 304 by the scenario's own reckoning.
    expect(restarts!.interval.low).toBeLessThan(304);
    expect(restarts!.interval.high).toBeGreaterThan(304);
    expect(document.a.mechanism).toMatchObject({ adjacent: 1, inARow: 1, cursor: "destination" });
    expect(document.b.mechanism).toMatchObject({ adjacent: 18, inARow: 9, cursor: "destination" });
  });

  it("show no difference in the failure probability without node-local-dns", async () => {
    const document = await compare("nodelocaldns.yaml", [], ["nodeLocalDns=off"]);
    expect([document.verdict, document.decidedBy]).toEqual(["no-difference", "probes.probability"]);
    expect(document.isSameHistory).toBe(false);
  });
});
