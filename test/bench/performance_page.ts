import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import type { BenchCase } from "./bench_case.ts";
import type { BenchDocument } from "./bench_document.ts";
import { type JudgedBound, judgeBounds } from "./bounds.ts";
import { figureText, headText, rangeText } from "./bench_text.ts";
import { CASES } from "./cases.ts";
import { spreadOf } from "./spread.ts";

/** The page, whose figures stand between two marker lines. */
export const PERFORMANCE_PAGE = join(import.meta.dirname, "../../src/docs/performance.md");

const BEGIN = "<!-- bench: begin -->";
const END = "<!-- bench: end -->";

/** Puts the figures of a result into the page. @throws if the page has lost its markers. */
export async function writePerformancePage(document: BenchDocument): Promise<void> {
  const page = readFileSync(PERFORMANCE_PAGE, "utf8");
  const [head, , tail] = page.split(new RegExp(`(${BEGIN}[^]*${END})`));
  if (head === undefined || tail === undefined) throw new Error(`${PERFORMANCE_PAGE} has lost its marker lines`);
  const text = `${head}${BEGIN}\n\n${figuresOf(document, CASES)}\n\n${END}${tail}`;
  writeFileSync(PERFORMANCE_PAGE, await format(text, { parser: "markdown", printWidth: 120 }));
}

/** The figures as Markdown: the limits first, then a table for each case; what was not measured says so. */
export function figuresOf(document: BenchDocument, cases: readonly BenchCase[]): string {
  const judged = judgeBounds(document, cases);
  const limits = cases.flatMap(({ name, bounds }) =>
    bounds.map((bound) => {
      const found = judged.find(({ caseName, says }) => caseName === name && says === bound.says);
      return [
        name,
        bound.says,
        ...(found === undefined ? ["not measured", "", "", ""] : boundCells(found, document.rounds)),
      ];
    }),
  );
  const sections = cases.flatMap(({ name, about }) => {
    const points = document.cases.find((one) => one.name === name)?.points ?? [];
    const rows = points.flatMap((point) =>
      point.figures.map(({ measure, unit, values }) => {
        const spread = spreadOf(values);
        return [point.name, measure, figureText(spread.median), unit, rangeText(spread, values.length)];
      }),
    );
    const figures = table(["point", "figure", "median", "unit", "lowest to highest"], rows);
    return [`### ${name}`, about, rows.length === 0 ? "Not measured." : figures];
  });
  return [
    `${headText(document)}.`,
    "### Ratios and limits",
    table(["case", "what", "median", "lowest to highest", "limit", "holds"], limits),
    ...sections,
  ].join("\n\n");
}

function boundCells({ spread, unit, limit, holds }: JudgedBound, rounds: number): string[] {
  const verdict = holds === undefined ? "" : holds ? "yes" : "**no**";
  return [`${figureText(spread.median)} ${unit}`, rangeText(spread, rounds), limit, verdict];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
