import { runReplication } from "../../../src/cluster/replication.ts";
import type { ReplicationResult } from "../../../src/cluster/replication_result.ts";
import { parseScenario } from "../../../src/scenario/scenario.ts";
import { must, type FuzzTarget } from "../fuzz_target.ts";
import { scenarioText } from "../valid_scenario.ts";
import { checkDiagnostics } from "./scenario_targets.ts";

/** One in so many scenarios is run twice. */
const TWICE_IN = 8;

/** Whole random scenarios through the engine: a few seconds of a small cluster, every kernel and every section. */
export const ENGINE: FuzzTarget = {
  name: "engine",
  inputs: scenarioText.map((text) => [text]),
  judge: ([text = ""]) => {
    const parsed = parseScenario(text, "s.yaml", []);
    if (!parsed.ok) return checkDiagnostics(parsed.diagnostics);
    const result = runReplication(parsed.scenario, 0);
    checkSums(result);
    if (text.length % TWICE_IN === 0) {
      const again = runReplication(parsed.scenario, 0);
      must(JSON.stringify(again) === JSON.stringify(result), "A scenario that runs twice gives the same result twice");
    }
    return "accepted";
  },
  budgetMs: 5000,
  shortRuns: 25,
};

/** What fails fails for one reason each. */
function checkSums({ probes, workloads }: ReplicationResult): void {
  const causes = (counts: ReplicationResult["probes"]["byCause"]): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  must(
    causes(probes.byCause) === probes.failed,
    `${probes.failed} probes failed, and ${causes(probes.byCause)} have a cause`,
  );
  for (const { name, failed, connects, byCause } of workloads) {
    must(failed <= connects, `${name}: ${failed} of ${connects} connections failed`);
    must(causes(byCause) === failed, `${name}: ${failed} failed, and ${causes(byCause)} have a cause`);
  }
}
