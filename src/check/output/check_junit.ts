import type { CheckResult } from "../check_document.ts";
import type { PropertyResult } from "../properties/property_result.ts";
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
    `<testsuites name="sim check" tests="${targets.length * RULES.length + (result.properties ?? []).length}" failures="${failures}" errors="0">`,
    ...suites.flatMap(({ lines: own }) => own),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

function suite(target: string, { findings, failOn, properties = [] }: CheckResult) {
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
  const own = properties.filter((property) => property.target === target);
  if (failOn !== "never") failed += own.filter(({ ok }) => !ok).length;
  const searched = own.flatMap((property) => propertyCase(property, target, failOn === "never"));
  const tests = RULES.length + own.length;
  const head = `  <testsuite name="${escapeXml(target)}" tests="${tests}" failures="${failed}" errors="0" skipped="0">`;
  return { failed, lines: [head, ...cases, ...searched, "  </testsuite>"] };
}

/** A violated property is a failure with the scenario of its counterexample; of the others the output says why. */
function propertyCase(property: PropertyResult, target: string, isReport: boolean): readonly string[] {
  const { name, ok, verdict, why, counterexample } = property;
  const text = escapeXml(`${verdict}: ${why}\n${counterexample?.scenario ?? ""}`.trimEnd());
  const outcome =
    ok || isReport
      ? `<system-out>${text}</system-out>`
      : `<failure message="${escapeXml(why)}" type="property">${text}</failure>`;
  return [`    <testcase name="${name}" classname="${escapeXml(target)}">`, `      ${outcome}`, "    </testcase>"];
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
