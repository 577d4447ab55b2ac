import { describe, expect, it } from "vitest";
import { baselineOf, readBaseline } from "../../src/check/baseline.ts";
import { wholeFile, type Finding } from "../../src/check/finding.ts";
import { judgeExample } from "../../src/check/rule_example.ts";
import { suppress } from "../../src/check/suppression.ts";

const TODAY = "2026-11-21";
const OFF = "net.ipv4.ip_forward = 0";

function found(text: string) {
  return judgeExample({ files: { "a.conf": text } }, TODAY).map(({ rule, message }) => `${rule}: ${message}`);
}

describe("A suppression in a comment", () => {
  it("holds until the end of its last day", () => {
    expect(found(`# sim-check: allow FORWARDING-OFF until ${TODAY} because it is a bastion\n${OFF}\n`)).toEqual([]);
  });

  it("is a finding once its day is over, and what it covered counts again", () => {
    const text = `# sim-check: allow FORWARDING-OFF until 2026-11-20 because it is a bastion\n${OFF}\n`;
    expect(found(text)).toEqual([
      expect.stringMatching(/^FORWARDING-OFF: /),
      "SUPPRESSION-EXPIRED: The suppression of FORWARDING-OFF ended on 2026-11-20: it is a bastion.",
    ]);
  });

  it.each([
    ["allow FORWARDING-OFF until 2999-01-01", 'The suppression of FORWARDING-OFF says no reason ("because …").'],
    ["allow FORWARDING-OFF because x", 'The suppression of FORWARDING-OFF says no last day ("until YYYY-MM-DD").'],
    ["allow FORWARDING-OFF until soon because x", '"soon" is no day; write it as YYYY-MM-DD.'],
    [
      "allow FORWARD-OFF until 2999-01-01 because x",
      'The suppression names no rule: "FORWARD-OFF"; did you mean FORWARDING-OFF?',
    ],
    ["forgive FORWARDING-OFF", "The suppression names no rule"],
  ])("is a finding if it is incomplete: %s", (said, message) => {
    expect(found(`; sim-check: ${said}\n${OFF}\n`)).toEqual([
      expect.stringMatching(/^FORWARDING-OFF: /),
      expect.stringContaining(`SUPPRESSION-INVALID: ${message}`),
    ]);
  });

  it("covers the next setting only, whatever comments stand between", () => {
    const comment = "# sim-check: allow FORWARDING-OFF until 2999-01-01 because x\n# more\n\n";
    expect(found(`${comment}net.ipv4.tcp_syncookies = 1\n${OFF}\n`)).toEqual([
      expect.stringMatching(/^FORWARDING-OFF: /),
      "SUPPRESSION-UNUSED: There is no finding of FORWARDING-OFF here.",
    ]);
  });

  it("covers the whole file as allow-file", () => {
    const comment = "# sim-check: allow-file FORWARDING-OFF until 2999-01-01 because x\n";
    expect(found(`${comment}net.ipv4.tcp_syncookies = 1\n${OFF}\n`)).toEqual([]);
  });
});

describe("A baseline", () => {
  const finding: Finding = {
    rule: "FORWARDING-OFF",
    severity: "error",
    target: "a.conf",
    place: { file: "a.conf", line: 7, column: 1, length: 3, sourceLine: OFF },
    message: "m.",
    why: "w.",
    fix: "f.",
    evidence: {},
  };

  function after(text: string, findings: readonly Finding[]) {
    const suppressions = readBaseline(text, "base.json");
    if (typeof suppressions === "string") throw new Error(suppressions);
    return suppress(findings, suppressions, TODAY);
  }

  it("knows a finding again when its line has moved, and says whose word it is", () => {
    const text = JSON.stringify(baselineOf([finding], "known", "2027-01-31"));
    const moved = { ...finding, place: { ...finding.place, line: 9 } };
    const { findings, suppressed } = after(text, [moved]);
    expect(findings).toEqual([]);
    expect(suppressed).toEqual([{ finding: moved, reason: "known", until: "2027-01-31", by: wholeFile("base.json") }]);
  });

  it("does not cover the same rule on another line", () => {
    const text = JSON.stringify(baselineOf([finding], "known", "2027-01-31"));
    const other = { ...finding, place: { ...finding.place, sourceLine: "net.ipv4.conf.all.forwarding = 0" } };
    expect(after(text, [other]).findings.map(({ rule }) => rule)).toEqual(["FORWARDING-OFF", "SUPPRESSION-UNUSED"]);
  });

  it("without a reason, or past its day, suppresses nothing", () => {
    for (const [reason, until] of [
      [" ", "2999-01-01"],
      ["known", "2020-01-01"],
    ] as const) {
      const text = JSON.stringify(baselineOf([finding], reason, until));
      expect(after(text, [finding]).findings).toHaveLength(2);
    }
  });

  it.each([
    ["{", /JSON/],
    ['{"format":"check-baseline/2"}', /"format" is not "check-baseline\/1"/],
  ])("is refused if it is none: %s", (text, why) => {
    expect(readBaseline(text, "base.json")).toMatch(why);
  });
});
