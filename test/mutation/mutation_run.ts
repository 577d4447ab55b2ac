import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import type { Fault } from "./fault.ts";

const ROOT = join(import.meta.dirname, "../..");
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

/** What git or a build makes, and what the copy links to. */
const NOT_COPIED = new Set([".git", "node_modules", "dist", "coverage"]);
const LINKED = ["node_modules", "dist"];

/** Tests that look at the engine's text and would see any change of it. */
const TEXT_TESTS = ["test/tidy.test.ts", "test/mutation/**", "test/conform/mutations.test.ts"];

/** The tests that see most faults, and quickly. */
const ENGINE_TESTS = ["test/sim", "test/kernel", "test/conform", "test/properties", "test/cluster"];

/** A part of the suite, told by words in the paths of its tests; without words it is the whole. */
export interface Stage {
  readonly name: string;
  filtersOf(file: string): readonly string[];
}

/** The cheap tests first: what they see the others need not look for. */
export const STAGES: readonly Stage[] = [
  { name: "the tests nearest to the fault", filtersOf: (file) => [nearestTests(file)] },
  { name: "the tests of the engine", filtersOf: () => ENGINE_TESTS },
  { name: "all tests", filtersOf: () => [] },
];

/** A run of tests that has not ended by then has met a loop without an end. */
const PATIENCE_MS = 600_000;

/** A copy of the project in a folder of its own, in which faults are tried one at a time. */
export class ScratchCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), "portfall-faults-"));
  readonly #sound = new Set<string>();

  constructor() {
    cpSync(ROOT, this.#folder, {
      recursive: true,
      filter: (path) => relative(ROOT, path) === "" || !NOT_COPIED.has(basename(path)),
    });
    for (const name of LINKED) {
      if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(this.#folder, name));
    }
  }

  /**
   * Runs the tests of a stage with a fault in the copy.
   *
   * @returns the name of the first test that fails, or `undefined` if all pass.
   */
  catcherOf({ file, find, replace }: Fault, stage: Stage): string | undefined {
    const path = join(this.#folder, "src", file);
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    const failure = this.#firstFailure(stage.filtersOf(file));
    writeFileSync(path, text);
    if (failure !== undefined) this.#assertPasses(failure.file);
    return failure?.name;
  }

  /** Removes the copy. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Without a fault the file's tests pass, or what they say of one would not count. */
  #assertPasses(file: string): void {
    if (this.#sound.has(file)) return;
    const failure = this.#firstFailure([file]);
    if (failure !== undefined) throw new Error(`without any fault this test fails: ${failure.name}`);
    this.#sound.add(file);
  }

  /** Runs the tests whose paths hold one of the filters, all of them without one, up to the first that fails. */
  #firstFailure(filters: readonly string[]): Failure | undefined {
    const output = join(this.#folder, "outcome.json");
    rmSync(output, { force: true });
    // The limit of a test is no fault of the engine: a machine that is busy must not look like a test that fails.
    const options = ["--bail", "1", "--testTimeout", `${PATIENCE_MS}`, "--reporter", "json", "--outputFile", output];
    const excluded = TEXT_TESTS.flatMap((test) => ["--exclude", test]);
    const { status } = spawnSync(
      process.execPath,
      [VITEST, "run", "-c", "test/vitest.config.ts", ...options, ...excluded, ...filters],
      { cwd: this.#folder, timeout: PATIENCE_MS, killSignal: "SIGKILL", env: { ...process.env, CI: "true" } },
    );
    if (status === 0) return undefined;
    if (status !== null && existsSync(output)) return failureIn(output);
    return { file: filters[0] ?? "", name: `no end after ${PATIENCE_MS / 1000} s` };
  }
}

/**
 * The tests that are named after a file of `kernel/` itself or after its first words, else those of the folder that
 * mirrors a file's, or of the nearest folder above it.
 */
function nearestTests(file: string): string {
  const words = basename(file, ".ts").split("_");
  for (let count = words.length; dirname(file) === "kernel" && count > 0; count -= 1) {
    const own = `test/kernel/${words.slice(0, count).join("_")}.test.ts`;
    if (existsSync(join(ROOT, own))) return own;
  }
  let folder = join("test", dirname(file));
  while (!existsSync(join(ROOT, folder))) folder = dirname(folder);
  return `${folder}/`;
}

interface Failure {
  readonly file: string;
  /** File and name of the test. */
  readonly name: string;
}

interface Outcome {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function failureIn(output: string): Failure {
  const outcome: Outcome = JSON.parse(readFileSync(output, "utf8"));
  for (const { name, status, message, assertionResults } of outcome.testResults) {
    const failed = assertionResults.find((result) => result.status === "failed");
    const file = name.slice(name.lastIndexOf("/test/") + 1);
    if (failed !== undefined) return { file, name: `${file}: ${failed.fullName}` };
    if (status === "failed") return { file, name: `${file}: ${message.split("\n")[0] ?? ""}` };
  }
  throw new Error("the tests fail outside of every file");
}
