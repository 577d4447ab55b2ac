/** How bad a finding is: it makes connections fail, it may do so, or it is worth knowing. */
export type Severity = "error" | "warning" | "note";

/** From the worst to the mildest. */
export const SEVERITIES: readonly Severity[] = ["error", "warning", "note"];

/** The mildest severity that fails a check; `never` where it only reports. */
export type FailOn = Severity | "never";

/** Whether a severity is as bad as a limit, or worse. */
export function isAtLeast(severity: Severity, limit: FailOn): boolean {
  return limit !== "never" && SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(limit);
}

/** Where something stands in a file; a target without a line of its own has line 1 and `length` 0. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** How many characters the carets cover; 0 where there is no line to show. */
  readonly length: number;
  readonly sourceLine: string;
}

/** A value of `evidence`: plain JSON. */
export type EvidenceValue =
  string | number | boolean | null | readonly EvidenceValue[] | { readonly [key: string]: EvidenceValue };

/** The figures behind a finding, by name; the names belong to the rule. */
export type Evidence = Readonly<Record<string, EvidenceValue>>;

/** What a rule says about one node. */
export interface RuleFinding {
  /** That of the rule, if absent. */
  readonly severity?: Severity;
  readonly place: Place;
  /** What is the matter, in one sentence that quotes values. */
  readonly message: string;
  /** What to do about it, in the imperative. */
  readonly fix: string;
  /** What to write at the place instead of what stands there, where that alone mends it. */
  readonly value?: string;
  readonly evidence?: Evidence;
}

/** A rule's finding in the result. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly target: string;
  readonly place: Place;
  readonly message: string;
  /** Why it matters, from the rule. */
  readonly why: string;
  readonly fix: string;
  /** What to write at the place instead, where that alone mends it. */
  readonly value?: string;
  readonly evidence: Evidence;
}

/** The place of a file as a whole. */
export function wholeFile(file: string): Place {
  return { file, line: 1, column: 1, length: 0, sourceLine: "" };
}
