import { isMap, isScalar, type YAMLMap } from "yaml";
import { applyOverrides } from "./overrides.ts";
import { ProblemList } from "./problem_list.ts";
import { scenarioSchema } from "./schema.ts";
import { valueOf } from "./schema_shape.ts";
import { SourceText } from "./source_text.ts";
import { NodeSpans, parseYaml } from "./yaml_document.ts";

/**
 * The text of a scenario with overrides worked in, so that it gives the same run without them; comments stay. Without
 * overrides it is the text itself.
 *
 * @param text a scenario that `parseScenario` accepts together with the overrides.
 */
export function scenarioAsRun(text: string, overrides: readonly string[]): string {
  if (overrides.length === 0) return text;
  const source = new SourceText("", text.startsWith("\ufeff") ? text.slice(1) : text, 0);
  const problems = new ProblemList();
  const document = parseYaml(source, problems)?.document;
  const root = document?.contents;
  if (document === undefined || !isMap(root)) return text;
  applyOverrides({ schema: scenarioSchema, root, spans: new NodeSpans(source), problems }, overrides);
  keepNumerals(root);
  return document.toString({ lineWidth: 0 });
}

/** Makes texts of numerals that YAML would write in another form, such as 010 and 9223372036854775807. */
function keepNumerals(root: YAMLMap): void {
  const sysctls = valueOf(root, "sysctls");
  const values = isMap(sysctls) ? sysctls.items.map(({ value }) => value) : [];
  for (const node of [...values, valueOf(root, "seed")]) {
    if (!isScalar(node) || typeof node.value !== "number" || node.source === undefined) continue;
    if (String(node.value) !== node.source) node.value = node.source;
  }
}
