import { describe, expect, it } from "vitest";
import { coverageDocument, STUDY_BOOTS } from "./coverage_table.ts";

/** The rows of the table in the document, without its head. */
function storedRows(): readonly string[][] {
  const [, table = ""] = coverageDocument().split(/<!-- coverage: (?:begin|end) -->/);
  const rows = table.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((line) => line.split("|").map((cell) => cell.trim()));
}

describe("The table of coverage in statistics.md", () => {
  it("has no cell out of range", () => {
    expect(storedRows().length).toBeGreaterThan(30);
    expect(
      storedRows()
        .flat()
        .filter((cell) => cell.includes("**")),
    ).toEqual([]);
  });

  it("goes beyond 97 % with 20 failures or more only where the text behind it says so", () => {
    const beyond = storedRows().flatMap(([, source, , perBoot, , ...covered]) =>
      STUDY_BOOTS.flatMap((boots, index) => {
        const failures = Number(perBoot) * boots;
        return failures >= 20 && Number(covered[index]) > 97
          ? [`${source}: ${boots} boots, ${Math.round(failures)}`]
          : [];
      }),
    );
    expect(beyond).toEqual([
      "shared cursor, no churn, 3,529 destinations (common factor): 2 boots, 26",
      "shared cursor, no churn, 3,529 destinations (common factor): 4 boots, 52",
      "reserved block, NodePort elsewhere, no churn: 4 boots, 28",
      "reserved block, NodePort elsewhere, no churn: 8 boots, 56",
      "own cursors (5.12-5.17), 18 adjacent NodePorts: 2 boots, 103",
      "own cursors (5.12-5.17), 18 adjacent NodePorts: 4 boots, 206",
    ]);
  });
});
