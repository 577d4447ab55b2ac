import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { runReplication as RunReplication } from "../../src/cluster/replication.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { type GoldenRow, goldenRow, SPAN, SPANS, STANDING } from "./golden_rows.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The table that the project keeps. */
export const GOLDEN_TABLE = join(ROOT, "test/golden/fingerprints.csv");

/** All scenario files, sorted. */
export const SCENARIO_FILES: readonly string[] = readdirSync(join(ROOT, "scenarios"))
  .filter((name) => name.endsWith(".yaml"))
  .toSorted();

/** A scenario, and how long it is run for its row. */
interface GoldenScenario {
  readonly scenario: Scenario;
  readonly span: string;
}

const READ = new Map<string, GoldenScenario>();

/** A scenario for its golden span. */
export function goldenScenario(file: string): GoldenScenario {
  const read = READ.get(file);
  if (read !== undefined) return read;
  const span = SPANS[file] ?? SPAN;
  const text = readFileSync(join(ROOT, "scenarios", file), "utf8");
  const parsed = parseScenario(text, `scenarios/${file}`, [`duration=${span}`, "replications=1"]);
  if (!parsed.ok) throw new Error(`${file} has problems`);
  const golden = { scenario: parsed.scenario, span };
  READ.set(file, golden);
  return golden;
}

/** The row of a scenario as it stands. */
export function standingRow(file: string, runReplication: typeof RunReplication): GoldenRow {
  const { scenario, span } = goldenScenario(file);
  return goldenRow({ scenario: file, variant: STANDING, span }, runReplication(scenario, 0));
}

/** The rows of a scenario's variants. */
export function variantRows(file: string, runReplication: typeof RunReplication): readonly GoldenRow[] {
  const { scenario, span } = goldenScenario(file);
  return scenario.variants.map(({ name, scenario: varied }) =>
    goldenRow({ scenario: file, variant: name, span }, runReplication(varied, 0)),
  );
}
