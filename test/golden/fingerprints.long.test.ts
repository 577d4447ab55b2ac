import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GOLDEN_TABLE, goldenScenario, SCENARIO_FILES, variantRows } from "./golden_files.ts";
import { goldenDifference } from "./golden_rows.ts";
import { runReplication } from "../../src/cluster/replication.ts";

// Goal and method: those of fingerprints.test.ts, for every variant of every scenario.

const TABLE = readFileSync(GOLDEN_TABLE, "utf8");
const VARIED = SCENARIO_FILES.filter((file) => goldenScenario(file).scenario.variants.length > 0);

describe("The golden fingerprints of variants", () => {
  it.each(VARIED)("are those of %s", (file) => {
    expect(goldenDifference(variantRows(file, runReplication), TABLE)).toBe("");
  });
});
