import { vegaSvg } from "../vega_svg.ts";
import type { Chart } from "./chart.ts";

/** How names of chart files end, and so what is in them. */
export const CHART_ENDINGS = [".svg", ".png", ".vl.json"] as const;

/**
 * The content of a chart's file: SVG with its title and description for screen readers, PNG at twice the size, or the
 * Vega-Lite specification itself. The same bytes for the same chart.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=20s", "replications=1"]);
 * const svg = await chartFile(chartOf(run, "port-map"), ".svg");
 * console.log(String(svg).startsWith("<svg")); // true
 * ```
 */
export async function chartFile(
  chart: Omit<Chart, "kind">,
  ending: (typeof CHART_ENDINGS)[number],
): Promise<string | Uint8Array> {
  if (ending === ".vl.json") return `${JSON.stringify(chart.spec, null, 2)}\n`;
  const svg = await chartSvg(chart);
  if (ending === ".svg") return svg;
  // Only who asks for a PNG waits for the library that draws it.
  const { pngOf } = await import("./png_writer.ts");
  return pngOf(svg);
}

/**
 * The chart as SVG: `title` and `desc` come first in it, and it is one image to a screen reader.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=20s", "replications=1"]);
 * console.log((await chartSvg(chartOf(run, "port-map"))).includes("<title>")); // true
 * ```
 */
export async function chartSvg({ title, description, spec }: Omit<Chart, "kind">): Promise<string> {
  const svg = await vegaSvg(spec);
  const words = `<title>${escaped(title)}</title><desc>${escaped(description)}</desc>`;
  return svg.replace(/<svg ([^>]*)>/, (_, attributes: string) => `<svg role="img" ${attributes}>${words}`);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
