import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

/** Dots for each pixel of the SVG: sharp on dense screens and in print. */
const ZOOM = 2;

const require = createRequire(import.meta.url);

/**
 * Draws an SVG of a chart as PNG, on white paper and with the DejaVu fonts that portfall brings along: the system's
 * fonts have no part in it, and a machine without any gives the same picture.
 */
export function pngOf(svg: string): Uint8Array {
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${name}`),
  );
  return new Resvg(svg, {
    fitTo: { mode: "zoom", value: ZOOM },
    background: "white",
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" },
  })
    .render()
    .asPng();
}
