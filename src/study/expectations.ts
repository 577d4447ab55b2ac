import type { ExpectationDocument } from "./run_document.ts";

/** What a scenario expects of one figure; every bound that is given must hold. */
export interface Expectation {
  /** Path of a number in the figures, e.g. `probes.probability` or `workloads.zabbix.failed`. */
  readonly that: string;
  /** Both bounds included. */
  readonly between?: readonly [low: number, high: number];
  /** The figure must be less. */
  readonly below?: number;
  /** The figure must be more. */
  readonly above?: number;
  /** The figure must be this very number. */
  readonly equals?: number;
}

/**
 * Compares each expectation with the figures of a run (or an object of variants' figures, by name).
 *
 * @returns one entry for each expectation, in order; `got` is `null` and `ok` false where the path names no number,
 * e.g. `probes.meanSecondsBetweenFailures` when nothing failed.
 */
export function checkExpectations(expect: readonly Expectation[], figures: object): readonly ExpectationDocument[] {
  return expect.map((expectation) => {
    const got = numberAt(figures, expectation.that.split("."));
    return { that: expectation.that, want: wanted(expectation), got, ok: got !== null && holds(expectation, got) };
  });
}

function holds({ between, below, above, equals }: Expectation, got: number): boolean {
  if (between !== undefined && !(got >= between[0] && got <= between[1])) return false;
  if (below !== undefined && !(got < below)) return false;
  if (above !== undefined && !(got > above)) return false;
  return equals === undefined || got === equals;
}

function wanted({ between, below, above, equals }: Expectation): string {
  const parts: string[] = [];
  if (between !== undefined) parts.push(`between ${shown(between[0])} and ${shown(between[1])}`);
  if (below !== undefined) parts.push(`below ${shown(below)}`);
  if (above !== undefined) parts.push(`above ${shown(above)}`);
  if (equals !== undefined) parts.push(`equal to ${shown(equals)}`);
  return parts.length === 0 ? "a number" : parts.join(" and ");
}

/** Small numbers as 1.5e-4, others as people write them. */
function shown(value: number): string {
  return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential() : String(value);
}

/**
 * The number at the end of a path. A name may itself hold dots, as addresses do: the longest name that leads to a
 * number wins. Items of a list are addressed by their `name`.
 */
function numberAt(value: unknown, path: readonly string[]): number | null {
  if (path.length === 0) return typeof value === "number" && Number.isFinite(value) ? value : null;
  for (let length = path.length; length >= 1; length -= 1) {
    const child = childOf(value, path.slice(0, length).join("."));
    const found = child === undefined ? null : numberAt(child, path.slice(length));
    if (found !== null) return found;
  }
  return null;
}

function childOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.find((item: unknown) => isRecord(item) && item["name"] === name);
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
