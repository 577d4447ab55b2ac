import { JSON_LEVELS_MOST, tooDeepInJson } from "../scenario/json_depth.ts";
import { field, listAt, textAt } from "./json_fields.ts";
import { wholeFile, type Finding } from "./finding.ts";
import type { Suppression } from "./suppression.ts";

/** A finding that is known: the rule, the file, and the line's text, so that lines may move. */
export interface BaselineEntry {
  readonly rule: string;
  readonly file: string;
  /** The line of the finding without blanks around it; the message where there is no line. */
  readonly about: string;
  readonly reason: string;
  /** The last day on which it holds, `YYYY-MM-DD`. */
  readonly until: string;
}

/** A file of known findings. */
export interface BaselineDocument {
  readonly format: "check-baseline/1";
  readonly findings: readonly BaselineEntry[];
}

/** The baseline of a result: all its findings, with one reason and one last day. */
export function baselineOf(findings: readonly Finding[], reason: string, until: string): BaselineDocument {
  const entries = findings
    .filter(({ rule }) => !rule.startsWith("SUPPRESSION-"))
    .map((finding): BaselineEntry => ({
      rule: finding.rule,
      file: finding.place.file,
      about: aboutOf(finding),
      reason,
      until,
    }));
  const unique = new Map(entries.map((entry) => [JSON.stringify([entry.rule, entry.file, entry.about]), entry]));
  return { format: "check-baseline/1", findings: [...unique.values()] };
}

/** The suppressions of a baseline file, or one clause about why it is none. */
export function readBaseline(text: string, file: string): readonly Suppression[] | string {
  if (tooDeepInJson(text) !== undefined) return `it is nested more than ${JSON_LEVELS_MOST} levels deep`;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : "it is no JSON";
  }
  const format = field(document, "format");
  if (format !== "check-baseline/1") return 'its "format" is not "check-baseline/1"';
  return listAt(document, "findings").map((entry) => {
    const [rule = "", of = "", about = ""] = [textAt(entry, "rule"), textAt(entry, "file"), textAt(entry, "about")];
    const reason = textAt(entry, "reason")?.trim();
    return {
      rule,
      reason: reason === "" ? undefined : reason,
      until: textAt(entry, "until"),
      place: wholeFile(file),
      covers: (finding) => finding.place.file === of && aboutOf(finding) === about,
    };
  });
}

function aboutOf({ place, message }: Finding): string {
  return place.length > 0 ? place.sourceLine.trim() : message;
}
