import { runReplication, type ReplicationControl } from "../../../src/cluster/replication.ts";
import type { ReplicationResult } from "../../../src/cluster/replication_result.ts";
import { parseScenario } from "../../../src/scenario/scenario.ts";
import { must, type FuzzTarget } from "../fuzz_target.ts";
import { scenarioText } from "../valid_scenario.ts";
import { checkDiagnostics } from "./scenario_targets.ts";

/** How a scenario is run a second time, for some scenarios: the result is the same each way. */
const OTHER_WAYS: readonly (ReplicationControl | undefined)[] = [
  { isPacketByPacket: true },
  { paranoid: true },
  {},
  { isPacketByPacket: true, gaugeReadings: 5 },
  undefined,
  undefined,
  undefined,
  undefined,
];

/** Whole random scenarios through the engine: a few seconds of a small cluster, every kernel and every section. */
export const ENGINE: FuzzTarget = {
  name: "engine",
  inputs: scenarioText.map((text) => [text]),
  judge: ([text = ""]) => {
    const parsed = parseScenario(text, "s.yaml", []);
    if (!parsed.ok) return checkDiagnostics(parsed.diagnostics);
    const result = runReplication(parsed.scenario, 0);
    const way = OTHER_WAYS[text.length % OTHER_WAYS.length];
    if (way !== undefined) {
      const { gauges: _, ...again } = runReplication(parsed.scenario, 0, way);
      must(
        JSON.stringify(again) === JSON.stringify(result),
        `The result is the same when it is run as ${JSON.stringify(way)}: ${differenceOf(result, again)}`,
      );
    }
    return "accepted";
  },
  budgetMs: 20_000,
  shortRuns: 8,
};

/** The first field in which two results differ. */
function differenceOf(a: ReplicationResult, b: Omit<ReplicationResult, "gauges">): string {
  const other = new Map(Object.entries(b));
  const differing = Object.entries(a).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(other.get(key)),
  );
  return differing.map(([key]) => key).join(", ");
}
