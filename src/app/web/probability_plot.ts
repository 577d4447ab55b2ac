import { formatProbability } from "../../report/number_text.ts";
import type { ExactDocument, RunFigures } from "../../study/run_document.ts";
import { draw, textSpace } from "./element.ts";

const HEIGHT = 118;
const SIDE = 12;

/** What the plot shows. */
export interface PlottedProbability {
  readonly probes: Pick<RunFigures["probes"], "probability" | "interval">;
  readonly exact: ExactDocument;
  /** The exact value of the scenario without the settings, if they change it. */
  readonly before: number | undefined;
  readonly isFinal: boolean;
}

/** The estimate with its interval, and the exact values beside it, on one axis that begins at 0. */
export function probabilityPlot({ probes, exact, before, isFinal }: PlottedProbability, width: number): SVGSVGElement {
  const { probability, interval } = probes;
  const exactValue = valueOf(exact);
  const top = axisTop(Math.max(interval.high, exactValue ?? 0, before ?? 0));
  const x = (value: number): number => SIDE + (value / top) * (width - 2 * SIDE);
  const named = [
    `estimate ${formatProbability(probability)}, interval ${formatProbability(interval.low)} to ${formatProbability(interval.high)}`,
    ...(exactValue === undefined ? [] : [`exact value ${formatProbability(exactValue)}`]),
    ...(before === undefined ? [] : [`exact value of the scenario as it is ${formatProbability(before)}`]),
  ];
  const label = `Failure probability of a probe: ${named.join("; ")}`;
  const plot = draw("svg", {
    width,
    height: HEIGHT,
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "img",
    "aria-label": label,
  });
  plot.append(...axisOf(top, x, width));
  const dash = isFinal ? {} : { "stroke-dasharray": "5 3" };
  plot.append(
    draw("line", {
      class: "estimate",
      x1: x(interval.low),
      x2: x(interval.high),
      y1: 40,
      y2: 40,
      "stroke-width": 3,
      ...dash,
    }),
    ...[interval.low, interval.high].map((end) =>
      draw("line", { class: "estimate", x1: x(end), x2: x(end), y1: 34, y2: 46, "stroke-width": 2 }),
    ),
    draw("circle", { class: "estimate", cx: x(probability), cy: 40, r: 6 }),
  );
  const marks: Mark[] = [{ at: x(probability), text: "estimate and interval", y: 56 }];
  if (before !== undefined) {
    plot.append(draw("circle", { class: "before", cx: x(before), cy: 76, r: 5, "stroke-width": 2 }));
    marks.push({ at: x(before), text: "exact, as the scenario is", y: 80, beside: 10 });
  }
  if (exactValue !== undefined) {
    const at = x(exactValue);
    plot.append(draw("path", { class: "exact", d: `M${at} 33 l6 7 l-6 7 l-6 -7 z` }));
    plot.append(draw("line", { class: "exact", x1: at, x2: at, y1: 18, y2: 50, "stroke-width": 2 }));
    marks.push({ at, text: "exact", y: 8 });
  }
  plot.append(...marks.map((mark) => markText(mark, width)));
  return plot;
}

interface Mark {
  readonly at: number;
  readonly text: string;
  readonly y: number;
  /** How far beside the mark the text stands; else it stands over it. */
  readonly beside?: number;
}

function markText({ at, text, y, beside }: Mark, width: number): SVGTextElement {
  const space = textSpace(text);
  if (beside !== undefined) {
    const isRight = at + beside + space < width;
    return draw(
      "text",
      { class: "soft", x: isRight ? at + beside : at - beside, y, "text-anchor": isRight ? "start" : "end" },
      text,
    );
  }
  const middle = Math.min(width - space / 2 - 2, Math.max(space / 2 + 2, at));
  return draw("text", { class: "soft", x: middle, y: y + 4, "text-anchor": "middle" }, text);
}

function axisOf(top: number, x: (value: number) => number, width: number): SVGElement[] {
  const steps = width < 480 ? 2 : 4;
  const ticks = Array.from({ length: steps + 1 }, (_, index) => (top * index) / steps);
  return [
    draw("line", { class: "axis", x1: x(0), x2: x(top), y1: 94, y2: 94 }),
    ...ticks.flatMap((value, index) => {
      const anchor = index === 0 ? "start" : index === steps ? "end" : "middle";
      return [
        draw("line", { class: "axis", x1: x(value), x2: x(value), y1: 90, y2: 98 }),
        draw("text", { class: "soft", x: x(value), y: 111, "text-anchor": anchor }, formatProbability(value)),
      ];
    }),
  ];
}

/** A round number not below a value: 1, 2, 4 or 8 times a power of ten, at most 1. */
function axisTop(value: number): number {
  if (value <= 0) return 1e-6;
  const power = Number(`1e${Math.floor(Math.log10(value))}`);
  const factor = [1.2, 2, 4, 6, 8, 10].find((one) => one * power >= value * 1.04) ?? 10;
  return Math.min(1, Number((factor * power).toPrecision(3)));
}

function valueOf(exact: ExactDocument | undefined): number | undefined {
  return exact !== undefined && "probability" in exact ? exact.probability : undefined;
}
