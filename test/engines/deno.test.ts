import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { BUILT_MAIN } from "../support/built_program.ts";

// Goal: another JavaScript engine gives the same bytes. Method: the built program, with its workers, in Deno and in Node;
// all scenarios on all engines are compared by versions.ts, and Chromium by the tests of the page.

const ROOT = join(import.meta.dirname, "../..");
const DENO = join(ROOT, "notebooks/node_modules/.bin/deno");
const SKIPPED = existsSync(DENO) ? "" : " (skipped: there is no Deno here; npm ci --prefix notebooks installs it)";
const RUN = [
  "run",
  "scenarios/reservation-funnel.yaml",
  "--duration",
  "10s",
  "--replications",
  "2",
  "--format",
  "json",
];

if (SKIPPED !== "") console.warn(`deno.test.ts${SKIPPED}`);

/** What a run prints, without its two times. */
function documentOf(program: string, words: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, words, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  expect(stderr).toBe("");
  return stdout.replace(/"(cpuSeconds|wallSeconds)": [-0-9.e]+/g, '"$1": 0');
}

describe(`sim run in Deno${SKIPPED}`, { timeout: 120_000 }, () => {
  beforeEach(({ skip }) => skip(SKIPPED !== "", SKIPPED));

  it("prints the bytes that it prints in Node", () => {
    const inNode = documentOf(process.execPath, [BUILT_MAIN, ...RUN, "--jobs", "1"]);
    expect(inNode).toContain('"format": "run/1"');
    expect(documentOf(DENO, ["run", "--quiet", "-A", BUILT_MAIN, ...RUN, "--jobs", "2"])).toBe(inNode);
  });
});
