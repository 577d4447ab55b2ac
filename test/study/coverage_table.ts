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

/** Effective failures from which on an interval should cover neither too little nor too much. */
const ENOUGH_FAILURES = 20;

/** Whether a share of covered studies is what an interval of 95 % promises. */
export function isAsPromised(source: SyntheticSource, boots: number, covered: number): boolean {
  const { effective } = expectedFailures(source, boots);
  return covered >= 0.93 && (effective < ENOUGH_FAILURES || covered <= 0.97);
}

/** The rows as a Markdown table; what falls out of the bounds is bold. */
export function coverageTable(rows: readonly CoverageRow[], studies: number): string {
  const head = ["source", "p", "failures per boot", "design effect", ...STUDY_BOOTS.map((boots) => `${boots} boots`)];
  const lines = [[...head, "plain t, 8 boots"], Array.from({ length: head.length + 1 }, () => "---")];
  for (const { source, covered, plain } of rows) {
    const cells = covered.map((share, index) => {
      const text = (100 * share).toFixed(1);
      return isAsPromised(source, STUDY_BOOTS[index]!, share) ? text : `**${text}**`;
    });
    const figures = [source.truth.toExponential(2), perBoot(source), source.designEffect.toFixed(2)];
    lines.push([source.name, ...figures, ...cells, (100 * plain).toFixed(1)]);
  }
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `Studies of which the interval holds the true value, in % of ${studies.toLocaleString("en")}:\n\n${table}`;
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
