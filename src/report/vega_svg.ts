import type { TopLevelSpec } from "vega-lite";
import { textWidth } from "./text_width.ts";

/** A text item of Vega's scene graph, as far as its width goes. */
interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: number | string;
}

/**
 * Draws a Vega-Lite chart as SVG, without a browser. Text is measured by the widths of the chart's own font. The
 * packages are loaded at the first call: commands that draw nothing do not wait for them.
 *
 * @returns the SVG with a line feed at its end; the same text for the same chart.
 */
export async function vegaSvg(chart: TopLevelSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const metrics: unknown = Reflect.get(vega, "textMetrics");
  if (typeof metrics === "object" && metrics !== null) Reflect.set(metrics, "width", widthOf);
  const view = new vega.View(vega.parse(vegaLite.compile(chart).spec), { renderer: "none" });
  try {
    return `${withOwnNumbers(await view.toSVG())}\n`;
  } finally {
    view.finalize();
  }
}

/** Vega numbers clips and gradients through all charts that it draws: here they count from 0 in each picture. */
function withOwnNumbers(svg: string): string {
  const names = new Map<string, string>();
  const ownName = (name: string): string => {
    const known = names.get(name) ?? `${name.replace(/\d+$/, "")}${names.size}`;
    names.set(name, known);
    return known;
  };
  return svg.replaceAll(/<[a-z][^>]*>/gi, (tag) =>
    tag
      .replaceAll(/ id="([^"]*)"/g, (_, name: string) => ` id="${ownName(name)}"`)
      .replaceAll(/url\(#([^)"]*)\)/g, (_, name: string) => `url(#${ownName(name)})`),
  );
}

function widthOf({ fontSize, fontWeight }: TextItem, text: unknown): number {
  const isBold = fontWeight === "bold" || Number(fontWeight) >= 600;
  return textWidth(typeof text === "string" ? text : JSON.stringify(text ?? ""), fontSize ?? 11, isBold);
}
