import type { ExactDocument, ExactRestartsDocument, RunDocument } from "../study/run_document.ts";
import { formatCount, formatProbability, formatRate } from "./number_text.ts";
import { labelled } from "./text_layout.ts";

/** The value by enumeration and how it agrees, or why there is none. */
export function exactText({ exact, interval, failed, byCause }: RunDocument["probes"]): string {
  if ("declined" in exact) return `none: ${exact.declined}`;
  const others = failed - byCause["nodeport-collision"];
  if (others > 0) {
    const have = others === 1 ? "failure has" : "failures have";
    return `${formatProbability(exact.probability)} for NodePort collisions alone; ${formatCount(others)} ${have} another cause`;
  }
  const isInside = exact.probability >= interval.low && exact.probability <= interval.high;
  const place = `${isInside ? "inside" : "OUTSIDE"} the interval`;
  return `${formatProbability(exact.probability)}, ${place}${gapText(exact.gapStandardErrors)}`;
}

/** How far an estimate is from the exact value: `; the estimate is 0.4 standard errors below`. */
function gapText(gap: number | null | undefined): string {
  if (gap === undefined || gap === null) return "";
  const size = Number(Math.abs(gap).toFixed(1));
  if (size === 0) return "; the estimate is less than 0.1 standard errors off";
  return `; the estimate is ${size} standard errors ${gap > 0 ? "above" : "below"}`;
}

/** Lengths of runs that the report names. */
const NAMED_LENGTHS = 6;

/** Restarts and runs of failures by enumeration, or why there is no such figure. */
export function exactRestartLines({ probes, restarts }: RunDocument, columns: number): string[] {
  const { exact } = restarts;
  if (exact === undefined) return [];
  if ("declined" in exact) return labelled("exact restarts", `none: ${exact.declined}`, columns);
  const total = exact.runs.reduce((sum, { perNodeWeek }) => sum + perNodeWeek, 0);
  const named = exact.runs
    .filter(({ perNodeWeek }) => perNodeWeek > 0)
    .slice(0, NAMED_LENGTHS)
    .map(({ length, perNodeWeek }) => `${length}: ${formatProbability(perNodeWeek / total)}`);
  const isAlone = probes.failed > probes.byCause["nodeport-collision"];
  const scope = isAlone ? " for NodePort collisions alone" : gapText(exact.gapStandardErrors);
  return [
    ...labelled("exact restarts", `${rareRate(exact.perNodeWeek)} per node and week${scope}`, columns),
    ...(named.length === 0 ? [] : labelled("exact runs", `shares by failures in a row: ${named.join(", ")}`, columns)),
    ...assumptionLines(exact, columns),
  ];
}

/** A rate that may be very small. */
function rareRate(rate: number): string {
  return rate > 0 && rate < 0.01 ? formatProbability(rate) : formatRate(rate);
}

/** What the value by enumeration rests on, one paragraph each. */
export function assumptionLines(exact: ExactDocument | ExactRestartsDocument, columns: number): string[] {
  if ("declined" in exact) return [];
  return exact.assumptions.flatMap((assumption, index) =>
    labelled(index === 0 ? "  assuming" : "", assumption, columns),
  );
}
