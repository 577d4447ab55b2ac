import { readFacts } from "./build_node.ts";
import { byImportance, judgeNodes } from "./check_nodes.ts";
import { readTarget, type CheckTarget } from "./check_target.ts";
import type { Finding } from "./finding.ts";
import type { RuleExample } from "./rule.ts";
import { commentSuppressions, suppress } from "./suppression.ts";

/** The findings about an example, on a day (`YYYY-MM-DD`). A wrong example is a broken invariant. */
export function judgeExample(example: RuleExample, today: string): readonly Finding[] {
  const facts = readFacts(example.facts ?? {});
  if (typeof facts === "string") throw new Error(`Broken invariant: ${facts}`);
  const snapshot = filesOf(example).filter(({ path }) => path.endsWith(".json"));
  const read = readTarget(targetOf(example), facts, snapshot);
  if (!read.ok) throw new Error(`Broken invariant: ${read.diagnostics.map(({ message }) => message).join("; ")}`);
  const suppressions = read.texts.flatMap(commentSuppressions);
  return byImportance(suppress(judgeNodes(read.nodes), suppressions, today).findings);
}

/** An example as a target. */
function targetOf(example: RuleExample): CheckTarget {
  const files = filesOf(example);
  const scenario = files.find(({ path }) => path.endsWith(".yaml"));
  if (scenario !== undefined) return { kind: "scenario", target: scenario.path, text: scenario.text };
  const sysctls = files.filter(({ path }) => !path.endsWith(".json"));
  const isRoot = sysctls.some(({ path }) => /^(etc|usr|run|lib)\//.test(path));
  return isRoot
    ? { kind: "root", target: ".", files: sysctls }
    : { kind: "files", target: sysctls.map(({ path }) => path).join(" "), files: sysctls };
}

function filesOf({ files }: RuleExample): { readonly path: string; readonly text: string }[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}
