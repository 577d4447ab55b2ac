import { formatCount } from "../number_text.ts";
import type { ProbabilityRow, ProbabilityTable } from "./probability_rows.ts";
import { capitalised } from "../../scenario/wording.ts";
import { bothWays, oneInText } from "./wording.ts";

/**
 * The finding of some failure probabilities: where most and where fewest probes fail. Settings whose intervals overlap
 * are not said to differ.
 */
export function probabilityFinding(table: ProbabilityTable): string {
  const { rows, noun } = table;
  const ordered = rows.toSorted((a, b) => b.probability - a.probability);
  const most = ordered[0]!;
  const least = ordered.at(-1)!;
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  if (most.failed === 0) return `None of ${formatCount(total)} ${noun}s failed${atAll(table)}`;
  const said = saidOf(most, table);
  if (rows.length === 1) return capitalised(`${said}${exactText(most)}`);
  const highest = `${said} ${placeOf(most, table)}`;
  const unfailing = rows.filter(({ failed }) => failed === 0);
  const isApart = unfailing.some((row) => row.high < most.low);
  if (isApart && unfailing.length > 1)
    return capitalised(
      `${highest}; none fails at ${new Set(unfailing.map(({ x, series }) => (noun === "connect" ? x : `${x} ${series}`))).size} other ${manyOf(table)}`,
    );
  if (isApart) return capitalised(`${highest}; none fails ${placeOf(unfailing[0]!, table)}`);
  // What is said of the first need not be said of the second.
  const short =
    least.failed === 0 ? "none" : oneInText(least.probability, noun).replace(/ (of )?(probe|connect)s?( fails?)?$/, "");
  const doubt = least.high >= most.low ? ": their intervals overlap" : "";
  const whose = noun === "connect" ? least.setting : "";
  return capitalised(`${highest}, ${short}${whose} ${placeOf(least, table)}${doubt}`);
}

/** How often it fails; of connects also whose they are. */
function saidOf({ probability, setting }: ProbabilityRow, { noun }: ProbabilityTable): string {
  const said = oneInText(probability, noun);
  return noun === "connect" ? said.replace("connects", `connects${setting}`) : said;
}

function exactText({ exact }: ProbabilityRow): string {
  return exact === null ? "" : `; the exact value is ${bothWays(exact)}`;
}

function placeOf({ x, setting: others }: ProbabilityRow, { subject, noun }: ProbabilityTable): string {
  const setting = subject === "variant" ? `${typeof x === "string" ? `"${x}"` : x}` : `${subject} ${x}`;
  const where = subject === "variant" && x === "as it stands" ? "as it stands" : `at ${setting}`;
  return noun === "connect" ? where : `${where}${others}`;
}

function manyOf({ subject }: ProbabilityTable): string {
  return subject === "variant" ? "settings" : "points";
}

function atAll(table: ProbabilityTable): string {
  return table.rows.length === 1 ? "" : ` at any of ${table.rows.length} ${manyOf(table)}`;
}
