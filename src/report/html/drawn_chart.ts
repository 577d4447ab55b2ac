import type { Chart } from "../charts/chart.ts";
import { vegaSvg } from "../vega_svg.ts";

/** A chart in the two forms that a report has of it. */
export interface DrawnChart {
  /** The picture. */
  readonly svg: string;
  /** The chart compiled to Vega, for the live form. */
  readonly vega: object;
}

/** Draws a chart, and compiles it for a browser that has Vega but not Vega-Lite. */
export async function drawChart({ spec }: Chart): Promise<DrawnChart> {
  const vegaLite = await import("vega-lite");
  return { svg: await vegaSvg(spec), vega: vegaLite.compile(spec).spec };
}

/**
 * A picture that can stand beside others in one document: the names of its clips and gradients are its own, and it is
 * one image to a screen reader, named and described by the elements with the given names.
 */
export function embeddedSvg(svg: string, name: string): string {
  const own = svg
    .trim()
    .replaceAll(/<[a-z][^>]*>/gi, (tag) =>
      tag.replaceAll(/ id="([^"]*)"/g, ` id="${name}-$1"`).replaceAll(/url\(#([^)"]*)\)/g, `url(#${name}-$1)`),
    );
  return own.replace("<svg ", `<svg role="img" aria-labelledby="${name}-title" aria-describedby="${name}-words" `);
}
