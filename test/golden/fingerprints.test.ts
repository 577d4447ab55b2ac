import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GOLDEN_TABLE, goldenScenario, SCENARIO_FILES, standingRow } from "./golden_files.ts";
import { goldenDifference, goldenText } from "./golden_rows.ts";
import { runReplication } from "../../src/cluster/replication.ts";

// Goal: nothing changes what a scenario comes to but a change of a mechanism, which is explained.
// Method: the first boot of each scenario, for about a minute, against a table that the project keeps. The variants are in
// fingerprints.long.test.ts. The table is written by write_fingerprints.ts.

const TABLE = readFileSync(GOLDEN_TABLE, "utf8");

describe("The golden fingerprints", () => {
  it.each(SCENARIO_FILES)("are those of %s", (file) => {
    expect(goldenDifference([standingRow(file, runReplication)], TABLE)).toBe("");
  });

  it("have a row for each scenario and each variant, and no other", () => {
    const places = SCENARIO_FILES.flatMap((file) => {
      const { scenario, span } = goldenScenario(file);
      return ["as it stands", ...scenario.variants.map(({ name }) => name)].map((name) => `${file},${name},${span}`);
    });
    const rows = TABLE.trimEnd().split("\n").slice(1);
    expect(rows.map((line) => line.split(",").slice(0, 3).join(","))).toEqual(places);
  });

  it("are the same when a scenario is run again after others", () => {
    const again = SCENARIO_FILES.filter((file) => file.startsWith("reservation") || file.startsWith("vxlan"));
    expect(goldenDifference(again.map((file) => standingRow(file, runReplication)), TABLE)).toBe("");
  });

  it("tell who changes one how to explain it", () => {
    const row = { scenario: "a.yaml", variant: "b", span: "70s", events: 1, connections: 2, packets: 3, probes: 4, failed: 5 };
    const [before, now] = [{ ...row, fingerprint: "0123" }, { ...row, fingerprint: "4567" }];
    expect(goldenDifference([before], goldenText([before]))).toBe("");
    expect(goldenDifference([now], goldenText([before]))).toBe(`1 of 1 fingerprints change (scenario,variant,span,events,connections,packets,probes,failed,fingerprint):
- a.yaml,b,70s,1,2,3,4,5,0123
+ a.yaml,b,70s,1,2,3,4,5,4567

If no mechanism was meant to change, this is a bug: it depends on something that it should not, such as the order of a table.
If one was, write the table again with: npx tsx test/golden/write_fingerprints.ts
and say why in the commit: Goldens: N of M fingerprints change, because ... (the kernel's source, or what was wrong before).`);
    expect(goldenDifference([now], "")).toContain("- (no such row)\n");
  });
});
