import { formatRate } from "../../src/report/number_text.ts";
import type { BenchCase, Bound } from "./bench_case.ts";
import { type BenchDocument, figureOf } from "./bench_document.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** What became of a bound: the ratio (or figure) over the rounds, and whether its median keeps to the limit. */
export interface JudgedBound {
  readonly caseName: string;
  readonly says: string;
  readonly spread: Spread;
  /** The unit of a figure by itself; a ratio has none. */
  readonly unit: string;
  readonly limit: string;
  /** `undefined` where there is no limit. */
  readonly holds: boolean | undefined;
}

/** The bounds of the cases of which all figures were measured. */
export function judgeBounds(document: BenchDocument, cases: readonly BenchCase[]): readonly JudgedBound[] {
  return cases.flatMap(({ name, bounds }) =>
    bounds.flatMap((bound) => {
      const judged = judge(document, name, bound);
      return judged === undefined ? [] : [judged];
    }),
  );
}

function judge(document: BenchDocument, caseName: string, bound: Bound): JudgedBound | undefined {
  const { figure: name, over: overName, says, atMost, atLeast } = bound;
  const figure = figureOf(document, caseName, name);
  const over = overName === undefined ? undefined : figureOf(document, caseName, overName);
  if (figure === undefined || (overName !== undefined && over === undefined)) return undefined;
  // Each round by itself: what slows one round down slows both figures down.
  const values = figure.values.map((value, round) =>
    over === undefined ? value : value / (over.values[round] ?? NaN),
  );
  const spread = spreadOf(values);
  const isAbove = atMost !== undefined && spread.median > atMost;
  const isBelow = atLeast !== undefined && spread.median < atLeast;
  return {
    caseName,
    says,
    spread,
    unit: over === undefined ? figure.unit : "",
    limit: limitText(bound),
    holds: atMost === undefined && atLeast === undefined ? undefined : !isAbove && !isBelow,
  };
}

function limitText({ atMost, atLeast }: Bound): string {
  if (atMost !== undefined) return `at most ${formatRate(atMost)}`;
  return atLeast === undefined ? "" : `at least ${formatRate(atLeast)}`;
}
