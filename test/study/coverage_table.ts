import { readFileSync } from "node:fs";
import { coverage, expectedFailures, plainCoverage } from "./coverage.ts";
import {
  clusteredNodePorts,
  exponentialBoots,
  independentProbes,
  SHARED_CURSORS,
  sharedCursor,
  type SyntheticSource,
} from "./synthetic_boots.ts";

/** The document that holds the table, between two marker lines. */
export const COVERAGE_DOCUMENT = "src/docs/statistics.md";

/** Boots of a study. */
export const STUDY_BOOTS: readonly number[] = [2, 4, 8, 16, 50];

const WORLD_BOOTS = 2_000;

/** One source with what its studies of `STUDY_BOOTS` boots covered. */
export interface CoverageRow {
  readonly source: SyntheticSource;
  readonly covered: readonly number[];
  /** What a plain Student interval covers with 8 boots. */
  readonly plain: number;
}

/**
 * Sources for which the interval promises its level: independent probes of every rarity, walks that depend, and boots of
 * which nothing in one tells that they differ; 3.6 failures are just beyond what two boots without one allow.
 */
export function promisedSources(): SyntheticSource[] {
  const rarities = [1e-2, 1e-3, 1e-4, 1e-5, 1e-7];
  const failuresPerBoot = [0.125, 0.625, 2.5, 25];
  return [
    ...rarities.flatMap((p) => failuresPerBoot.map((failures) => independentProbes(p, failures))),
    ...SHARED_CURSORS.map((setting) => sharedCursor(setting, WORLD_BOOTS)),
    clusteredNodePorts(WORLD_BOOTS / 4),
    ...[2.5, 3.6, 25].map((failures) => exponentialBoots(failures)),
  ];
}

/** Repeats studies of one source. */
export function coverageRow(source: SyntheticSource, studies: number): CoverageRow {
  const covered = STUDY_BOOTS.map((boots) => coverage(source, boots, studies));
  return { source, covered, plain: plainCoverage(source, 8, studies) };
}

/** Failures expected from which on an interval should cover neither too little nor too much. */
const ENOUGH_FAILURES = 20;

/** The shares of covered studies that an interval of 95 % promises. */
const PROMISED = { least: 0.93, most: 0.97 };

/**
 * Whether a share of covered studies is what an interval of 95 % promises: at least 93 %, and at most 97 % where 20 or more
 * failures are expected, unless these come in too few boots.
 */
export function isAsPromised(source: SyntheticSource, boots: number, covered: number): boolean {
  return covered >= PROMISED.least && (!isTooMuch(source, boots, covered) || isOutOfReach(source, boots));
}

function isTooMuch(source: SyntheticSource, boots: number, covered: number): boolean {
  return covered > PROMISED.most && expectedFailures(source, boots).failures >= ENOUGH_FAILURES;
}

/**
 * Whether the number of boots that fail takes so few values that an interval which follows it cannot cover the promised
 * share of studies: fewer than one boot is expected to fail, and of no number is it known that 93 to 97 % of studies have
 * that many failing boots at most.
 */
export function isOutOfReach(source: SyntheticSource, boots: number): boolean {
  const { failingBoots } = source;
  if (failingBoots === undefined || failingBoots * boots >= 1) return false;
  return failingShares(failingBoots, boots).every((share) => share < PROMISED.least || share > PROMISED.most);
}

/** The shares of studies in which at most 0, 1, 2, ... boots fail, of which each fails with probability `failing`. */
export function failingShares(failing: number, boots: number): number[] {
  const shares: number[] = [];
  let term = (1 - failing) ** boots;
  for (let failed = 0, share = 0; failed <= boots; failed += 1) {
    share += term;
    shares.push(share);
    term *= ((boots - failed) / (failed + 1)) * (failing / (1 - failing));
  }
  return shares;
}

/** The rows as a Markdown table; what falls out of the bounds is bold, and what no interval could bring within them has a dagger. */
export function coverageTable(rows: readonly CoverageRow[], studies: number): string {
  const head = ["source", "p", "failures per boot", "design effect", ...STUDY_BOOTS.map((boots) => `${boots} boots`)];
  const lines = [[...head, "plain t, 8 boots"], Array.from({ length: head.length + 1 }, () => "---")];
  const notes: string[] = [];
  for (const { source, covered, plain } of rows) {
    const cells = covered.map((share, index) => {
      const boots = STUDY_BOOTS[index]!;
      const text = (100 * share).toFixed(1);
      if (!isAsPromised(source, boots, share)) return `**${text}**`;
      if (!isTooMuch(source, boots, share)) return text;
      notes.push(noteOf(source, boots));
      return `${text}†`;
    });
    const figures = [source.truth.toExponential(2), perBoot(source), source.designEffect.toFixed(2)];
    lines.push([source.name, ...figures, ...cells, (100 * plain).toFixed(1)]);
  }
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const title = `Studies of which the interval holds the true value, in % of ${studies.toLocaleString("en")}:`;
  return [title, table, ...(notes.length > 0 ? [footnote(notes)] : [])].join("\n\n");
}

function footnote(notes: readonly string[]): string {
  return `† Out of reach of an interval that goes by how many boots fail: there is no number that 93 to 97 % of studies have at most (${notes.join("; ")}).`;
}

/** The computed shares up to the first that is too much. */
function noteOf(source: SyntheticSource, boots: number): string {
  const shares = failingShares(source.failingBoots!, boots);
  const upTo = shares.findIndex((share) => share > PROMISED.most);
  const parts = shares
    .slice(0, upTo + 1)
    .map((share, failed) => `${failed === 0 ? "none" : `at most ${failed}`} in ${(100 * share).toFixed(1)} %`);
  return `of ${boots} boots ${parts.join(", ")}`;
}

function perBoot(source: SyntheticSource): string {
  return String(Number((source.truth * source.probes).toPrecision(3)));
}

/** The document with the table in its place. */
export function withCoverageTable(document: string, table: string): string {
  const [start, end] = ["<!-- coverage: begin -->", "<!-- coverage: end -->"];
  const from = document.indexOf(start);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${COVERAGE_DOCUMENT} has lost its markers`);
  return `${document.slice(0, from + start.length)}\n\n${table}\n\n${document.slice(to)}`;
}

/** The document as it is. */
export function coverageDocument(): string {
  return readFileSync(COVERAGE_DOCUMENT, "utf8");
}
