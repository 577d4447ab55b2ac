import type { RunDocument, VariantDocument } from "../study/run_document.ts";
import { findingParagraphs } from "./finding.ts";
import { formatCount, formatProbability, formatSpan } from "./number_text.ts";
import { item, printable, wrapText } from "./text_layout.ts";
import { largestOf } from "./extremes.ts";

/** The name of the first row: the file without a variant. */
export const STANDING = "as it stands";

/** The table of all variants, and the finding of each in a sentence; nothing without variants. */
export function variantLines(document: RunDocument, columns: number): string[] {
  const { variants } = document;
  if (variants === undefined) return [];
  const all: readonly (readonly [name: string, figures: VariantFigures])[] = [
    [STANDING, document],
    ...variants.map((variant) => [variant.name, variant] as const),
  ];
  // What sends no probes is about its load balancers, if it has any.
  const isOfProbes = all.some(([, { probes }]) => probes.total > 0);
  const rows = isOfProbes
    ? [HEAD, ...all.map(([name, figures]) => rowOf(name, figures))]
    : [balancerHead(document), ...all.map(([name, figures]) => balancerRow(name, figures))];
  const findings = variants.flatMap((variant) => {
    const [headline = ""] = findingParagraphs(variantDocument(document, variant));
    return item("-", `${variant.name} (${variantSettings(document, variant)}): ${headline}`, columns);
  });
  return [...tableLines(rows, columns - 2).map((line) => `  ${line}`), "", ...findings, ...note(columns)];
}

/** How many characters of a variant's name the table shows. */
const NAME_WIDTH = 30;

/** Columns that a narrow terminal goes without, the first to go first. */
const SPARE_COLUMNS: readonly number[] = [2, 5, 4];

/** The rows as a table of at most `width` columns. */
function tableLines(rows: readonly (readonly string[])[], width: number): string[] {
  const cut = rows.map(([name = "", ...rest]) => [printable(name).slice(0, NAME_WIDTH), ...rest.map(printable)]);
  for (let left = 0; left <= SPARE_COLUMNS.length; left += 1) {
    const gone = SPARE_COLUMNS.slice(0, left);
    const kept = cut.map((row) => row.filter((_, column) => !gone.includes(column)));
    const widths = (kept[0] ?? []).map((_, column) => largestOf(kept.map((row) => row[column]?.length ?? 0)));
    if (left < SPARE_COLUMNS.length && widths.reduce((sum, one) => sum + one + 2, -2) > width) continue;
    return kept.map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join("  ")
        .trimEnd(),
    );
  }
  return [];
}

/** The settings of a variant that the whole run does not have, as one writes them behind `--set`. */
export function variantSettings(document: RunDocument, variant: VariantDocument): string {
  const { overrides } = document.settings;
  const own = Object.entries(variant.settings.overrides).filter(([path, value]) => overrides[path] !== value);
  return own.length === 0 ? "nothing changed" : own.map(([path, value]) => `${path}=${printable(value)}`).join(", ");
}

/** What the table shows of a variant, or of the file without one. */
type VariantFigures = Pick<RunDocument, "probes" | "loadBalancers" | "settings">;

const HEAD: readonly string[] = ["", "failed", "of probes", "probability", "95 % interval", "one every"];

function rowOf(name: string, { probes }: VariantFigures): readonly string[] {
  const { total, failed, probability, interval, meanSecondsBetweenFailures: mean } = probes;
  return [
    name,
    formatCount(failed),
    formatCount(total),
    formatProbability(probability),
    `${formatProbability(interval.low)} to ${formatProbability(interval.high)}`,
    mean === null ? "" : formatSpan(mean),
  ];
}

/** Columns of nodes that each load balancer marked unhealthy. */
function balancerHead({ loadBalancers }: VariantFigures): readonly string[] {
  return ["nodes marked unhealthy by", ...loadBalancers.map(({ name }) => name)];
}

function balancerRow(name: string, { loadBalancers, settings }: VariantFigures): readonly string[] {
  const nodes = settings.replications * (settings.nodes ?? 1);
  return [
    name,
    ...loadBalancers.map(({ nodesMarkedUnhealthy: marked }) => `${formatCount(marked)} of ${formatCount(nodes)}`),
  ];
}

/** A variant as a document of its own. */
export function variantDocument(document: RunDocument, { name: _name, ...variant }: VariantDocument): RunDocument {
  return { ...document, ...variant, engine: { ...document.engine, ...variant.engine } };
}

function note(columns: number): string[] {
  const text = "All that follows is of the scenario as it stands.";
  return wrapText(text, columns - 2).map((line) => `  ${line}`);
}
