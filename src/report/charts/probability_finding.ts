import { formatCount } from "../number_text.ts";
import type { ProbabilityRow, ProbabilityTable } from "./probability_rows.ts";
import { bothWays, oneInText, sentence } from "./wording.ts";

/**
 * The finding of some failure probabilities: where most and where fewest probes fail. Settings whose intervals overlap
 * are not said to differ.
 */
export function probabilityFinding(table: ProbabilityTable): string {
  const ordered = table.rows.toSorted((a, b) => b.probability - a.probability);
  const most = ordered[0]!;
  const least = ordered.at(-1)!;
  const total = table.rows.reduce((sum, row) => sum + row.total, 0);
  if (most.failed === 0) return `None of ${formatCount(total)} probes failed${atAll(table)}`;
  if (table.rows.length === 1) return singleFinding(most);
  const highest = `${oneInText(most.probability)} ${placeOf(most, table)}`;
  const unfailing = table.rows.filter(({ failed }) => failed === 0);
  if (unfailing.some((row) => row.high < most.low)) {
    const [only] = unfailing;
    const where = unfailing.length === 1 ? placeOf(only!, table) : `at ${unfailing.length} other ${manyOf(table)}`;
    return sentence(`${highest}; none fails ${where}`);
  }
  if (least.high >= most.low) {
    return sentence(
      `${highest}, ${oneInText(least.probability).replace(/ (of )?probes?( fails?)?$/, "")} ${placeOf(least, table)}: their intervals overlap`,
    );
  }
  return sentence(
    `${highest}, ${oneInText(least.probability).replace(/ (of )?probes?( fails?)?$/, "")} ${placeOf(least, table)}`,
  );
}

function singleFinding(row: ProbabilityRow): string {
  const said = sentence(oneInText(row.probability));
  if (row.exact === null) return said;
  return `${said}; the exact value is ${bothWays(row.exact)}`;
}

function placeOf({ x, setting: others }: ProbabilityRow, { subject }: ProbabilityTable): string {
  const setting = subject === "variant" ? `${typeof x === "string" ? `"${x}"` : x}` : `${subject} ${x}`;
  const where = subject === "variant" && x === "as it stands" ? "as it stands" : `at ${setting}`;
  return `${where}${others}`;
}

function manyOf({ subject }: ProbabilityTable): string {
  return subject === "variant" ? "settings" : "points";
}

function atAll(table: ProbabilityTable): string {
  return table.rows.length === 1 ? "" : ` at any of ${table.rows.length} ${manyOf(table)}`;
}
