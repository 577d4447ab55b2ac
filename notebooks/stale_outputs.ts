import { codeCells, jsonText, sourceOf } from "./notebook_file.ts";
import type { Notebook, Output } from "./notebook_file.ts";

/** Lines of one cell's difference that are shown; what is behind them is counted. */
const MOST_LINES = 12;

/**
 * What a run gave other than what the notebook stores: for each such code cell its number, its first line, and the lines
 * that differ, `-` stored and `+` now.
 *
 * @returns an empty list if nothing differs.
 */
export function staleOutputs(stored: Notebook, fresh: Notebook): readonly string[] {
  const freshCells = codeCells(fresh);
  return codeCells(stored).flatMap((cell, index) => {
    const before = outputLines(cell.outputs ?? []);
    const after = outputLines(freshCells[index]?.outputs ?? []);
    const difference = lineDifference(before, after);
    if (difference.length === 0) return [];
    const more = difference.length - MOST_LINES;
    const shown = more > 0 ? [...difference.slice(0, MOST_LINES), `… and ${more} more lines`] : difference;
    return [`code cell ${index + 1} (${firstLine(sourceOf(cell))})`, ...shown.map((line) => `  ${line}`)];
  });
}

/** The first line of a cell, to find it by. */
export function firstLine(source: string): string {
  const [line = ""] = source.split("\n");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** Outputs as lines of text; a picture is one line, which its bytes decide. */
function outputLines(outputs: readonly Output[]): readonly string[] {
  return jsonText(outputs)
    .split("\n")
    .map((line) =>
      line.includes('"image/png"') ? `  "image/png": ${line.length} characters, sum ${sumOf(line)}` : line,
    );
}

/** A sum that another picture changes (FNV-1a). */
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}

/** The lines between what both texts begin with and what both end with. */
function lineDifference(before: readonly string[], after: readonly string[]): readonly string[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return [
    ...before.slice(start, before.length - end).map((line) => `- ${line.trimStart()}`),
    ...after.slice(start, after.length - end).map((line) => `+ ${line.trimStart()}`),
  ];
}
