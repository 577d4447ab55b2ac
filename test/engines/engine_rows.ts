import { Fingerprint } from "../../src/sim/fingerprint.ts";
import { runScenario, type ScenarioSource } from "../../src/study/run_scenario.ts";

/** A scenario and for how long it is run. */
export interface EngineSource extends ScenarioSource {
  readonly span: string;
}

/**
 * A line for each scenario: its outcomes, and a fingerprint of the bytes of its whole document, variants included. This file
 * is bundled, so that every JavaScript engine can run it.
 */
export function engineRows(sources: readonly EngineSource[]): string[] {
  return sources.map(({ file, text, span }) => {
    const document = runScenario({ file, text }, [`duration=${span}`, "replications=1"]);
    const bytes = new Fingerprint();
    bytes.addText(JSON.stringify(document));
    return `${file} ${span} ${document.engine.fingerprint} ${bytes.hex()}`;
  });
}
