import type { ProbabilityRow } from "./probability_rows.ts";
import { largestOf, leastOf } from "../extremes.ts";

/** How probabilities are shown: their unit, and the scale of their axis. */
export interface ProbabilityScale {
  /** What a probability is multiplied by. */
  readonly factor: number;
  readonly title: string;
  /** Parts of a Vega-Lite channel: `scale` and `axis`. */
  readonly scale: object;
  readonly axis: object;
}

/** From this ratio of the largest to the least value that is not 0 on, an even axis would hide the small ones. */
const WIDE = 60;

/** The unit and the axis for some probabilities: per cent, or failures in a million; even, or by powers of ten from 0 on. */
export function probabilityScale(
  rows: readonly Pick<ProbabilityRow, "probability" | "high" | "exact">[],
  limit: number | undefined,
  noun = "probe",
): ProbabilityScale {
  const shown = rows.flatMap(({ probability, exact }) => [probability, exact ?? 0]).concat(limit ?? 0);
  const largest = largestOf([...shown, ...rows.map(({ high }) => Math.min(high, 1))]);
  const positive = shown.filter((value) => value > 0);
  const isPercent = largest >= 0.01;
  const factor = isPercent ? 100 : 1e6;
  const title = `failed ${noun}s (${isPercent ? "%" : "per million"})`;
  const top = Math.max(largest, 1e-9) * factor;
  if (positive.length === 0 || largest / leastOf(positive) < WIDE) {
    const scale = { domainMin: 0, zero: true, nice: true };
    return { factor, title, scale, axis: { format: ",~r", tickCount: 6 } };
  }
  const least = decadeBelow(leastOf(positive) * factor);
  const ticks = [0];
  for (let tick = least; tick <= top * 1.001; tick *= 10) ticks.push(Number(tick.toPrecision(6)));
  // Linear up to the first tick and logarithmic from there, so that 0 has a place.
  const scale = { type: "symlog", constant: least, domainMin: 0, nice: false };
  return { factor, title, scale, axis: { values: ticks, format: ",~r" } };
}

/** The power of ten at or below a number above 0. */
function decadeBelow(value: number): number {
  let decade = 1;
  while (decade > value) decade /= 10;
  while (decade * 10 <= value) decade *= 10;
  return decade;
}
