import { describe, expect, it } from "vitest";
import { auditLines, verdictSentences } from "../../src/report/audit_text.ts";
import { runText } from "../../src/report/run_text.ts";
import { variantLines } from "../../src/report/variants_text.ts";
import type { AuditDocument, AuditedVariant, RunDocument, VariantDocument } from "../../src/study/run_document.ts";
import { failingRun, heldRun } from "./run_documents.ts";

function variantOf(
  name: string,
  { settings, ...run }: RunDocument,
  overrides: Record<string, string>,
): VariantDocument {
  const { format: _format, scenario: _scenario, expectations: _expectations, ...figures } = run;
  return { name, settings: { ...settings, overrides }, ...figures };
}

const OLD = { "kubeProxy.version": "1.18.20" };

function audited(changes: Partial<AuditedVariant>): AuditedVariant {
  return {
    variant: "old-kube-proxy",
    settings: OLD,
    isClaimed: false,
    standing: 2.192e-4,
    varied: 0,
    ratio: 0,
    interval: { low: 0, high: 0.0123, level: 0.95, method: "" },
    change: "lower",
    explains: "yes",
    ...changes,
  };
}

const NO_CHURN = audited({
  variant: "no-churn",
  settings: { nodeLocalDns: "off" },
  isClaimed: true,
  varied: 2.15e-4,
  ratio: 0.981,
  interval: { low: 0.85, high: 1.13, level: 0.95, method: "" },
  change: "no-difference",
  explains: "no",
});

const AUDIT: AuditDocument = {
  claim: "The churn causes it.",
  figure: "probes.probability",
  variants: [audited({}), NO_CHURN],
  isCause: "no",
  explainedBy: ["old-kube-proxy"],
};

const RUN: RunDocument = {
  ...failingRun(),
  variants: [variantOf("old-kube-proxy", heldRun(), OLD), variantOf("after", failingRun(), {})],
  audit: AUDIT,
};

describe("variantLines", () => {
  it("has a row for the scenario as it stands and for each variant, and each one's finding", () => {
    expect(`\n${variantLines(RUN, 100).join("\n")}\n`).toMatchInlineSnapshot(`
      "
                        failed  of probes  probability       95 % interval    one every
        as it stands     2,144  9,780,000      2.19e-4  2.10e-4 to 2.29e-4  5.4 minutes
        old-kube-proxy       0  9,780,000            0        0 to 3.77e-7
        after            2,144  9,780,000      2.19e-4  2.10e-4 to 2.29e-4  5.4 minutes

        - old-kube-proxy (kubeProxy.version=1.18.20): None of 9,780,000 probes failed in 8 days of one
          node.
        - after (nothing changed): 2,144 of 9,780,000 probes failed, one every 5.4 minutes, because
          connect() picked a NodePort as the source port: IPVS took the answer for traffic to that
          Service, and the handshake was lost.
        All that follows is of the scenario as it stands.
      "
    `);
  });

  it("goes without some columns on a narrow terminal", () => {
    const [head, ...rows] = variantLines(RUN, 60);
    expect(head!.trim().split(/ {2,}/)).toEqual(["failed", "probability", "95 % interval"]);
    expect(rows.every((line) => line.length <= 60)).toBe(true);
  });

  it("is empty without variants", () => {
    expect(variantLines(failingRun(), 100)).toEqual([]);
  });
});

describe("The verdict of an audit", () => {
  it("says whether the claim holds and which single settings explain the figure", () => {
    expect(verdictSentences(AUDIT)).toEqual([
      "The claim: The churn causes it. Not supported: without it (nodeLocalDns=off) probes.probability is 0.98 times " +
        "what it is (95 % interval 0.85 to 1.1), so it does not explain it.",
      "One single setting explains probes.probability: old-kube-proxy (kubeProxy.version=1.18.20).",
    ]);
  });

  it("supports a claim whose cause explains the figure", () => {
    const variants = [audited({ isClaimed: true })];
    expect(verdictSentences({ ...AUDIT, variants, isCause: "yes" })[0]).toBe(
      "The claim: The churn causes it. Supported: without it (kubeProxy.version=1.18.20) probes.probability is 0 times " +
        "what it is (95 % interval 0 to 0.012).",
    );
  });

  it("is undecided where the interval is, and names who is", () => {
    const open = { ...NO_CHURN, change: "undecided", explains: "undecided" } as const;
    const [onClaim, onOthers] = verdictSentences({ ...AUDIT, variants: [open], isCause: "undecided", explainedBy: [] });
    expect(onClaim).toContain("Undecided: without it");
    expect(onOthers).toBe("No variant is shown to explain probes.probability. Undecided: no-churn.");
  });

  it("tells single settings from several at once", () => {
    const both = audited({ variant: "before", settings: { ...OLD, "kubelet.version": "1.18.20" } });
    const audit = { ...AUDIT, variants: [audited({}), both], explainedBy: ["old-kube-proxy", "before"] };
    expect(verdictSentences(audit)[1]).toBe(
      "One single setting explains probes.probability: old-kube-proxy (kubeProxy.version=1.18.20). Several settings at " +
        "once do so: before (kubeProxy.version=1.18.20, kubelet.version=1.18.20).",
    );
  });

  it("has nothing to explain where the figure is 0", () => {
    const variants = [audited({ standing: 0, ratio: null })];
    expect(verdictSentences({ ...AUDIT, variants, isCause: "undecided", explainedBy: [] })).toEqual([
      "The claim: The churn causes it. Undecided: probes.probability is 0 as it stands, and there is nothing to explain.",
    ]);
  });

  it("ends the report, with what each variant did", () => {
    expect(`\n${auditLines(RUN, 100).slice(-4).join("\n")}\n`).toMatchInlineSnapshot(`
      "
        One single setting explains probes.probability: old-kube-proxy (kubeProxy.version=1.18.20).
        - old-kube-proxy: lower; 2.19e-4 becomes 0, 0 times what it is (95 % interval 0 to 0.012)
        - no-churn: no difference at this precision; 2.19e-4 becomes 2.15e-4, 0.98 times what it is (95 %
          interval 0.85 to 1.1)
      "
    `);
    const text = runText(RUN, { color: false, columns: 100 });
    expect(text.indexOf("\nAudit\n")).toBeGreaterThan(text.indexOf("\nThe same run again\n"));
    expect(text.split("\n").every((line) => line.length <= 100)).toBe(true);
  });
});
