import { readFileSync } from "node:fs";
import { documentOf } from "../../src/study/run_study.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { StudyPlan } from "../../src/study/study_plan.ts";
import { scenarioOf } from "../scenario/small_scenario.ts";
import { runReplication } from "../../src/cluster/replication.ts";

/** The document of a scenario file with its variants, run in this thread so that nothing has to be built. */
export function runScenario(file: string, overrides: readonly string[]): RunDocument {
  const text = readFileSync(new URL(`../../scenarios/${file}`, import.meta.url), "utf8");
  const scenario = scenarioOf(text, overrides);
  const plan = new StudyPlan(scenario, scenario.variants);
  const results = plan.scenarios.map((one) =>
    Array.from({ length: scenario.replications }, (_, replication) => runReplication(one, replication)),
  );
  const varied = scenario.variants.map((_, index) => results[plan.placeOf(index)]!);
  const request = { scenario, file, digest: "", version: "", overrides: {} };
  return documentOf(request, results[0]!, { wallSeconds: 0, cpuSeconds: 0 }, varied);
}

/** What a document expects and does not have, each as a line; empty if all holds. */
export function failedExpectations({ expectations }: RunDocument): readonly string[] {
  return expectations.filter(({ ok }) => !ok).map(({ that, want, got }) => `${that}: want ${want}, got ${got}`);
}
