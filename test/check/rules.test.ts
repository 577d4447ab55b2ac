import { describe, expect, it } from "vitest";
import { judgeExample } from "../../src/check/rule_example.ts";
import { RULES } from "../../src/check/rules.ts";

const TODAY = "2026-11-21";

describe("The rules", () => {
  it("have ids of their own", () => {
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[A-Z0-9]+(-[A-Z0-9]+)+$/.test(id))).toEqual([]);
  });

  it.each(RULES.map((rule) => [rule.id, rule] as const))("%s fires on its bad example", (id, { bad }) => {
    expect(judgeExample(bad, TODAY).map(({ rule }) => rule)).toContain(id);
  });

  it.each(RULES.map((rule) => [rule.id, rule] as const))("%s keeps silent on its good example", (id, { good }) => {
    expect(judgeExample(good, TODAY).map(({ rule }) => rule)).not.toContain(id);
  });

  it.each(RULES.map((rule) => [rule.id, rule] as const))("%s has a good example without an error", (_id, { good }) => {
    expect(judgeExample(good, TODAY).filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it.each(RULES.map((rule) => [rule.id, rule] as const))("%s speaks in whole sentences", (_id, rule) => {
    const findings = judgeExample(rule.bad, TODAY).filter((finding) => finding.rule === rule.id);
    const texts = [rule.title, rule.why, rule.fix, ...findings.flatMap(({ message, fix }) => [message, fix])];
    expect(texts.filter((text) => !/^\S.*[.?]$/s.test(text) || /undefined|NaN|\s{2}/.test(text))).toEqual([]);
  });
});
