import type { TopLevelSpec } from "vega-lite";
import { CHART_FONT, textWidth } from "../text_width.ts";

/** One layer of a chart. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

/** Colours that people who see few colours tell apart (Okabe and Ito, 2008), and what they stand for here. */
export const COLOR = {
  estimate: "#0072B2",
  bad: "#D55E00",
  good: "#009E73",
  second: "#E69F00",
  light: "#56B4E9",
  third: "#CC79A7",
  text: "#222222",
  quiet: "#555555",
  grid: "#E3E3E3",
} as const;

/** Series in order: each has a colour, a shape and a dash of its own, so that a grey print tells them apart too. */
export const SERIES_COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"] as const;
/** The shapes of `SERIES_COLORS`. */
export const SERIES_SHAPES = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "triangle-down",
  "cross",
  "triangle-right",
] as const;
/** The dashes of `SERIES_COLORS`. */
export const SERIES_DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [10, 4],
  [4, 2],
  [1, 3],
] as const;

const TITLE_SIZE = 15;
const SUBTITLE_SIZE = 11;

/** What a chart says above its picture. */
export interface Heading {
  readonly title: string;
  /** Paragraphs in smaller print; each begins a line. */
  readonly subtitle: readonly string[];
  /** Room for both, in pixels. */
  readonly width: number;
}

/**
 * What all charts have alike: font, grid, white paper, and a title that is broken where its line is full.
 *
 * @example
 * ```ts
 * const frame = chartFrame({ title: "Failed probes", subtitle: ["Kernel 6.1"], width: 600 });
 * console.log(frame.title.text); // [ 'Failed probes' ]
 * ```
 */
export function chartFrame({ title, subtitle, width }: Heading) {
  const lines = breakText(title, { size: TITLE_SIZE, isBold: true, width });
  const small = subtitle.flatMap((text) => breakText(text, { size: SUBTITLE_SIZE, isBold: false, width }));
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 16,
    config: {
      font: CHART_FONT,
      view: { stroke: null },
      // The picture as a whole has a title and a description; its marks by themselves say nothing to a screen reader.
      aria: false,
      axis: {
        labelFontSize: 11,
        titleFontSize: 11,
        titleFontWeight: "normal" as const,
        labelColor: COLOR.text,
        titleColor: COLOR.text,
        gridColor: COLOR.grid,
        domainColor: "#888888",
        tickColor: "#888888",
        titlePadding: 8,
        labelLimit: 400,
        titleLimit: 1_000,
      },
      legend: {
        labelFontSize: 11,
        titleFontSize: 11,
        titleFontWeight: "normal" as const,
        labelColor: COLOR.text,
        labelLimit: 400,
        titleLimit: 400,
        symbolSize: 90,
        symbolOpacity: 1,
        // Else the dashes of the lines would fray the symbols.
        symbolStrokeWidth: 0,
      },
    },
    title: {
      text: lines,
      subtitle: small,
      anchor: "start" as const,
      frame: "bounds" as const,
      fontSize: TITLE_SIZE,
      subtitleFontSize: SUBTITLE_SIZE,
      subtitleColor: COLOR.quiet,
      subtitleLineHeight: 15,
      lineHeight: 20,
      subtitlePadding: 5,
      offset: 14,
      limit: 4_000,
    },
  };
}

/** Breaks a text at blanks into lines that are at most `width` pixels wide; a longer word stands by itself. */
export function breakText(
  text: string,
  { size, isBold, width }: { readonly size: number; readonly isBold: boolean; readonly width: number },
): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = `${last ?? ""} ${word}`;
    if (last !== undefined && textWidth(longer, size, isBold) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
