import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { logger, Warn } from "vega";
import { compile } from "vega-lite";
import { beforeAll, describe, expect, it } from "vitest";
import type { Chart } from "../../../src/report/charts/chart.ts";
import { CHART_KINDS } from "../../../src/report/charts/chart.ts";
import { chartSvg } from "../../../src/report/charts/chart_file.ts";
import { chartsOfResult } from "../../../src/report/charts/charts_of_result.ts";
import { keptRun, sampleCharts } from "./sample_results.ts";
import { placedTexts, type PlacedText } from "./svg_texts.ts";

// Goal: every chart is one that Vega-Lite takes, fetches nothing, and shows all of its words.
// Method: made-up documents of each format give every kind; each specification is held against Vega-Lite's own schema, and
// the texts of each SVG against the edges of the picture. The goldens are written anew by
// `npx vitest run -c test/vitest.config.ts test/report/charts -u` and read as diffs.

let charts: ReadonlyMap<string, Chart> = new Map();
const svgs = new Map<string, string>();

beforeAll(async () => {
  charts = await sampleCharts();
  for (const [name, chart] of charts) svgs.set(name, await chartSvg(chart));
});

/** One element a line, numbers to a tenth: what is drawn, without the last bits of a machine. */
function readable(svg: string): string {
  const rounded = (number: string): string => String(Number(Number(number).toFixed(1)));
  const tags = svg.replace(/<[^>]*>/g, (tag) => tag.replace(/-?[0-9]+\.[0-9]+/g, rounded));
  return tags.replaceAll("><", ">\n<");
}

/** Whether two texts share more than a rim of two pixels. */
function isOver(one: PlacedText, other: PlacedText): boolean {
  const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return across > 2 && down > 4;
}

describe("Charts", () => {
  it("give every kind but that of a single connection", () => {
    const kinds = new Set([...charts.values()].map(({ kind }) => kind));
    expect(CHART_KINDS.filter((kind) => !kinds.has(kind))).toEqual(["sequence"]);
  });

  it("are specifications that Vega-Lite's own schema takes", () => {
    const path = createRequire(import.meta.url).resolve("vega-lite/vega-lite-schema.json");
    const ajv = new Ajv({ strict: false, allErrors: false, code: { optimize: false } });
    addFormats.default(ajv);
    ajv.addFormat("color-hex", /^#([0-9a-f]{3}){1,2}([0-9a-f]{2})?$/i);
    const validate = ajv.compile(JSON.parse(readFileSync(path, "utf8")));
    const wrong = [...charts].flatMap(([name, { spec }]) =>
      validate(JSON.parse(JSON.stringify(spec))) ? [] : [`${name}: ${ajv.errorsText(validate.errors)}`],
    );
    expect(wrong).toEqual([]);
    expect(validate({ ...charts.get("run-occupancy")!.spec, vconcat: 5 })).toBe(false);
  });

  it("name no address that a browser would fetch", () => {
    const named = [...charts.values()].map(({ spec }) => JSON.stringify({ ...spec, $schema: "" }));
    expect(named.filter((text) => /https?:|"url"/.test(text))).toEqual([]);
  });

  it("show all of their words: none is cut by an edge of the picture", () => {
    const cut = [...svgs].flatMap(([name, svg]) => {
      const [width = 0, height = 0] = (/viewBox="0 0 ([0-9.]+) ([0-9.]+)"/.exec(svg) ?? []).slice(1).map(Number);
      return placedTexts(svg)
        .filter(({ left, right, top, bottom }) => left < 0 || right > width || top < 0 || bottom > height)
        .map(({ text }) => `${name}: ${text}`);
    });
    expect(cut).toEqual([]);
    expect(placedTexts(svgs.get("run-port-map")!).map(({ text }) => text)).toContain("reserved (1,820)");
  });

  it("set no word over another", () => {
    const over = [...svgs].flatMap(([name, svg]) => {
      const texts = placedTexts(svg).filter(({ text }) => text.trim() !== "");
      return texts.flatMap((one, place) =>
        texts
          .slice(place + 1)
          .filter((other) => other.text !== one.text && isOver(one, other))
          .map((other) => `${name}: ${one.text} | ${other.text}`),
      );
    });
    expect(over).toEqual([]);
  });

  it("are compiled without a warning", () => {
    const warnings: string[] = [];
    for (const [name, { spec }] of charts) {
      const hear = (_method: string, _level: string, input: readonly unknown[]): void => {
        warnings.push(`${name}: ${input.join(" ")}`);
      };
      compile(spec, { logger: logger(Warn, "log", hear) });
    }
    expect(warnings).toEqual([]);
  });

  it("have titles that are findings", async () => {
    const titles = [...charts].map(([name, { title }]) => `${name}: ${title}`);
    await expect(titles.join("\n")).toMatchFileSnapshot("../../golden/charts/titles.txt");
  });

  it("have descriptions for those who do not see them", async () => {
    const texts = [...charts].map(([name, { description }]) => `${name}: ${description}`);
    await expect(texts.join("\n\n")).toMatchFileSnapshot("../../golden/charts/descriptions.txt");
  });

  it("put user text into the SVG as text", () => {
    const svg = svgs.get("run-variants-failure-probability")!;
    expect(svg).toContain("kube-proxy 1.18 &lt;holds&gt; &amp; ");
    expect(svg).not.toContain("<holds>");
  });

  it("draw the limit that is asked for in place of the stated one", () => {
    const [, chart] = chartsOfResult({ document: keptRun() }, { limit: 1e-4 });
    expect(JSON.stringify(chart?.spec)).toContain("limit 1 in 10,000 (1.00e-4)");
  });

  it.each([
    "run-port-map",
    "run-occupancy",
    "run-runs-of-failures",
    "run-time-to-restart",
    "run-variants-failure-probability",
    "sweep-failure-probability",
    "sweep-grid-failure-heatmap",
    "diff-before-after",
    "ports-candidates",
  ])("are drawn as before: %s", async (name) => {
    await expect(readable(svgs.get(name)!)).toMatchFileSnapshot(`../../golden/charts/${name}.svg`);
  });
});
