import { describe, expect, it } from "vitest";
import type { ConformedCase } from "../../src/report/conform_document.ts";
import { conformText } from "../../src/report/conform_text.ts";

const PASSED: ConformedCase = {
  id: "C01",
  kernel: "6.1",
  file: "6.1/C01.json",
  title: "It passes.",
  ok: true,
  differences: [],
};

function textOf(cases: readonly ConformedCase[], options = { color: false, columns: 100 }): string {
  const passed = cases.filter(({ ok }) => ok).length;
  return conformText({ format: "conform/1", cases, passed, failed: cases.length - passed }, options);
}

const PACKET = "0.431 ms 10.23.77.129:36704 > 10.23.77.138:80 S seq c0 len 0 ttl 64";
const FAILED: ConformedCase = {
  ...PASSED,
  id: "C02",
  kernel: "5.10-walk-3.10",
  file: "5.10-walk-3.10/C02.json",
  title: "It fails.",
  ok: false,
  differences: [
    { where: "packets node/cni0 out #2", expected: PACKET, actual: "no further packet", before: [PACKET, PACKET] },
    { where: "result of action 0", expected: "http 200", actual: "timeout in connect", before: [] },
  ],
};

describe("conformText", () => {
  it("shows a line for each kernel, the first difference of each failed case, and the count", () => {
    expect(textOf([FAILED, PASSED, { ...PASSED, id: "C03" }])).toBe(
      [
        "5.10-walk-3.10     0 passed, 1 failed",
        "6.1                2 passed",
        "",
        "5.10-walk-3.10/C02 failed: It fails.",
        "  5.10-walk-3.10/C02.json",
        "  packets node/cni0 out #2",
        `    after     ${PACKET}`,
        `              ${PACKET}`,
        `    expected  ${PACKET}`,
        "    actual    no further packet",
        "  and 1 further difference, listed by --format json",
        "",
        "3 cases: 2 passed, 1 failed",
        "",
      ].join("\n"),
    );
  });

  it("shows the reason of a case that the model cannot express in place of a difference", () => {
    const reason = "nftables rulesets are not modelled";
    const differences = [{ where: "the model", expected: "all that the case needs", actual: reason, before: [] }];
    expect(textOf([{ ...PASSED, ok: false, reason, differences }])).toContain(
      "6.1/C01 failed: It passes.\n  6.1/C01.json\n  nftables rulesets are not modelled\n\n1 case: 0 passed, 1 failed\n",
    );
  });

  it("shows races and fields that were not seen, of passed cases too", () => {
    const excused = { race: "SYN | SYN-ACK timer, near 1006 ms in p1", comparedUntilMs: 906.4 };
    const text = textOf([{ ...PASSED, excused, unknownFields: ["actions[0].colour"] }]);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "Races - 6.1/C01: SYN | SYN-ACK timer, near 1006 ms in p1, was decided in the other order, which is as legal; " +
        "compared up to 906 ms only Not seen ! 6.1/C01: the format does not name actions[0].colour 1 case: 1 passed",
    );
  });

  it("stays within the columns, and paints failures red only where colours are wanted", () => {
    const long = { ...FAILED, title: "A very long title. ".repeat(20), file: "a/".repeat(90) };
    for (const line of textOf([long], { color: false, columns: 60 }).split("\n"))
      expect(line.length).toBeLessThanOrEqual(60);
    expect(textOf([FAILED])).not.toContain("\u001b[");
    expect(textOf([FAILED], { color: true, columns: 100 })).toContain("\u001b[31m");
  });
});
