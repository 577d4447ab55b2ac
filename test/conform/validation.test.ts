import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderValidation } from "../../src/conform/validation.ts";
import { recordedCase } from "./recordings.ts";
import { VALIDATION_FIGURES_FILE, validationFigures } from "./validation_figures.ts";
import { VALIDATION_FILE, validationPage, validationReport } from "./validation_page.ts";

const EMPTY = { version: "1.2.3", cases: [], derived: [], rules: [], gaps: 0 };
const kernelCase = recordedCase("6.1/C02.json");

/** The lines of the page that tell of one case. */
function linesOn(verdict: Parameters<typeof renderValidation>[0]["cases"][number]["verdict"]): string[] {
  const page = renderValidation({ ...EMPTY, cases: [{ kernelCase, verdict, unknownFields: [] }] });
  return page.split("\n").filter((line) => line.startsWith("| C02 ") || line.startsWith("| 6.1"));
}

describe("The validation page", () => {
  const report = validationReport();

  it("is what `npm run validate` writes now", async () => {
    expect(readFileSync(VALIDATION_FILE, "utf8"), "src/VALIDATION.md is stale: run `npm run validate`").toBe(
      await validationPage(report),
    );
  });

  it("has its figures in reports as `npm run validate` writes them now", async () => {
    expect(readFileSync(VALIDATION_FIGURES_FILE, "utf8"), "the figures are stale: run `npm run validate`").toBe(
      await validationFigures(report),
    );
  });
});

describe("renderValidation", () => {
  it("says of a case without differences that it agrees, and what was compared", () => {
    expect(linesOn({ differences: [] })).toEqual([
      "| 6.1 | 6.1.176 | 100 | 5.18+ | 1 | 1 | 0 | 0 |",
      `| C02 | ${kernelCase.title} | agrees |`,
      "| 6.1/C02 | 29 packets, 1 result, 3 snapshots | 100 ms or 6 % |  |",
    ]);
  });

  it("shows the first difference of a case that differs", () => {
    const difference = { where: "packets a/b in #1", expected: "x", actual: "y | z", before: [] };
    expect(linesOn({ differences: [difference, { ...difference, where: "elsewhere" }] })).toEqual([
      "| 6.1 | 6.1.176 | 100 | 5.18+ | 1 | 0 | 1 | 0 |",
      `| C02 | ${kernelCase.title} | differs |`,
      "| 6.1/C02 | packets a/b in #1 | x | y \\| z |",
      "| 6.1/C02 | 29 packets, 1 result, 3 snapshots | 100 ms or 6 % |  |",
    ]);
  });

  it("tells apart what the model cannot express", () => {
    const reason = "nftables rulesets are not modelled";
    const differences = [{ where: "the model", expected: "all", actual: reason, before: [] }];
    expect(linesOn({ differences, reason })).toEqual([
      "| 6.1 | 6.1.176 | 100 | 5.18+ | 1 | 0 | 0 | 1 |",
      `| C02 | ${kernelCase.title} | not expressible |`,
      `| 6.1/C02 | the model | all | ${reason} |`,
      "| 6.1/C02 | 29 packets, 1 result, 3 snapshots | 100 ms or 6 % |  |",
    ]);
  });

  it("tells which race was excused and how far the comparison went", () => {
    const excused = { race: "SYN, SYN-ACK timer, near 1006 ms in p1", comparedUntilMs: 906.39 };
    expect(linesOn({ differences: [], excused }).at(-1)).toBe(
      "| 6.1/C02 | 29 packets, 1 result, 3 snapshots | 100 ms or 6 % | SYN, SYN-ACK timer, near 1006 ms in p1; compared until 906 ms |",
    );
  });

  it("keeps derived cases out of the recordings and names them as derived", () => {
    const cases = [{ kernelCase, verdict: { differences: [] }, unknownFields: [] }];
    const page = renderValidation({ ...EMPTY, derived: cases });
    expect(page).toContain("agrees with **0 of 0** recordings");
    expect(page).toContain("not taken from the model; the model does what 1 of 1 expect.");
    expect(page).toContain(`| C02 | ${kernelCase.title} |`);
  });

  it("parts the rules that a recording tells from those that a derived case tells and those that none does", () => {
    const rules = [
      { rule: "A.", instead: "B.", caughtBy: "6.1/C02" },
      { rule: "C.", instead: "D." },
      { rule: "E.", instead: "F.", caughtBy: "derived/D01" },
    ];
    const page = renderValidation({ ...EMPTY, rules: [{ title: "TCP", rules }] });
    expect(page).toContain("### TCP\n\n| Rule | Turned off | Fails |\n| --- | --- | --- |\n| A. | B. | 6.1/C02 |\n");
    expect(page).toContain("| Part | Rule | Turned off |\n| --- | --- | --- |\n| TCP | C. | D. |\n");
    expect(page).toContain(
      "| Part | Rule | Turned off | Fails |\n| --- | --- | --- | --- |\n| TCP | E. | F. | derived/D01 |\n",
    );
  });
});
