import type { CheckFacts } from "./check_facts.ts";
import type { Finding } from "./finding.ts";
import { wrap } from "./output/check_text.ts";
import { judgeExample } from "./rule_example.ts";
import type { Rule, RuleExample } from "./rule.ts";
import { RULE_GROUPS } from "./rules.ts";

const HEAD = `# Rules of sim check

What [\`sim check\`](check.md) looks for. This page is made from the rules themselves; the tests run every example on it.
\`error\` makes connections fail, \`warning\` may do so, \`note\` is worth knowing. Where a kernel matters and an example
names none, it is 6.12.
`;

/** The reference page of all rules as Markdown: why, what to do, sources, and examples with what the rule says of them. */
export function rulePage(): string {
  const index = RULE_GROUPS.flatMap(({ title, rules }) => [
    `**${title}:** ${rules.map(({ id }) => `[${id}](#${id.toLowerCase()})`).join(", ")}`,
    "",
  ]);
  const groups = RULE_GROUPS.flatMap(({ title, rules }) => [`## ${title}`, "", ...rules.flatMap(ruleLines)]);
  return `${[HEAD, ...index, ...groups].join("\n").trimEnd()}\n`;
}

function ruleLines(rule: Rule): readonly string[] {
  const { id, severity, title, why, fix, sources, bad, good } = rule;
  // Any day serves: the dates of the examples lie far from it.
  const said = judgeExample(bad, "2026-01-01").find((finding) => finding.rule === id);
  return [
    `### ${id}`,
    "",
    `\`${severity}\`: ${escape(title)}`,
    "",
    ...prose(why),
    "",
    ...prose(`To mend: ${fix}`),
    "",
    "Found:",
    "",
    ...exampleLines(bad),
    ...(said === undefined ? [] : [...wrap(sentence(said), "> ", 118).map(quoted), ""]),
    "Not found:",
    "",
    ...exampleLines(good),
    ...wrap(`Sources: ${sources.map(sourceText).join("; ")}.`, "", 118),
    "",
  ];
}

function prose(text: string): readonly string[] {
  return wrap(escape(text), "", 118);
}

/** A line of a quotation; `wrap` indents the later ones by blanks. */
function quoted(line: string): string {
  return line.replace(/^ {2}/, "> ");
}

/** A path of a source file as code, anything else as text. */
function sourceText(source: string): string {
  return /\.(?:c|go|h) /.test(source) ? `\`${source}\`` : escape(source);
}

function sentence({ place, severity, message, fix }: Finding): string {
  return `${place.file}:${place.line}: ${severity}: ${escape(`${message} ${fix}`)}`;
}

function exampleLines({ files, facts = {} }: RuleExample): readonly string[] {
  const flags = flagsOf(facts);
  const blocks = Object.entries(files).flatMap(([path, text]) => [
    `\`\`\`${path.endsWith(".yaml") ? "yaml" : "text"}`,
    ...(path.endsWith(".yaml") ? [] : [`# ${path}`]),
    text.trimEnd(),
    "```",
    "",
  ]);
  return flags === "" ? blocks : [...blocks, `checked with \`${flags}\`.`, ""];
}

/** Facts as options of the command line. */
function flagsOf(facts: CheckFacts): string {
  const options: readonly (readonly [string, string | number | undefined])[] = [
    ["--kernel", facts.kernel],
    ["--mode", facts.mode],
    ["--kube-proxy", facts.kubeProxy],
    ["--node-port-range", facts.nodePortRange],
    ["--node-ports", facts.nodePorts],
    ["--listen", facts.listen],
    ["--connect-rate", facts.connectRate],
  ];
  return options.flatMap(([option, value]) => (value === undefined ? [] : [`${option} ${value}`])).join(" ");
}

/** Text whose stars and brackets Markdown leaves alone. */
function escape(text: string): string {
  return text.replace(/[*[\]<>]/g, "\\$&");
}
