import type { Chart } from "../charts/chart.ts";
import type { Block, Section, TableBlock, Tone, WriteUp } from "../write_up/block.ts";
import type { Report } from "../write_up/report.ts";
import { drawChart, embeddedSvg } from "./drawn_chart.ts";
import { htmlName, htmlProse, htmlText, scriptJson, scriptText, visibleText } from "./html_text.ts";
import { REPORT_STYLE } from "./report_style.ts";

/** What a report in HTML is made with. */
export interface HtmlOptions {
  /** The script that makes charts live, as `npm run build` bundles it. */
  readonly script: string;
  /** The SHA-256 of a text as `sha256:` and hexadecimal digits. */
  readonly digest: (text: string) => string;
}

/** How every report in HTML begins; it tells a report from a file that somebody wrote. */
export const HTML_MARK = "<!doctype html><!-- Written by sim report. -->";

/** Live charts beyond this many bytes are left out: their pictures are there all the same. */
const MOST_LIVE_BYTES = 450_000;

/**
 * A report as one HTML file that fetches nothing: its policy forbids it all but its own script. Each chart is a picture
 * first; the script puts the live chart in its place. The same report gives the same bytes.
 */
export async function reportHtml(report: Report, { script, digest }: HtmlOptions): Promise<string> {
  const charts = new ChartWriter();
  const { writeUps, closing, title, version } = report;
  const articles: string[] = [];
  for (const [index, writeUp] of writeUps.entries()) {
    articles.push(await articleHtml(writeUp, { name: `r${index + 1}`, isOnly: writeUps.length === 1, charts }));
  }
  const last: string[] = [];
  for (const [index, section] of closing.entries()) {
    last.push(await sectionHtml(section, { name: `c${index + 1}`, level: 2, charts }));
  }
  const code = scriptText(script);
  const policy =
    `default-src 'none'; script-src 'sha256-${base64Of(digest(code))}'; style-src 'unsafe-inline'; img-src data: blob:; ` +
    "base-uri 'none'; form-action 'none'";
  return [
    HTML_MARK,
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<meta name="generator" content="portfall ${htmlText(version)}"><meta name="referrer" content="no-referrer">`,
    `<title>${htmlText(title)}</title><style>${REPORT_STYLE}</style></head>`,
    '<body><a class="skip" href="#r1">Skip to the finding</a>',
    `<div class="page">${headerHtml(report)}<main>${articles.join("\n")}${last.join("\n")}</main>`,
    `<footer>Made by <code>sim report</code> of portfall ${htmlText(version)}. This file is complete: it fetches nothing and sends nothing.</footer></div>`,
    `<script>${code}</script>`,
    "</body></html>\n",
  ].join("\n");
}

/** What stands above all results: the title, and where there are several, their findings with links. */
function headerHtml({ title, writeUps }: Report): string {
  const [only] = writeUps;
  const isSingle = writeUps.length === 1 && only !== undefined;
  const list = isSingle
    ? ""
    : `<nav aria-label="Results"><ul class="findings">${writeUps
        .map(
          ({ tone, title: name, headline }, index) =>
            `<li class="${tone}"><a href="#r${index + 1}">${htmlText(name)}</a><br>${MARKS[tone]} ${htmlText(headline)}</li>`,
        )
        .join("")}</ul></nav>`;
  const about = isSingle && only.about.trim() !== "" ? `<p class="about">${htmlText(only.about)}</p>` : "";
  return `<header><p class="kind">portfall report</p><h1>${htmlText(title)}</h1>${about}${list}</header>`;
}

const MARKS: Readonly<Record<Tone, string>> = { good: "✓", bad: "✗", open: "–" };

/** Where a piece of the report stands. */
interface Place {
  /** Begins the names of all elements in it. */
  readonly name: string;
  readonly charts: ChartWriter;
}

async function articleHtml(writeUp: WriteUp, place: Place & { readonly isOnly: boolean }): Promise<string> {
  const { name, isOnly, charts } = place;
  const { tone, title, about, headline, blocks, sections } = writeUp;
  const level = isOnly ? 2 : 3;
  const parts: string[] = [];
  for (const [index, section] of sections.entries()) {
    parts.push(await sectionHtml(section, { name: `${name}-s${index + 1}`, level, charts }));
  }
  const head = isOnly
    ? ""
    : `<h2>${htmlText(title)}</h2>${about.trim() === "" ? "" : `<p class="about">${htmlText(about)}</p>`}`;
  const links = sections.map(
    (section, index) => `<li><a href="#${name}-s${index + 1}">${htmlText(section.title)}</a></li>`,
  );
  return (
    `<article class="result ${tone}" id="${name}">${head}` +
    `<p class="headline"><span class="tone"><span aria-hidden="true">${MARKS[tone]}</span> Finding</span>${htmlProse(headline)}</p>` +
    (await blocksHtml(blocks, { name: `${name}-f`, charts })) +
    `<nav aria-label="${isOnly ? "Contents" : htmlText(`Contents of ${title}`)}"><ul>${links.join("")}</ul></nav>` +
    `${parts.join("\n")}</article>`
  );
}

async function sectionHtml(section: Section, place: Place & { readonly level: number }): Promise<string> {
  const { name, level } = place;
  const heading = `<h${level} id="${name}-h">${htmlText(section.title)}</h${level}>`;
  return `<section id="${name}" aria-labelledby="${name}-h">${heading}${await blocksHtml(section.blocks, place)}</section>`;
}

async function blocksHtml(blocks: readonly Block[], { name, charts }: Place): Promise<string> {
  const parts: string[] = [];
  for (const [index, block] of blocks.entries()) {
    parts.push(await blockHtml(block, { name: `${name}-${index + 1}`, charts }));
  }
  return parts.join("\n");
}

async function blockHtml(block: Block, place: Place): Promise<string> {
  switch (block.kind) {
    case "text":
      return `<p>${htmlProse(block.text)}</p>`;
    case "warning":
      return `<p class="warning" role="note"><strong>Mind:</strong> ${htmlProse(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${htmlProse(item)}</li>`).join("")}</ul>`;
    case "steps":
      return `<ol class="steps">${block.steps.map(stepHtml).join("")}</ol>`;
    case "tiles":
      return `<dl class="tiles">${block.tiles
        .map(
          ({ label, value, detail }) =>
            `<div><dt>${htmlText(label)}</dt><dd class="value">${htmlText(value)}</dd><dd class="detail">${htmlProse(detail)}</dd></div>`,
        )
        .join("")}</dl>`;
    case "table":
      return tableHtml(block);
    case "code":
      return codeHtml(block.lines, block.language);
    case "chart":
      return place.charts.write(block.chart, place.name);
    case "fold":
      return `<details><summary>${htmlText(block.summary)}</summary>${await blocksHtml(block.blocks, place)}</details>`;
  }
}

function stepHtml({ text, cost, command }: { text: string; cost?: string; command?: readonly string[] }): string {
  const costs = cost === undefined ? "" : `<p class="cost"><b>What it brings and costs:</b> ${htmlProse(cost)}</p>`;
  return `<li><p>${htmlProse(text)}</p>${costs}${command === undefined ? "" : codeHtml(command, "sh")}</li>`;
}

/** Lines to copy; whoever has no mouse can still scroll them. */
function codeHtml(lines: readonly string[], language: string): string {
  const label = { sh: "Command", yaml: "Scenario", text: "Text" }[language] ?? "Text";
  return `<pre class="${language}" tabindex="0" role="region" aria-label="${label}"><code>${htmlText(lines.join("\n"))}</code></pre>`;
}

function tableHtml({ caption, columns, rows }: TableBlock): string {
  const kind = (index: number): string => (columns[index]?.isNumber === true ? ' class="number"' : "");
  const head = columns.map(({ title }, index) => `<th scope="col"${kind(index)}>${htmlName(title)}</th>`).join("");
  const body = rows
    .map((row) => {
      const cells = row.map((cell, index) =>
        index === 0 ? `<th scope="row"${kind(0)}>${htmlName(cell)}</th>` : `<td${kind(index)}>${htmlProse(cell)}</td>`,
      );
      return `<tr>${cells.join("")}</tr>`;
    })
    .join("");
  const label = htmlText(caption);
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table><caption>${label}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
  );
}

/** Writes the charts of one report: as long as they fit, with their live form. */
class ChartWriter {
  #liveBytes = 0;
  #count = 0;

  async write(chart: Chart, name: string): Promise<string> {
    const { svg, vega } = await drawChart(chart);
    this.#count += 1;
    const data = scriptJson({ name: `${chart.kind}-${this.#count}`, spec: vega });
    const isLive = this.#liveBytes + data.length <= MOST_LIVE_BYTES;
    if (isLive) this.#liveBytes += data.length;
    const live = isLive
      ? `<script type="application/json">${data}</script><span class="save" hidden>` +
        '<button type="button" data-type="svg">Save as SVG</button><button type="button" data-type="png">Save as PNG</button></span>'
      : "";
    const title = htmlText(chart.title);
    return (
      `<figure class="chart"><div class="paper" tabindex="0" role="region" aria-label="Chart: ${title}">` +
      `${embeddedSvg(visibleText(svg), name)}</div><p class="unseen" id="${name}-title">${title}</p>` +
      `<figcaption><details><summary>This chart in words</summary><p id="${name}-words">${htmlProse(chart.description)}</p></details>${live}</figcaption></figure>`
    );
  }
}

/** The base64 form of `sha256:` and hexadecimal digits. */
function base64Of(digest: string): string {
  const bytes = digest.replace(/^.*:/, "").match(/../g) ?? [];
  return btoa(String.fromCharCode(...bytes.map((byte) => Number.parseInt(byte, 16))));
}
