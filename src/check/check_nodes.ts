import type { CheckedNode } from "./checked_node.ts";
import { SEVERITIES, type Finding } from "./finding.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";

/**
 * What rules say about nodes, all of them unless some are named; findings that are alike in rule, place and message
 * count once. Errors come first.
 *
 * @example
 * ```ts
 * const facts = readFacts({ kernel: "6.1", nodePorts: "30080" });
 * if (typeof facts === "string") throw new Error(facts);
 * const files = [{ path: "99-k8s.conf", text: "net.ipv4.ip_local_port_range = 12000 65001\n" }];
 * const read = readTarget({ kind: "files", target: "99-k8s.conf", files }, facts, []);
 * if (read.ok) console.log(judgeNodes(read.nodes)[0]?.rule); // NODEPORT-OVERLAP
 * ```
 */
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
