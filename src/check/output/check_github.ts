import type { CheckResult } from "../check_document.ts";
import type { Finding } from "../finding.ts";
import { summary } from "./check_text.ts";

const COMMANDS = { error: "error", warning: "warning", note: "notice" } as const;

/** The result as workflow commands of GitHub Actions, which show findings at their lines in a pull request. */
export function checkGithub(result: CheckResult): string {
  return `${[...result.findings.map(annotation), summary(result)].join("\n")}\n`;
}

function annotation({ severity, place, rule, message, fix }: Finding): string {
  const properties = [
    `file=${property(place.file.replace(/^\.\//, ""))}`,
    `line=${place.line}`,
    ...(place.length > 0 ? [`col=${place.column}`, `endColumn=${place.column + place.length}`] : []),
    `title=${property(rule)}`,
  ];
  return `::${COMMANDS[severity]} ${properties.join(",")}::${data(`${message} ${fix}`)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
