import type { ReplicationResult } from "../../cluster/replication_result.ts";
import { runReplication } from "../../cluster/replication.ts";
import { formatDiagnostic } from "../../scenario/diagnostic.ts";
import { parseScenario, type Scenario } from "../../scenario/scenario.ts";
import { caseScenario } from "./case_scenario.ts";
import type { NodeCase } from "./node_case.ts";

/**
 * Simulates a case: its scenario is written and read again, so that `sim run` does exactly the same.
 *
 * @example
 * ```ts
 * const [one] = fc.sample(nodeCaseArbitrary(nodeConfig({ kernel: "6.1" })), { numRuns: 1, seed: 1 });
 * console.log(runCase(one!).probes.total > 0); // true
 * ```
 */
export function runCase(one: NodeCase): ReplicationResult {
  return runReplication(scenarioOfCase(one), 0);
}

/** The scenario of a case, read from its own text. */
export function scenarioOfCase(one: NodeCase): Scenario {
  const parsed = parseScenario(caseScenario(one, { about: "A case of a search.", expect: [] }), "case.yaml", []);
  if (parsed.ok) return parsed.scenario;
  const problems = parsed.diagnostics.map(formatDiagnostic).join("\n");
  throw new Error(`Broken invariant: the scenario of a case is right\n${problems}`);
}
