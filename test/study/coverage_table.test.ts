import { describe, expect, it } from "vitest";
import {
  coverageDocument,
  coverageTable,
  failingShares,
  isAsPromised,
  isOutOfReach,
  STUDY_BOOTS,
} from "./coverage_table.ts";
import { independentProbes, type SyntheticSource } from "./synthetic_boots.ts";

/** The table in the document, with its footnote. */
function storedTable(): string {
  return coverageDocument().split(/<!-- coverage: (?:begin|end) -->/)[1] ?? "";
}

/** The rows of the table in the document, without its head. */
function storedRows(): readonly string[][] {
  const rows = storedTable()
    .split("\n")
    .filter((line) => line.startsWith("| "));
  return rows.slice(2).map((line) => line.split("|").map((cell) => cell.trim()));
}

/** 25 failures a boot on the mean, in a share of the boots. */
function world(failingBoots: number): SyntheticSource {
  return { ...independentProbes(1e-4, 25), failingBoots };
}

describe("The table of coverage in statistics.md", () => {
  it("has no cell out of range", () => {
    expect(storedRows().length).toBeGreaterThan(30);
    expect(storedTable()).not.toContain("**");
  });

  it("has 93 % everywhere, and at most 97 % with 20 failures or more but where no interval could", () => {
    const cells = storedRows().flatMap(([, source, , perBoot, , ...covered]) =>
      STUDY_BOOTS.map((boots, index) => ({
        source,
        boots,
        failures: Number(perBoot) * boots,
        covered: covered[index]!,
      })),
    );
    expect(cells.filter(({ covered }) => Number.parseFloat(covered) < 93)).toEqual([]);
    const beyond = cells.filter(({ failures, covered }) => failures >= 20 && Number.parseFloat(covered) > 97);
    expect(beyond.map(({ source, boots }) => `${source}: ${boots} boots`)).toEqual([
      "reserved block, NodePort elsewhere, no churn: 4 boots",
      "reserved block, NodePort elsewhere, no churn: 8 boots",
    ]);
    expect(beyond).toEqual(cells.filter(({ covered }) => covered.endsWith("†")));
    expect(storedTable()).toContain(
      "(of 4 boots none in 88.7 %, at most 1 in 99.5 %; of 8 boots none in 78.7 %, at most 1 in 97.8 %)",
    );
  });
});

describe("isAsPromised", () => {
  it("asks for 93 %, and for 97 % at most from 20 expected failures on, however they clump", () => {
    const many = { ...independentProbes(1e-4, 10), designEffect: 14 };
    const few = independentProbes(1e-4, 9.5);
    const promised = [0.929, 0.93, 0.97, 0.971].map((share) => [
      isAsPromised(many, 2, share),
      isAsPromised(few, 2, share),
    ]);
    expect(promised).toEqual([
      [false, false],
      [true, true],
      [true, true],
      [false, true],
    ]);
  });

  it("lets a cell be above 97 %, and none below 93 %, where too few boots fail for anything between", () => {
    const rare = world(0.0295);
    expect(failingShares(0.0295, 4)).toEqual([0.887, 0.995, 1, 1, 1].map((share) => expect.closeTo(share, 3)));
    expect(isOutOfReach(rare, 4)).toBe(true);
    expect([0.92, 0.95, 0.99].map((share) => isAsPromised(rare, 4, share))).toEqual([false, true, true]);
    const table = coverageTable([{ source: rare, covered: [0.92, 0.99, 0.96, 0.96, 0.96], plain: 0.2 }], 5_000);
    expect(table).toContain("| **92.0** | 99.0† | 96.0 |");
    expect(table).toContain("† Out of reach");
  });

  it.each([
    ["where the share of failing boots is not known", independentProbes(1e-4, 25), 4],
    ["where 94 % of studies have no boot that fails", world(0.0154), 4],
    ["where one boot or more is expected to fail", world(0.3), 4],
    ["where every boot fails", world(1), 2],
  ])("has no exception %s", (_, source, boots) => {
    expect(isOutOfReach(source, boots)).toBe(false);
    expect(isAsPromised(source, boots, 0.98)).toBe(false);
  });
});
