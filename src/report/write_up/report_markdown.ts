import type { Block, Section, TableBlock, WriteUp } from "./block.ts";
import type { Report } from "./report.ts";
import { largestOf } from "../extremes.ts";

/** The first line of every report in Markdown: it tells a report from a file that somebody wrote. */
export const MARKDOWN_MARK = "<!-- Written by sim report. -->";

/** The marks of a finding, for those who skim. */
const MARKS = { good: "✅", bad: "❌", open: "➖" } as const;

/**
 * A report as Markdown for a pull request, with a line feed at its end: the finding first, and what few readers want
 * folded. Charts are told in words; pull requests take no pictures that are not stored elsewhere.
 */
export function reportMarkdown({ title, writeUps, closing, version }: Report): string {
  const single = writeUps.length === 1;
  const lines = [
    MARKDOWN_MARK,
    `# ${markdownText(title)}`,
    ...(single
      ? []
      : [
          writeUps
            .map(
              ({ tone, title: name, headline }) =>
                `- ${MARKS[tone]} **${markdownText(name)}**: ${markdownText(headline)}`,
            )
            .join("\n"),
        ]),
    ...writeUps.flatMap((writeUp) => writeUpMarkdown(writeUp, single)),
    ...closing.flatMap((section) => folded(section)),
    `portfall ${markdownText(version)}`,
  ];
  return `${lines.join("\n\n")}\n`;
}

/** The sections that a reviewer reads in any case. */
const OPEN_SECTIONS: ReadonlySet<string> = new Set(["Variants", "Why", "What to change", "Figures"]);

function writeUpMarkdown({ title, about, tone, headline, blocks, sections }: WriteUp, isSingle: boolean): string[] {
  return [
    ...(isSingle ? [] : [`## ${markdownText(title)}`]),
    `${MARKS[tone]} **${markdownText(headline)}**`,
    ...(about.trim() === "" ? [] : [markdownText(about)]),
    ...blocks.map(blockMarkdown),
    ...sections.flatMap((section) =>
      OPEN_SECTIONS.has(section.title)
        ? [`${isSingle ? "##" : "###"} ${markdownText(section.title)}`, ...section.blocks.map(blockMarkdown)]
        : folded(section),
    ),
  ];
}

/** A section that opens at a click. */
function folded({ title, blocks }: Section): string[] {
  return [`<details><summary>${markdownText(title)}</summary>`, ...blocks.map(blockMarkdown), "</details>"];
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case "text":
      return markdownText(block.text);
    case "warning":
      return `> [!WARNING]\n> ${markdownText(block.text)}`;
    case "list":
      return block.items.map((item) => `- ${markdownText(item)}`).join("\n");
    case "steps":
      return block.steps
        .map(({ text, cost, command }, index) => {
          const parts = [
            markdownText(text),
            ...(cost === undefined ? [] : [`What it brings and costs: ${markdownText(cost)}`]),
          ];
          if (command !== undefined) parts.push(fenced("sh", command));
          return `${index + 1}. ${indented(parts.join("\n\n"))}`;
        })
        .join("\n\n");
    case "tiles":
      return tableMarkdown({
        columns: [{ title: "Key figure" }, { title: "Value", isNumber: true }, { title: "Bounds" }],
        rows: block.tiles.map(({ label, value, detail }) => [label, value, detail]),
      });
    case "table":
      return `**${markdownText(block.caption)}**\n\n${tableMarkdown(block)}`;
    case "code":
      return fenced(block.language, block.lines);
    case "chart":
      return `- **${markdownText(block.chart.title)}** ${markdownText(block.chart.description)}`;
    case "fold":
      return folded({ title: block.summary, blocks: block.blocks }).join("\n\n");
  }
}

function tableMarkdown({ columns, rows }: Pick<TableBlock, "columns" | "rows">): string {
  return [
    rowMarkdown(columns.map(({ title }) => markdownText(title))),
    rowMarkdown(columns.map(({ isNumber }) => (isNumber === true ? "---:" : "---"))),
    ...rows.map((row) => rowMarkdown(row.map(markdownText))),
  ].join("\n");
}

function rowMarkdown(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Lines between fences that no line of them can close. */
function fenced(language: string, lines: readonly string[]): string {
  const text = lines.map(withoutControls).join("\n");
  const longest = Math.max(0, largestOf([...text.matchAll(/`+/g)].map(([run]) => run.length)));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Lines but the first moved to the right, under the number of a step. */
function indented(text: string): string {
  return text.replaceAll(/\n(?=[^\n])/g, "\n   ");
}

/**
 * Text on one line that Markdown shows as it is: no character of it makes markup, HTML, a link, or calls a person.
 */
export function markdownText(text: string): string {
  return withoutControls(text)
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(/[\\`*[\]|~$]/g, String.raw`\$&`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replaceAll(/^([0-9]+)([.)])(?=\s|$)/g, String.raw`$1\$2`)
    .replaceAll(/^(?:[+-](?=\s|$)|#{1,6}(?=\s|$)|(?:=+|-{2,})$)/g, String.raw`\$&`)
    .replaceAll(/\bwww\./gi, String.raw`www\.`)
    .replaceAll(/[@#](?=[\p{L}\p{N}])/gu, "$&<!-- -->")
    .replaceAll("://", "&#58;//");
}

/** Text in which each control character, and each that turns the direction of text, is a blank. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu, " ");
}
