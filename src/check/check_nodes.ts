import type { CheckedNode } from "./checked_node.ts";
import { SEVERITIES, type Finding } from "./finding.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";

/** What rules say about nodes, all of them unless some are named; findings that are alike in rule, place and message count once. Errors come first. */
export function judgeNodes(nodes: readonly CheckedNode[], rules: readonly Rule[] = RULES): readonly Finding[] {
  const found = new Map<string, Finding>();
  for (const node of nodes) {
    for (const rule of rules) {
      for (const { severity = rule.severity, place, message, fix, evidence = {}, value } of rule.judge(node)) {
        const key = JSON.stringify([rule.id, place.file, place.line, place.column, message]);
        const more = value === undefined ? {} : { value };
        const { id, why } = rule;
        if (!found.has(key)) {
          found.set(key, { rule: id, severity, target: node.target, place, message, why, fix, evidence, ...more });
        }
      }
    }
  }
  return byImportance([...found.values()]);
}

/** Errors first, then by file and line; findings of one line keep their order. */
export function byImportance(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].toSorted(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      (a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : 0) ||
      a.place.line - b.place.line,
  );
}
