import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { BUILT_MAIN } from "../support/built_program.ts";

// Goal: the program itself starts, reads and writes files, and keeps its exit code behind pipes.
// Method: each case is one process of the program that was built last, in an empty folder.

const FOLDER = mkdtempSync(join(tmpdir(), "portfall-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

/** Runs a line of bash in which `sim` is the program; a pipe ends as its first failure does. */
function shell(line: string): { readonly code: number | null; readonly out: string; readonly err: string } {
  const script = `set -o pipefail; sim() { "${process.execPath}" "${BUILT_MAIN}" "$@"; }; ${line}`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: FOLDER, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

describe("The program sim", () => {
  it("prints the version of package.json", () => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
    );
    expect(shell("sim --version")).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
  });

  it("writes a first scenario, does not overwrite it, and runs it", () => {
    expect(shell("sim init first.yaml").code).toBe(0);
    expect(shell("sim init first.yaml").code).toBe(2);
    const { code, out, err } = shell("sim run first.yaml --duration 60s --replications 1 --format json");
    expect(err).toBe("");
    expect(code).toBeLessThanOrEqual(1);
    expect(JSON.parse(out)).toMatchObject({ format: "run/1", settings: { durationSeconds: 60, replications: 1 } });
  });

  it("prints the same document whatever the number of workers, but for the times", { timeout: 60_000 }, () => {
    const scenario = join(import.meta.dirname, "../../scenarios/nodelocaldns.yaml");
    const run = (jobs: number): unknown => {
      const options = `--duration 30s --replications 3 --jobs ${jobs} --format json`;
      const { out, err } = shell(`sim run '${scenario}' ${options}`);
      expect(err).toBe("");
      const { engine, ...document }: { engine: object } = JSON.parse(out);
      return { ...document, engine: { ...engine, cpuSeconds: 0, wallSeconds: 0 } };
    };
    expect(run(3)).toEqual(run(1));
  });

  it("is content with a reader that leaves early", () => {
    expect(shell("sim schema | head -c 1")).toEqual({ code: 0, out: "{", err: "" });
  });

  it("does not call a full disk a success", () => {
    const { code, err } = shell("sim schema > /dev/full");
    expect(code).toBe(2);
    expect(err).toBe(
      "sim: Cannot write to the standard output: no space is left on the device; what stands there is not whole\n",
    );
  });

  it("does not call a disk that takes a part of the output a success", () => {
    const { code, err } = shell("ulimit -f 8; sim schema > schema.json");
    expect(code).toBe(2);
    expect(err).toBe(
      "sim: Cannot write to the standard output: the file would be larger than this user may write; what stands there is not whole\n",
    );
  });

  it("says so where the current directory is no more", () => {
    const { code, err } = shell("mkdir gone; cd gone; rmdir ../gone; sim schema");
    expect(code).toBe(2);
    expect(err).toBe("sim: Cannot run here: the current directory is no more; change to another one\n");
  });

  it("ends with the code of a bug, not with that of an expectation, whatever breaks", () => {
    // What is written to the output breaks the program a moment later.
    const late = "data:text/javascript,process.stdout.write=()=>{setImmediate(()=>{throw(Error(%22late%22))})}";
    const { code, out, err } = shell(`NODE_OPTIONS='--import ${late}' sim schema`);
    expect(code).toBe(3);
    expect(out).toBe("");
    expect(err).toMatch(/^sim: internal error, please report it with what follows\nError: late\n/);
  });

  // A loaded machine starts processes and threads slowly.
  it("comes to an orderly end when a supervisor asks it to", { timeout: 60_000 }, async () => {
    const scenario = join(import.meta.dirname, "../../scenarios/nodelocaldns.yaml");
    const words = ["sweep", scenario, "--vary", "kernel=5.4.188,6.1", "--out", "asked", "--jobs", "1"];
    const child = spawn(process.execPath, [BUILT_MAIN, ...words], { cwd: FOLDER });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (err += text));
    const ended = new Promise((resolve) => child.once("close", resolve));
    while (!existsSync(join(FOLDER, "asked/scenario.yaml")) && child.exitCode === null) await setTimeout(20);
    child.kill("SIGTERM");
    expect(await ended).toBe(130);
    expect(err).toMatch(
      /^sim: interrupted(: 0 of 2 points finished and kept in asked; the same command with --resume goes on|; nothing was run)\n$/,
    );
    expect(readdirSync(join(FOLDER, "asked")).toSorted()).toEqual(["manifest.json", "scenario.yaml"]);
  });
});
