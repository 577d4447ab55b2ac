import { formatCount } from "../study/format_count.ts";
import { blockText, portBlocks } from "../study/port_blocks.ts";

export { formatCount, formatProbability } from "../study/format_count.ts";

/** A figure of any size with at most four significant digits: `1,110`, `0.4`, `2.19e-4`. */
export function formatFigure(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? formatCount(value) : value.toExponential(3);
  const size = Math.abs(value);
  if (size >= 1_000) return formatCount(Math.round(value));
  const text = size < 0.01 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
  return text.replace(/\.?0+e/, "e");
}

const SPANS = [
  { size: 86_400, name: "day" },
  { size: 3_600, name: "hour" },
  { size: 60, name: "minute" },
  { size: 1, name: "second" },
] as const;

/**
 * A span of time in the largest unit of which it holds at least two, as one says it aloud: `5.4 minutes`, `24 hours`,
 * `90 seconds`; exactly an hour is `1 hour`. Takes seconds, from 0.
 */
export function formatSpan(seconds: number): string {
  if (seconds > 0 && seconds < 1) return plural(shortNumber(seconds * 1_000), "millisecond");
  const unit = SPANS.find(({ size }) => seconds >= 2 * size || (seconds === size && size === 3_600)) ?? {
    size: 1,
    name: "second",
  };
  return plural(shortNumber(seconds / unit.size), unit.name);
}

/** `1 second`, `5.4 minutes`, `0 days`: a number that is already text, and its noun with an `s` unless the number is 1. */
export function plural(number: string, noun: string): string {
  return `${number} ${noun}${number === "1" ? "" : "s"}`;
}

/** A rate or a mean with three significant digits: `11.2`, `3.23`, `1,650`. */
export function formatRate(value: number): string {
  return formatFigure(Number(value.toPrecision(3)));
}

/** A mean of counts: whole from a hundred on, with three significant digits below: `1,122`, `18`, `2.5`. */
export function formatMeanCount(value: number): string {
  return Math.abs(value) >= 100 ? formatCount(Math.round(value)) : formatRate(value);
}

/** A share of 0 to 1 in per cent: `95 %`, `99.9 %`, `0.4 %`. */
export function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/**
 * Ports as `ip_local_reserved_ports` takes them: ascending, neighbours joined (`30080-30097,32443`). Costs one sort.
 *
 * @returns one item of the list per element, in order.
 */
export function portRanges(ports: readonly number[]): string[] {
  return portBlocks([...new Set(ports)].toSorted((a, b) => a - b)).map(blockText);
}

/** One decimal below a hundred, none above; no trailing zero. */
function shortNumber(value: number): string {
  return value < 100 ? String(Number(value.toFixed(1))) : formatCount(Math.round(value));
}
