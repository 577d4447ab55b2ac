import * as fc from "fast-check";
import type { FuzzInput, FuzzTarget, FuzzVerdict } from "./fuzz_target.ts";
import { checkPrototypes, within } from "./guard.ts";
import { smallerInput } from "./smaller_input.ts";

/** How much is tried. */
export interface FuzzRequest {
  readonly seed: number;
  readonly runs: number;
  /** Seconds after which no further input is begun. */
  readonly seconds?: number;
  /** The place of one input, as a failure names it: only this one is tried. */
  readonly path?: string;
}

/** What came of it. */
export interface FuzzReport {
  readonly name: string;
  readonly seed: number;
  readonly accepted: number;
  readonly refused: number;
  /** The most CPU time that one input took, in milliseconds. */
  readonly slowestMs: number;
  readonly slowest: FuzzInput;
  readonly failure?: FuzzFailure;
}

/** An input that breaks its target. */
export interface FuzzFailure {
  /** Shrunk, first by its generator and then by leaving out lines and characters. */
  readonly input: FuzzInput;
  readonly error: string;
  /** Where the generator meets it again. */
  readonly path: string;
}

/** Inputs between two looks at the clock are so fast that a hard end may come late by this factor. */
const HARD_LIMIT = 10;

/** Tries inputs on a target until one breaks it, or all have been tried. */
export async function runFuzz(target: FuzzTarget, request: FuzzRequest): Promise<FuzzReport> {
  const counts = { accepted: 0, refused: 0 };
  let slowestMs = 0;
  let slowest: FuzzInput = [];
  const attempt = async (input: FuzzInput): Promise<void> => {
    const before = process.cpuUsage();
    const verdict: FuzzVerdict = await within(target.budgetMs * HARD_LIMIT, () => target.judge(input));
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1000;
    checkPrototypes();
    counts[verdict] += 1;
    if (took > slowestMs) [slowestMs, slowest] = [took, input];
    if (took > target.budgetMs)
      throw new Error(`It took ${Math.round(took)} ms of CPU time, and ${target.budgetMs} are the most`);
  };
  const { seed, runs, seconds, path } = request;
  const details = await fc.check(fc.asyncProperty(target.inputs, attempt), {
    seed,
    numRuns: runs,
    ...(path === undefined ? {} : { path, endOnFailure: true }),
    ...(seconds === undefined ? {} : { interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }),
  });
  const report = { name: target.name, seed, ...counts, slowestMs, slowest };
  const found = details.counterexample?.[0];
  if (!details.failed || found === null || found === undefined) return report;
  const error = errorText(details.errorInstance);
  const input = await smallerInput(
    found,
    async (smaller) => (await errorOf(attempt, smaller)) === error.split("\n", 1)[0],
  );
  return { ...report, failure: { input, error, path: details.counterexamplePath ?? "" } };
}

/** The first line of what an input breaks with; `undefined` if it breaks nothing. */
async function errorOf(attempt: (input: FuzzInput) => Promise<void>, input: FuzzInput): Promise<string | undefined> {
  try {
    await attempt(input);
    return undefined;
  } catch (error) {
    return errorText(error).split("\n", 1)[0];
  }
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  return [`${error.name}: ${error.message.replaceAll("\n", " ")}`, ...frames].join("\n");
}
