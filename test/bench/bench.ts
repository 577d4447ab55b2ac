/**
 * The benchmark suite: `npm run bench`; `npm run bench -- --help` shows its options, and src/docs/performance.md says what
 * is measured and how to compare. Figures are CPU time of what `--build` made last, in processes of their own.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { formatSpan } from "../../src/report/number_text.ts";
import type { TextOutput } from "../../src/app/cli/cli_io.ts";
import { ProgressLine } from "../../src/app/cli/progress_line.ts";
import { compareResults } from "./against.ts";
import { type BenchDocument, readBenchDocument, resultLines } from "./bench_document.ts";
import { type BenchOptions, helpText, parseBenchOptions } from "./bench_options.ts";
import { againstText, benchText } from "./bench_text.ts";
import { buildEngine } from "./build_engine.ts";
import { CASES } from "./cases.ts";
import { writePerformancePage } from "./performance_page.ts";
import { runRounds } from "./rounds.ts";

const WRONG_USAGE = 2;
const WORSE = 1;
const FAILED = 3;
const INTERRUPTED = 130;

function refuse(problem: string): void {
  process.stderr.write(`bench: ${problem}\n`);
  process.exitCode = WRONG_USAGE;
}

function terminal(): TextOutput {
  const { stderr } = process;
  return { write: (text) => void stderr.write(text), isTerminal: stderr.isTTY, columns: stderr.columns };
}

function listCases(): void {
  const width = Math.max(...CASES.map(({ name }) => name.length));
  for (const { name, about } of CASES) process.stdout.write(`${name.padEnd(width)}  ${about}\n`);
}

/** The document in a file; `undefined` once it has been said what is wrong with it. */
function readDocument(file: string): BenchDocument | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    refuse(`Cannot read ${file}: name a file that --json has written`);
    return undefined;
  }
  const read = readBenchDocument(text);
  if (typeof read !== "string") return read;
  refuse(`Cannot use ${file}: ${read}`);
  return undefined;
}

function mayWrite(file: string): boolean {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
    return true;
  } catch {
    refuse(`Cannot write ${file}: make its folder first, or name another`);
    return false;
  }
}

/** Measures; the lines for other programs go out behind the table. @returns `undefined` if no round was over when interrupted. */
async function measure({ cases, rounds, isQuick, json }: BenchOptions): Promise<BenchDocument | undefined> {
  const seconds = (): number => Number(process.hrtime.bigint()) / 1e9;
  const start = seconds();
  const line = process.stderr.isTTY ? new ProgressLine(terminal(), () => seconds() * 1e3) : undefined;
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  let lastCase = "";
  // Points differ too much for a guess: what a round takes is known once one is over.
  let aRound: number | undefined;
  const { document, lines, failures } = await runRounds({
    cases: CASES.filter(({ name }) => cases.includes(name)),
    rounds,
    isQuick,
    interrupted: interrupted.signal,
    onPoint: ({ text, done, total }) => {
      const [elapsed, over] = [seconds() - start, (done * rounds) / total];
      if (over > 0 && Number.isInteger(over)) aRound = elapsed / over;
      const left = aRound === undefined ? 0 : Math.ceil(aRound * rounds - elapsed);
      const wait = left <= 0 ? "" : `, about ${formatSpan(left)} left`;
      const words = `${done} of ${total} points, ${text}${wait}`;
      line?.showText(words);
      const ofCase = text.replace(/:.*/, "");
      if (line === undefined && ofCase !== lastCase) process.stderr.write(`${ofCase}${wait}\n`);
      lastCase = ofCase;
    },
  });
  line?.clear();
  if (interrupted.signal.aborted) {
    process.exitCode = INTERRUPTED;
    process.stderr.write(`bench: interrupted: ${document.rounds} of ${rounds} rounds are over\n`);
    if (document.rounds === 0) return undefined;
  }
  for (const failure of failures) process.stderr.write(`bench: failed: ${failure}\n`);
  if (failures.length > 0) process.exitCode ??= FAILED;
  process.stdout.write(benchText(document, CASES));
  for (const result of resultLines(lines)) process.stdout.write(`${result}\n`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
  return document;
}

function compare(document: BenchDocument, file: string, before: BenchDocument, failAbove: number | undefined): void {
  const compared = compareResults(document, before);
  process.stdout.write(`\n${againstText(compared, file)}`);
  const isWorse = compared.comparisons.some(
    ({ percent }) => percent !== undefined && percent > (failAbove ?? Infinity),
  );
  if (isWorse) process.exitCode ??= WORSE;
}

/** Builds what the figures are of. @returns whether that went well; the compiler says itself what is wrong. */
async function build(): Promise<boolean> {
  const { status } = spawnSync("npm", ["run", "--silent", "build:sim"], { stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    refuse("Cannot compile the engine: mend what the compiler says above");
    return false;
  }
  await buildEngine();
  return true;
}

/** Files are looked at before anything is measured, so that a wrong name costs no time. */
async function bench(options: BenchOptions): Promise<void> {
  const { from, against } = options;
  const saved = from === undefined ? undefined : readDocument(from);
  const before = against === undefined ? undefined : readDocument(against);
  if ((from !== undefined && saved === undefined) || (against !== undefined && before === undefined)) return;
  const isPart = saved !== undefined && (saved.size === "quick" || saved.cases.length < CASES.length);
  if (options.writesPage && isPart) {
    refuse(`Cannot write the page from ${from}: it holds a part of the suite, measure all of it without --quick`);
    return;
  }
  if (options.json !== undefined && !mayWrite(options.json)) return;
  if (options.builds && !(await build())) return;
  const document = saved ?? (await measure(options));
  if (document === undefined) return;
  if (saved !== undefined && before === undefined) process.stdout.write(benchText(saved, CASES));
  if (options.writesPage && process.exitCode === undefined) await writePerformancePage(document);
  if (against !== undefined && before !== undefined) compare(document, against, before, options.failAbove);
}

const asked = parseBenchOptions(process.argv.slice(2));
switch (asked.do) {
  case "help":
    process.stdout.write(helpText());
    break;
  case "list":
    listCases();
    break;
  case "refuse":
    refuse(asked.problem);
    break;
  case "measure":
    await bench(asked.options);
}
