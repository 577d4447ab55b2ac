import { describe, expect, it } from "vitest";
import { judgeExample } from "../../src/check/rule_example.ts";
import { RULES } from "../../src/check/rules.ts";

// Goal: each rule fires where it should and nowhere else.
// Method: its own examples, which the reference page shows; each is judged once.

const JUDGED = RULES.map((rule) => ({
  ...rule,
  found: judgeExample(rule.bad, "2026-11-21"),
  foundInGood: judgeExample(rule.good, "2026-11-21"),
}));

describe("The rules", () => {
  it("have ids of their own", () => {
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[A-Z0-9]+(-[A-Z0-9]+)+$/.test(id))).toEqual([]);
  });

  it.each(JUDGED.map((rule) => [rule.id, rule] as const))("%s fires on its bad example", (id, { found }) => {
    expect(found.map(({ rule }) => rule)).toContain(id);
  });

  it.each(JUDGED.map((rule) => [rule.id, rule] as const))(
    "%s keeps silent on its good example",
    (id, { foundInGood }) => {
      expect(foundInGood.map(({ rule }) => rule)).not.toContain(id);
    },
  );

  it.each(JUDGED.map((rule) => [rule.id, rule] as const))(
    "%s has a good example without an error",
    (_id, { foundInGood }) => {
      expect(foundInGood.filter(({ severity }) => severity === "error")).toEqual([]);
    },
  );

  it.each(JUDGED.map((rule) => [rule.id, rule] as const))("%s speaks in whole sentences", (_id, rule) => {
    const findings = rule.found.filter((finding) => finding.rule === rule.id);
    const texts = [rule.title, rule.why, rule.fix, ...findings.flatMap(({ message, fix }) => [message, fix])];
    expect(texts.filter((text) => !/^\S.*[.?]$/s.test(text) || /undefined|NaN|\s{2}/.test(text))).toEqual([]);
  });
});

describe("Rules about the port walk, with ip_local_port_step_width", () => {
  const judged = (width: number) => {
    const lines = ["ip_local_port_range = 32768 60999", "ip_local_reserved_ports = 38000-39999"];
    const text = [...lines, `ip_local_port_step_width = ${width}`].map((line) => `net.ipv4.${line}\n`).join("");
    const facts = { kernel: "7.1", nodePorts: "40000", nodePortRange: "20000-40000", mode: "ipvs" } as const;
    return judgeExample({ files: { "99-kubernetes.conf": text }, facts }, "2026-11-21");
  };
  const overlap = (width: number) => judged(width).find(({ rule }) => rule === "NODEPORT-OVERLAP");

  it("see no funnel behind a reservation that is leapt over", () => {
    expect(judged(0).map(({ rule }) => rule)).toContain("RESERVATION-FUNNEL");
    expect(judged(128).map(({ rule }) => rule)).not.toContain("RESERVATION-FUNNEL");
  });

  it("give no share that only steps to the next port have", () => {
    expect(overlap(0)?.message).toContain("1 in 14 connects");
    expect(overlap(128)?.message).toMatch(/A connect that does gets no answer\.$/);
    expect(overlap(128)?.evidence).not.toHaveProperty("share");
  });
});

describe("CT-CLOSE-WAIT", () => {
  const found = (kubeProxy: string, seconds: number): boolean => {
    const files = { "99.conf": `net.netfilter.nf_conntrack_tcp_timeout_established = ${seconds}\n` };
    return judgeExample({ files, facts: { kubeProxy } }, "2026-11-21").some(({ rule }) => rule === "CT-CLOSE-WAIT");
  };

  it.each([
    ["1.22.17", 432_000, true],
    ["1.23.0", 432_000, false],
    ["1.23.0", 7_200, true],
    ["1.28.15", 432_000, false],
    ["1.29.0", 432_000, true],
  ])("with kube-proxy %s and ESTABLISHED for %i s speaks: %s", (version, seconds, isFound) => {
    expect(found(version, seconds)).toBe(isFound);
  });
});
