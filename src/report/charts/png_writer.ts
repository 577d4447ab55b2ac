import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

/** Sharp on dense screens and in print. */
const ZOOM = 2;

const require = createRequire(import.meta.url);

/**
 * Draws an SVG of a chart as PNG, on white paper and with the DejaVu fonts that portfall brings along: the system's
 * fonts have no part in it, and a machine without any gives the same picture.
 *
 * @param zoom dots for each pixel of the SVG.
 */
export function pngOf(svg: string, zoom = ZOOM): Uint8Array {
  const fontFiles = [
    require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
    require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
  ];
  return new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    background: "white",
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" },
  })
    .render()
    .asPng();
}
