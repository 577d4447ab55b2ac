import type { ConformDocument, ConformedCase } from "./conform_document.ts";
import { formatCount, plural } from "./number_text.ts";
import type { RunTextOptions } from "./run_text.ts";
import { item, printable, textStyle, wrapText } from "./text_layout.ts";
import type { TextStyle } from "./text_layout.ts";
import { largestOf } from "./extremes.ts";

/**
 * What came of replaying recorded cases, as text for a terminal with a line feed at its end: a line for each kernel, the
 * first difference of each case that failed, the races that excused a comparison, and the count.
 */
export function conformText(document: ConformDocument, options: RunTextOptions): string {
  const columns = Math.min(100, Math.max(60, options.columns));
  const style = textStyle(options.color);
  const { cases } = document;
  const blocks = [
    kernelLines(cases, style),
    ...cases.filter(({ ok }) => !ok).map((failed) => failureLines(failed, columns, style)),
    sectionLines(
      style.bold("Races"),
      cases.flatMap((one) => excuseLines(one, columns)),
    ),
    sectionLines(
      style.bold("Not seen"),
      cases.flatMap((one) => unseenLines(one, columns)),
    ),
    [countLine(document, style)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** One line a kernel, in the order of the files. */
function kernelLines(cases: readonly ConformedCase[], style: TextStyle): string[] {
  const kernels = new Map<string, { passed: number; failed: number }>();
  for (const { kernel, ok } of cases) {
    const counts = kernels.get(kernel) ?? { passed: 0, failed: 0 };
    counts[ok ? "passed" : "failed"] += 1;
    kernels.set(kernel, counts);
  }
  const width = largestOf([...kernels.keys()].map((kernel) => printable(kernel).length));
  return [...kernels].map(([kernel, { passed, failed }]) => {
    const failures = failed === 0 ? "" : style.bad(`, ${formatCount(failed)} failed`);
    return `${printable(kernel).padEnd(width)}  ${formatCount(passed).padStart(4)} passed${failures}`;
  });
}

/** A case that failed: what the model lacks, or the first difference, expected beside actual, behind the packets before it. */
function failureLines(failed: ConformedCase, columns: number, style: TextStyle): string[] {
  const [first, ...others] = failed.differences;
  const lines = wrapText(`${failed.kernel}/${failed.id} failed: ${failed.title}`, columns).map(style.bad);
  lines.push(...wrapText(failed.file, columns - 2).map((line) => `  ${line}`));
  if (failed.reason !== undefined)
    return [...lines, ...wrapText(failed.reason, columns - 2).map((line) => `  ${line}`)];
  if (first === undefined) return lines;
  lines.push(...wrapText(first.where, columns - 2).map((line) => `  ${line}`));
  for (const [index, packet] of first.before.entries())
    lines.push(...detail(index === 0 ? "after" : "", packet, columns));
  lines.push(...detail("expected", first.expected, columns), ...detail("actual", first.actual, columns));
  if (others.length > 0) {
    lines.push(`  and ${plural(formatCount(others.length), "further difference")}, listed by --format json`);
  }
  return lines;
}

const DETAIL_INDENT = 14;

/** A label and text that is wrapped under itself; narrower than a report's table, so that a packet fits one line. */
function detail(label: string, text: string, columns: number): string[] {
  const lines = wrapText(text, columns - DETAIL_INDENT);
  return lines.map((line, index) => `${(index === 0 ? `    ${label}` : "").padEnd(DETAIL_INDENT)}${line}`);
}

function excuseLines({ kernel, id, excused }: ConformedCase, columns: number): string[] {
  if (excused === undefined) return [];
  const until = `compared up to ${excused.comparedUntilMs.toFixed(0)} ms only`;
  return item(
    "-",
    `${kernel}/${id}: ${excused.race}, was decided in the other order, which is as legal; ${until}`,
    columns,
  );
}

function unseenLines({ kernel, id, unknownFields = [] }: ConformedCase, columns: number): string[] {
  if (unknownFields.length === 0) return [];
  return item("!", `${kernel}/${id}: the format does not name ${unknownFields.join(", ")}`, columns);
}

function sectionLines(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function countLine({ cases, passed, failed }: ConformDocument, style: TextStyle): string {
  const counts = `${formatCount(passed)} passed, ${formatCount(failed)} failed`;
  const paint = failed > 0 ? style.bad : style.good;
  return style.bold(paint(`${plural(formatCount(cases.length), "case")}: ${counts}`));
}
