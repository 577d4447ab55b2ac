import { parseArgs } from "node:util";
import type { FuzzInput, FuzzTarget } from "./fuzz_target.ts";
import { runFuzz, type FuzzReport } from "./run_fuzz.ts";
import { TARGETS } from "./targets.ts";

// npm run fuzz -- --parser NAME[,NAME…]|all --runs N --seconds S --seed N [--path P]
// Tries hostile inputs on parsers and random scenarios on the engine; ends with exit code 1 if one breaks something.

const NAMES = TARGETS.map(({ name }) => name);
/** Inputs between two signs of life. */
const PART = 500;
/** Of so many inputs a parser must accept one: else only its refusals are tried. */
const ENOUGH_TO_ACCEPT = 5000;

const { values } = parseArgs({
  options: {
    parser: { type: "string", default: "all" },
    runs: { type: "string", default: "1000" },
    seconds: { type: "string" },
    seed: { type: "string", default: "1" },
    path: { type: "string" },
  },
});

const chosen =
  values.parser === "all" ? TARGETS : TARGETS.filter(({ name }) => values.parser.split(",").includes(name));
if (chosen.length === 0) {
  console.error(`There is no parser ${JSON.stringify(values.parser)}: choose from all, ${NAMES.join(", ")}`);
  process.exit(2);
}
const runs = wholeNumber("runs", values.runs);
const seed = wholeNumber("seed", values.seed);
const seconds = values.seconds === undefined ? undefined : wholeNumber("seconds", values.seconds);
const failures: FuzzReport[] = [];
for (const target of chosen) {
  // oxlint-disable-next-line no-await-in-loop -- one after another, so that each has the processor for itself.
  const report = await fuzzInParts(target);
  if (report.failure !== undefined) failures.push(report);
}
if (failures.length > 0) process.exitCode = 1;

/** Tries all inputs in parts, each with a seed of its own, and says after each how far it has come. */
async function fuzzInParts(target: FuzzTarget): Promise<FuzzReport> {
  const startedAt = performance.now();
  let total: FuzzReport = { name: target.name, seed, accepted: 0, refused: 0, slowestMs: 0, slowest: [] };
  for (let done = 0, part = 0; done < runs; done += PART, part += 1) {
    const left = seconds === undefined ? undefined : seconds - (performance.now() - startedAt) / 1000;
    if (left !== undefined && left <= 0) break;
    // oxlint-disable-next-line no-await-in-loop -- parts come one after another.
    const report = await runFuzz(target, {
      seed: seed + part,
      runs: values.path === undefined ? Math.min(PART, runs - done) : 1,
      ...(left === undefined ? {} : { seconds: left }),
      ...(values.path === undefined ? {} : { path: values.path }),
    });
    const slower = report.slowestMs > total.slowestMs ? report : total;
    total = {
      ...report,
      accepted: total.accepted + report.accepted,
      refused: total.refused + report.refused,
      slowestMs: slower.slowestMs,
      slowest: slower.slowest,
    };
    if (runs > PART)
      console.error(`${target.name}: ${total.accepted + total.refused} inputs so far, seed ${report.seed}`);
    if (report.failure !== undefined || values.path !== undefined) break;
  }
  print(total, (performance.now() - startedAt) / 1000);
  if (total.accepted === 0 && total.refused >= ENOUGH_TO_ACCEPT) {
    console.log(`${target.name}: no input was accepted, so that only refusals were tried`);
    process.exitCode = 1;
  }
  return total;
}

function print({ name, seed: last, accepted, refused, slowestMs, slowest, failure }: FuzzReport, took: number): void {
  const tried = accepted + refused;
  console.log(
    `${name}: ${tried} inputs (${accepted} accepted, ${refused} refused), seeds ${seed} to ${last}, ${took.toFixed(0)} s, slowest ${slowestMs.toFixed(0)} ms of CPU`,
  );
  if (slowestMs > 500) console.log(`  the slowest: ${shown(slowest)}`);
  if (failure === undefined) return;
  console.log(`${name}: BROKEN by ${shown(failure.input)}`);
  console.log(failure.error);
  console.log(`replay: npm run fuzz -- --parser ${name} --seed ${last} --path ${failure.path}`);
}

/** An input as a literal of JavaScript, cut to a readable length. */
function shown(input: FuzzInput): string {
  const text = JSON.stringify(input);
  return text.length > 6000 ? `${text.slice(0, 6000)}… (${text.length} characters)` : text;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`Cannot use --${name} ${JSON.stringify(text)}: write a whole number`);
  return process.exit(2);
}
