import { vegaSvg } from "../vega_svg.ts";
import type { Chart } from "./chart.ts";

/** How names of chart files end, and so what is in them. */
export const CHART_ENDINGS = [".svg", ".png", ".vl.json"] as const;

/**
 * The content of a chart's file: SVG with its title and description for screen readers, PNG at twice the size, or the
 * Vega-Lite specification itself. The same bytes for the same chart.
 */
export async function chartFile(chart: Chart, ending: (typeof CHART_ENDINGS)[number]): Promise<string | Uint8Array> {
  if (ending === ".vl.json") return `${JSON.stringify(chart.spec, null, 2)}\n`;
  const svg = await chartSvg(chart);
  if (ending === ".svg") return svg;
  // Only who asks for a PNG waits for the library that draws it.
  const { pngOf } = await import("./png_writer.ts");
  return pngOf(svg);
}

/** The chart as SVG: `title` and `desc` come first in it, and it is one image to a screen reader. */
export async function chartSvg({ title, description, spec }: Chart): Promise<string> {
  const svg = await vegaSvg(spec);
  const words = `<title>${escaped(title)}</title><desc>${escaped(description)}</desc>`;
  return svg.replace(/<svg ([^>]*)>/, (_, attributes: string) => `<svg role="img" ${attributes}>${words}`);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
