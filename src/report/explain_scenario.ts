import { formatDiagnostic } from "../scenario/diagnostic.ts";
import { overrideRecord } from "../scenario/override_record.ts";
import { parseScenario } from "../scenario/scenario.ts";
import { type ConnectionStory, explainConnection } from "../study/explain_connection.ts";
import type { WantedConnection } from "../study/find_connection.ts";
import type { ScenarioSource } from "../study/run_scenario.ts";
import { SECOND } from "../units.ts";
import { type ExplainDocument, explainDocument } from "./explain_document.ts";

/** A connection, told packet by packet. */
export interface ExplainedScenario {
  /** For a sequence chart or a capture. */
  readonly story: ConnectionStory;
  readonly document: ExplainDocument;
}

/**
 * Tells one connection of a scenario in the calling thread: what `sim explain --format json` gives, without the digest.
 *
 * @param set as `--set` takes it: `PATH=VALUE`.
 * @param wanted the first probe that fails, if it is left out.
 * @throws an error with all diagnostics if the scenario or a setting is wrong; if there is no such connection.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const { document } = await explainScenario({ file, text: readFileSync(file, "utf8") });
 * console.log(explainFinding(document));
 * ```
 */
export async function explainScenario(
  { text, file }: ScenarioSource,
  set: readonly string[] = [],
  wanted: WantedConnection = { number: "first-failure" },
): Promise<ExplainedScenario> {
  const parsed = parseScenario(text, file, set);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(formatDiagnostic).join("\n"));
  const { scenario } = parsed;
  const replications = Array.from({ length: scenario.replications }, (_, replication) => replication);
  const explanation = await explainConnection({ scenario, wanted, replications, pause: () => Promise.resolve() });
  if (explanation.kind !== "story") throw new Error(`There is no such connection to explain: ${explanation.kind}`);
  const { story } = explanation;
  const { seed, kernel, duration } = scenario;
  const settings = { seed, kernel: kernel.build, portWalk: kernel.era.portWalk, durationSeconds: duration / SECOND };
  const document = explainDocument(story, {
    scenario: { file, digest: "", about: scenario.about },
    settings: { ...settings, overrides: overrideRecord(set) },
  });
  return { story, document };
}
