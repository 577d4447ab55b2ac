import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILT_MAIN } from "../support/built_program.ts";
import { ProgramFolder } from "./program_folder.ts";

// Goal: every command that prints keeps its exit code when the reader leaves early, and fails where the output is not
// whole.
// Method: each command in a shell of its own: as usual, into `head`, onto /dev/full, and beyond a limit of file size.

const PATIENCE = 1_800_000;
const folder = new ProgramFolder();

afterAll(() => folder.remove());

describe("A disk that is full, for every command that prints", () => {
  beforeAll(async () => {
    await folder.done(["run", folder.scenario, "--out", "result"]);
    await folder.done(folder.sweepWords("whole"));
  }, PATIENCE);

  for (const words of [
    `run ${folder.scenario}`,
    `run ${folder.scenario} --format json`,
    `sweep ${folder.scenario} --vary kernel=4.4.0,6.1`,
    "merge whole --out again",
    `diff ${folder.scenario} --b kernel=4.4.0`,
    `check ${folder.scenario}`,
    "import --commands",
    "ports --kernel 6.1 --connects 100",
    `explain ${folder.scenario} --probe 1`,
    `conform ${join(import.meta.dirname, "../conformance/6.1/C02.json")}`,
    "report result",
    "chart result",
    "schema",
    "completion bash",
    "init",
    "--help",
    "--version",
  ]) {
    it(
      `says so: sim ${words.replaceAll(folder.path, "").replace(/\/\S*\/test\//, "test/")}`,
      () => {
        const script = `sim() { "${process.execPath}" "${BUILT_MAIN}" "$@"; }; set -o pipefail; rm -rf again`;
        const bash = (line: string) =>
          spawnSync("bash", ["-c", `${script}; ${line}`], { cwd: folder.path, encoding: "utf8" });
        const usual = bash(`sim ${words} > out.txt`);
        expect([0, 1]).toContain(usual.status);
        const early = bash(`sim ${words} | head -c 1`);
        expect({ code: early.status, out: early.stdout.length, err: early.stderr }).toEqual({
          code: usual.status,
          out: 1,
          err: usual.stderr,
        });
        const full = bash(`sim ${words} > /dev/full`);
        expect(full.status).toBe(2);
        expect(full.stderr).toBe(
          `${usual.stderr}sim: Cannot write to the standard output: no space is left on the device; what stands there is not whole\n`,
        );
        const half = bash(`ulimit -f 0; sim ${words} > out.txt`);
        expect({ code: half.status, out: readFileSync(join(folder.path, "out.txt"), "utf8") }).toEqual({
          code: 2,
          out: "",
        });
      },
      PATIENCE,
    );
  }
});
