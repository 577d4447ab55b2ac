import { closestWord } from "../scenario/spelling.ts";
import type { Finding, Place } from "./finding.ts";
import { RULES } from "./rules.ts";
import type { SysctlFile } from "./sysctl_file.ts";

/** What somebody has said about a finding: that it is known, why, and until when. */
export interface Suppression {
  readonly rule: string;
  readonly reason: string | undefined;
  /** The last day on which it holds, `YYYY-MM-DD`. */
  readonly until: string | undefined;
  readonly place: Place;
  readonly covers: (finding: Finding) => boolean;
}

const COMMENT = /[#;]\s*sim-check:\s*(.*)$/;

/**
 * The suppressions that stand in comments of a file: `# sim-check: allow RULE until YYYY-MM-DD because REASON` covers
 * the next setting, or its own line if it stands behind one (YAML); `allow-file` covers the whole file.
 */
export function commentSuppressions({ path, text }: SysctlFile): readonly Suppression[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const nextSettings = nextSettingOf(lines);
  return lines.flatMap((sourceLine, index): Suppression[] => {
    const match = COMMENT.exec(sourceLine);
    if (match === null) return [];
    const [, said = ""] = match;
    const isAlone = /^\s*[#;]/.test(sourceLine);
    const covered = isAlone ? nextSettings[index + 1]! : index + 1;
    const [word = "", rule = ""] = said.trim().split(/\s+/);
    const before = sourceLine.slice(0, match.index);
    const column = Array.from(before).length + 1;
    const place = {
      file: path,
      line: index + 1,
      column,
      length: Array.from(sourceLine).length - column + 1,
      sourceLine,
    };
    return [
      {
        rule: word === "allow" || word === "allow-file" ? rule : "",
        reason: /\bbecause\s+(\S.*)$/.exec(said)?.[1]?.trim(),
        until: /\buntil\s+(\S+)/.exec(said)?.[1],
        place,
        covers: (finding) => finding.place.file === path && (word === "allow-file" || finding.place.line === covered),
      },
    ];
  });
}

/** For each index of a line, and for that behind the last, the line (from 1) of the next text that is no comment; else 0. */
function nextSettingOf(lines: readonly string[]): readonly number[] {
  const next = Array.from({ length: lines.length + 1 }, () => 0);
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    next[index] = /^\s*(?:[#;].*)?$/.test(lines[index]!) ? next[index + 1]! : index + 1;
  }
  return next;
}

/** A finding that does not count, and by whose word. */
export interface SuppressedFinding {
  readonly finding: Finding;
  readonly reason: string;
  readonly until: string;
  readonly by: Place;
}

/** What is left of findings, what is not, and what is wrong with the suppressions themselves. */
export interface Suppressed {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
}

/**
 * Takes out the findings that valid suppressions cover, and adds one for each suppression that is expired, incomplete or
 * without use.
 *
 * @param today `YYYY-MM-DD`.
 */
export function suppress(
  findings: readonly Finding[],
  suppressions: readonly Suppression[],
  today: string,
): Suppressed {
  const suppressed: SuppressedFinding[] = [];
  const about: Finding[] = [];
  let left = findings;
  for (const one of suppressions) {
    const problem = problemOf(one, today);
    const covered = left.filter((finding) => finding.rule === one.rule && one.covers(finding));
    if (problem !== undefined) about.push(aboutSuppression(one, problem.rule, problem.message, findings));
    else if (covered.length === 0) {
      about.push(aboutSuppression(one, "SUPPRESSION-UNUSED", `There is no finding of ${one.rule} here.`, findings));
    } else {
      const { reason = "", until = "", place } = one;
      suppressed.push(...covered.map((finding) => ({ finding, reason, until, by: place })));
      left = left.filter((finding) => !covered.includes(finding));
    }
  }
  return { findings: [...left, ...about], suppressed };
}

function invalid(message: string) {
  return { rule: "SUPPRESSION-INVALID", message };
}

function problemOf(
  { rule, reason, until }: Suppression,
  today: string,
): { readonly rule: string; readonly message: string } | undefined {
  const ids = RULES.map(({ id }) => id);
  if (!ids.includes(rule)) {
    const meant = closestWord(rule, ids);
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    return invalid(`The suppression names no rule${rule === "" ? "" : `: ${JSON.stringify(rule)}`}${hint}`);
  }
  if (reason === undefined) return invalid(`The suppression of ${rule} says no reason ("because …").`);
  if (until === undefined) return invalid(`The suppression of ${rule} says no last day ("until YYYY-MM-DD").`);
  if (!/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(until)) {
    return invalid(`${JSON.stringify(until)} is no day; write it as YYYY-MM-DD.`);
  }
  if (until >= today) return undefined;
  return { rule: "SUPPRESSION-EXPIRED", message: `The suppression of ${rule} ended on ${until}: ${reason}.` };
}

function aboutSuppression(
  { place, rule }: Suppression,
  id: string,
  message: string,
  findings: readonly Finding[],
): Finding {
  const meta = RULES.find((known) => known.id === id)!;
  const target = findings.find((finding) => finding.place.file === place.file)?.target ?? place.file;
  const { severity, why, fix } = meta;
  return { rule: id, severity, target, place, message, why, fix, evidence: { suppresses: rule } };
}
