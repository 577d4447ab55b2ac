import type { CheckResult } from "../check_document.ts";
import { isAtLeast, type Finding } from "../finding.ts";
import { RULES } from "../rules.ts";

/**
 * The result as JUnit XML: a suite for each target and a case for each rule, so that a rule that holds shows as passed. A
 * finding as bad as `failOn` is a failure; milder ones are in the case's `system-out`.
 */
export function checkJunit(result: CheckResult): string {
  const targets = [...new Set([...result.nodes, ...result.findings].map(({ target }) => target))];
  const suites = targets.map((target) => suite(target, result));
  const failures = suites.reduce((total, { failed }) => total + failed, 0);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sim check" tests="${targets.length * RULES.length}" failures="${failures}" errors="0">`,
    ...suites.flatMap(({ lines: own }) => own),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

function suite(target: string, { findings, failOn }: CheckResult) {
  let failed = 0;
  const cases = RULES.flatMap((rule) => {
    const own = findings.filter((finding) => finding.target === target && finding.rule === rule.id);
    const bad = own.filter(({ severity }) => isAtLeast(severity, failOn));
    const mild = own.filter(({ severity }) => !isAtLeast(severity, failOn));
    if (bad.length > 0) failed += 1;
    const open = `    <testcase name="${rule.id}" classname="${escapeXml(target)}"`;
    if (own.length === 0) return [`${open}/>`];
    const [first] = bad;
    const failure =
      first === undefined
        ? []
        : [`      <failure message="${escapeXml(first.message)}" type="${first.severity}">${body(bad)}</failure>`];
    const output = mild.length === 0 ? [] : [`      <system-out>${body(mild)}</system-out>`];
    return [`${open}>`, ...failure, ...output, "    </testcase>"];
  });
  const head = `  <testsuite name="${escapeXml(target)}" tests="${RULES.length}" failures="${failed}" errors="0" skipped="0">`;
  return { failed, lines: [head, ...cases, "  </testsuite>"] };
}

function body(findings: readonly Finding[]): string {
  const texts = findings.map(
    ({ place, severity, message, fix }) =>
      `${place.file}:${place.line}:${place.column}: ${severity}: ${message} ${fix}`,
  );
  return escapeXml(texts.join("\n"));
}

/** The text as XML takes it: markup escaped, characters that XML 1.0 has not replaced. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
