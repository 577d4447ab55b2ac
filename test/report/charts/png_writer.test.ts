import { Resvg } from "@resvg/resvg-js";
import { beforeAll, describe, expect, it } from "vitest";
import { chartFile, chartSvg } from "../../../src/report/charts/chart_file.ts";
import { chartsOfResult } from "../../../src/report/charts/charts_of_result.ts";
import { pngOf } from "../../../src/report/charts/png_writer.ts";
import { keptRun } from "./sample_results.ts";

// Goal: a PNG has its words on a machine without fonts.
// Method: the system's fonts are never loaded, so any machine is one without. A picture drawn with no font at all is
// that of the SVG without its texts, which shows that the comparison can tell.

const chart = chartsOfResult({ document: keptRun() })[1]!;
let svg = "";

beforeAll(async () => {
  svg = await chartSvg(chart);
});

describe("pngOf", () => {
  const wordless = (): string => svg.replace(/<text[^>]*>[^<]*<\/text>/g, "");

  it("draws the words with the fonts of the package", () => {
    expect(Buffer.from(pngOf(svg)).equals(pngOf(wordless()))).toBe(false);
    const fontless = new Resvg(svg, { font: { loadSystemFonts: false }, background: "white" }).render();
    const textless = new Resvg(wordless(), { font: { loadSystemFonts: false }, background: "white" }).render();
    expect(fontless.pixels.equals(textless.pixels)).toBe(true);
  });

  it("is twice as large as the SVG", async () => {
    const png = Buffer.from(await chartFile(chart, ".png"));
    const [width = 0, height = 0] = (/viewBox="0 0 ([0-9.]+) ([0-9.]+)"/.exec(svg) ?? []).slice(1).map(Number);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * width, 2 * height].map(Math.round));
  });

  it("gives the same bytes again", async () => {
    expect(Buffer.from(await chartFile(chart, ".png")).equals(Buffer.from(await chartFile(chart, ".png")))).toBe(true);
  });
});
