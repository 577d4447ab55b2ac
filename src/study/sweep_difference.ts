import type { SweepManifest } from "./sweep_document.ts";

/**
 * Why the results of two sweeps must not stand in one table.
 *
 * @param other the one that the sentence is about: "it …", and "the other" is `one`.
 * @returns a clause such as "it was made by portfall 0.2.0, the other by 0.1.0"; `undefined` if they are the same sweep.
 */
export function sweepDifference(one: SweepManifest, other: SweepManifest): string | undefined {
  if (one.sweep === other.sweep) return undefined;
  if (one.engine.version !== other.engine.version) {
    return `it was made by portfall ${other.engine.version}, the other by ${one.engine.version}`;
  }
  if (one.engine.build !== other.engine.build) return `it was made by another build of portfall ${one.engine.version}`;
  if (one.scenario.digest !== other.scenario.digest) {
    return one.scenario.file === other.scenario.file
      ? `the text of its scenario ${JSON.stringify(one.scenario.file)} differs`
      : `its scenario is ${JSON.stringify(other.scenario.file)}, the other's ${JSON.stringify(one.scenario.file)}`;
  }
  for (const [part, sentence] of PARTS) {
    if (JSON.stringify(one[part]) !== JSON.stringify(other[part])) return sentence;
  }
  return "it is another sweep";
}

const PARTS = [
  ["vary", "it varies other paths or values"],
  ["design", "its points were chosen by another design or seed"],
  ["points", "it has other points"],
  ["overrides", "its scenario was changed by other options"],
  ["settings", "it was run with other options"],
] as const;
