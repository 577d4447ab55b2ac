import type { Chart, ChartKind } from "./charts/chart.ts";
import { chartSvg } from "./charts/chart_file.ts";
import { chartsOfResult } from "./charts/charts_of_result.ts";
import type { ResultDocument } from "./results/result.ts";

/** By which a notebook's kernel asks a value how it is to be shown. */
const DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** What a cell of a Jupyter notebook shows if it ends with it: one thing in several forms, by MIME type. */
export interface NotebookOutput {
  readonly [DISPLAY]: () => Readonly<Record<string, unknown>>;
}

/** The version of Vega-Lite that the viewers of notebooks draw; charts here use nothing that it has not. */
const VIEWERS_VERSION = "v5";

/** How many dots a picture has at most: some 100 kB. */
const MOST_DOTS = 850_000;
const ZOOM = 2;

/**
 * A chart as the output of a notebook's cell: its Vega-Lite specification for viewers that draw it, a PNG for the others,
 * and its title and description as text.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=2m", "replications=1"]);
 * await showChart(chartOf(run, "failure-probability"));
 * ```
 */
export async function showChart(chart: Omit<Chart, "kind">): Promise<NotebookOutput> {
  const svg = await chartSvg(chart);
  // Only who asks for a PNG waits for the library that draws it.
  const { pngOf } = await import("./charts/png_writer.ts");
  const [, width = 0, height = 0] = (/ width="([0-9.]+)" height="([0-9.]+)"/.exec(svg) ?? []).map(Number);
  const zoom = Math.min(ZOOM, Math.sqrt(MOST_DOTS / Math.max(1, width * height)));
  const $schema = `https://vega.github.io/schema/vega-lite/${VIEWERS_VERSION}.json`;
  return outputOf({
    [`application/vnd.vegalite.${VIEWERS_VERSION}+json`]: { ...chart.spec, $schema },
    "image/png": base64Of(pngOf(svg, zoom)),
    "text/plain": `${chart.title}\n${chart.description}`,
  });
}

/**
 * The chart of a kind that a result can give.
 *
 * @throws an error that names the kinds it can give, if it cannot give this one.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=2m", "replications=1"]);
 * await showChart(chartOf(run, "port-map"));
 * ```
 */
export function chartOf(document: ResultDocument, kind: ChartKind): Chart {
  const charts = chartsOfResult({ document });
  const chart = charts.find((one) => one.kind === kind);
  if (chart !== undefined) return chart;
  const kinds = charts.map((one) => one.kind).join(", ") || "none";
  throw new Error(`Cannot draw "${kind}" of a result ${document.format}: its charts are ${kinds}`);
}

/**
 * Rows as the output of a notebook's cell: a table in Markdown, and in plain text. The columns are named by the fields of
 * the first row; numbers stand to the right.
 *
 * @example
 * ```ts
 * showTable([{ kernel: "5.4.188", failed: 4 }, { kernel: "6.1", failed: 3 }]);
 * ```
 */
export function showTable(rows: readonly Readonly<Record<string, string | number>>[]): NotebookOutput {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => String(row[name] ?? "")));
  const isNumeric = names.map((name) => rows.every((row) => typeof row[name] === "number"));
  const widths = names.map((name, place) => Math.max(3, name.length, ...cells.map((row) => row[place]!.length)));
  const padded = (row: readonly string[]): string[] =>
    row.map((cell, place) => (isNumeric[place] === true ? cell.padStart(widths[place]!) : cell.padEnd(widths[place]!)));
  const rule = widths.map((width, place) =>
    isNumeric[place] === true ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  const escaped = cells.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const markdown = [padded(names), rule, ...escaped.map(padded)].map((row) => `| ${row.join(" | ")} |`);
  const plain = [names, ...cells].map((row) => padded(row).join("  ").trimEnd());
  return outputOf({ "text/markdown": markdown.join("\n"), "text/plain": plain.join("\n") });
}

/**
 * A text as the output of a notebook's cell, as a terminal would show it.
 *
 * @example
 * ```ts
 * showText("one line\nanother one");
 * ```
 */
export function showText(text: string): NotebookOutput {
  return outputOf({ "text/plain": text.trimEnd() });
}

function outputOf(forms: Readonly<Record<string, unknown>>): NotebookOutput {
  return { [DISPLAY]: () => forms };
}

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
