import { excerpt, visible } from "../../scenario/diagnostic.ts";
import type { CheckResult } from "../check_document.ts";
import { SEVERITIES, type Finding, type Severity } from "../finding.ts";
import { plural } from "../wording.ts";

/** How text is set. */
export interface CheckTextOptions {
  readonly color: boolean;
  readonly columns: number;
}

/**
 * The result for people: each finding with its line and a caret, why it matters (once for each rule) and what to do, then
 * one line that sums up.
 */
export function checkText(result: CheckResult, { color, columns }: CheckTextOptions): string {
  const width = Math.max(40, Math.min(columns, 120));
  const explained = new Set<string>();
  const blocks = result.findings.map((finding) => {
    const isFirst = !explained.has(finding.rule);
    explained.add(finding.rule);
    return findingLines(finding, { color, width, isFirst }).join("\n");
  });
  return `${[...blocks, summary(result)].join("\n\n")}\n`;
}

const COLORS: Readonly<Record<Severity, string>> = { error: "\u001b[31m", warning: "\u001b[33m", note: "\u001b[36m" };

function findingLines(
  { place, severity, rule, message, why, fix }: Finding,
  { color, width, isFirst }: { readonly color: boolean; readonly width: number; readonly isFirst: boolean },
): readonly string[] {
  const word = color ? `${COLORS[severity]}${severity}\u001b[0m` : severity;
  return [
    `${visible(place.file)}:${place.line}:${place.column}: ${word} ${rule}`,
    ...wrap(visible(message), "  ", width),
    ...(place.length > 0 ? excerpt(place) : []),
    ...(isFirst ? wrap(why, "  why:     ", width) : []),
    ...wrap(visible(fix), "  to mend: ", width),
  ];
}

/** One line: how many findings of each kind, in what, and what was assumed. */
export function summary({ nodes, findings, suppressed }: CheckResult): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    number: findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ number }) => number > 0);
  const targets = new Set(nodes.map(({ target }) => target)).size;
  const what =
    counts.length === 0 ? "no finding" : counts.map(({ severity, number }) => plural(number, severity)).join(", ");
  const hidden = suppressed.length === 0 ? "" : `; ${suppressed.length} suppressed`;
  const assumed = [...new Set(nodes.flatMap(assumptions))];
  return `${what} in ${plural(targets, "target")}${hidden}${assumed.map((text) => `; ${text}`).join("")}`;
}

/** What was taken for granted about a node, and how to say better. */
function assumptions({ era, isKernelAssumed, proxy }: CheckResult["nodes"][number]): readonly string[] {
  const { build, vendor, portWalk } = era;
  const walk = vendor === "other" ? ` to walk its ports as ${portWalk}` : "";
  return [
    ...(isKernelAssumed ? [`kernel ${build} assumed${walk} (--kernel)`] : []),
    ...(proxy.isModeAssumed ? [`kube-proxy mode ${proxy.mode} assumed (--mode)`] : []),
  ];
}

/** Text in lines of at most `width` characters; the first begins with `lead`, the others are indented as deep. */
export function wrap(text: string, lead: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = lead;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = " ".repeat(lead.length);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
