/**
 * Goal: an interval of 95 % holds the true failure probability in 93 to 97 % of studies where 20 or more failures are
 * expected, and in at least 93 % elsewhere. More than 97 % is let pass only where so few boots fail that nothing lies between.
 * Method: 5,000 synthetic studies of every setting, of independent probes and of the kernel's port walks without
 * packets, with the estimator of `sim run`; the sources are in test/study/synthetic_boots.ts.
 * Run it with `npm run interval-coverage`; it writes the table into src/docs/statistics.md, takes about two minutes on
 * one core, and ends with exit code 1 if a setting falls short.
 */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import {
  COVERAGE_DOCUMENT,
  coverageDocument,
  coverageRow,
  coverageTable,
  promisedSources,
  withCoverageTable,
  type CoverageRow,
} from "../study/coverage_table.ts";
import type { SyntheticSource } from "../study/synthetic_boots.ts";

const studies = Number(process.argv[2] ?? "5000");
function rowOf(source: SyntheticSource): CoverageRow {
  const row = coverageRow(source, studies);
  process.stderr.write(`${source.name}: ${row.covered.map((share) => (100 * share).toFixed(1)).join(" ")}\n`);
  return row;
}

const table = coverageTable(promisedSources().map(rowOf), studies);
process.stdout.write(`${table}\n`);
writeFileSync(
  COVERAGE_DOCUMENT,
  await format(withCoverageTable(coverageDocument(), table), { parser: "markdown", printWidth: 120 }),
);
if (table.includes("**")) process.exitCode = 1;
