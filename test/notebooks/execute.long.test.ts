import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { runScenario } from "../../src/study/run_scenario.ts";

// Goal: the runner fails where it should, and says where.
// Method: small notebooks in a folder of their own, run as a user would, in the real kernel.

const ROOT = join(import.meta.dirname, "../..");
const INSTALL = "npm ci --prefix notebooks";
const isInstalled = existsSync(join(ROOT, "notebooks/node_modules/zeromq"));
const NOT_INSTALLED = `the Deno kernel is not installed; to install it: ${INSTALL}`;
if (!isInstalled) console.warn(`Skipped: ${NOT_INSTALLED}`);
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-execute-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

function writeNotebook(name: string, ...sources: readonly string[]): string {
  const cells = sources.map((source) => ({ cell_type: "code", metadata: {}, source, outputs: [] }));
  const path = join(FOLDER, name);
  writeFileSync(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  return path;
}

function execute(...words: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const tsx = join(ROOT, "node_modules/.bin/tsx");
  const script = join(ROOT, "notebooks/execute.ts");
  const { status, stdout, stderr } = spawnSync(tsx, [script, ...words], { cwd: FOLDER, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

// A kernel starts in a second; a machine that does other things as well may need many.
describe("The notebook runner", { timeout: 120_000 }, () => {
  beforeEach(({ skip }) => {
    if (!isInstalled) skip(NOT_INSTALLED);
  });

  it("stores what cells print and end with, and finds it up to date afterwards", () => {
    const path = writeNotebook(
      "good.ipynb",
      'console.log("one");\nconsole.log("two");',
      "const a: number = 20;\na + 1",
    );
    expect(execute(path)).toMatchObject({ code: 0, out: expect.stringMatching(/^good\.ipynb: done/), err: "" });
    const stored = readFileSync(path, "utf8");
    expect(JSON.parse(stored).cells).toMatchObject([
      { execution_count: 1, outputs: [{ name: "stdout", text: ["one\n", "two\n"] }] },
      { execution_count: 2, outputs: [{ execution_count: 2, data: { "text/plain": ["21"] } }] },
    ]);
    expect(execute("--check", path)).toMatchObject({ code: 0, out: expect.stringMatching(/^good\.ipynb: up to date/) });
    expect(readFileSync(path, "utf8")).toBe(stored);
  });

  it("stores nothing over what somebody has written meanwhile", () => {
    const path = writeNotebook(
      "edited.ipynb",
      `Deno.writeTextFileSync(${JSON.stringify(join(FOLDER, "edited.ipynb"))}, "mine");`,
    );
    const { code, err } = execute(path);
    expect(code).toBe(1);
    expect(err).toBe("edited.ipynb was changed while it ran; nothing is stored, run it again\n");
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  it("fails on an output that is stale, shows it, and changes nothing", () => {
    const path = writeNotebook("stale.ipynb", "1 + 1");
    const stored = readFileSync(path, "utf8").replace(
      '"outputs":[]',
      '"outputs":[{"output_type":"execute_result","execution_count":1,"data":{"text/plain":["3"]},"metadata":{}}]',
    );
    writeFileSync(path, stored);
    const { code, err } = execute("--check", path);
    expect(code).toBe(1);
    expect(err).toBe(
      [
        "stale.ipynb stores what it no longer gives. Run: npm --prefix notebooks run execute",
        "  code cell 1 (1 + 1)",
        '    - "3"',
        '    + "2"',
        "",
      ].join("\n"),
    );
    expect(readFileSync(path, "utf8")).toBe(stored);
  });

  it("names the notebook, the cell and the message of an error, and keeps the stored outputs", () => {
    const path = writeNotebook("bad.ipynb", "const a = 1;", 'throw new Error("no such port");');
    const before = readFileSync(path, "utf8");
    const { code, err } = execute(path);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^bad\.ipynb: code cell 2 \(throw new Error\("no such port"\);\) fails: Error: no such port\n {4}at /,
    );
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  it("says so when a cell ends the kernel", () => {
    const { code, err } = execute(writeNotebook("gone.ipynb", "Deno.exit(3);"));
    expect(code).toBe(1);
    expect(err).toMatch(/^gone\.ipynb: code cell 1 \(Deno\.exit\(3\);\) fails: the Deno kernel ended/);
  });

  it("gives the bits that Node gives", () => {
    // The packages that the sources import are found from a folder of the project only.
    const file = join(ROOT, "scenarios/nodelocaldns.yaml");
    const path = join(ROOT, "notebooks/node_modules/.bits.ipynb");
    const set = ["duration=2m", "replications=1", "kernel=6.1"];
    const source = [
      'import { runScenario } from "../../src/index.ts";',
      `const file = ${JSON.stringify(file)};`,
      `const run = runScenario({ file, text: await Deno.readTextFile(file) }, ${JSON.stringify(set)});`,
      "console.log(JSON.stringify(run));",
    ];
    copyFileSync(writeNotebook("bits.ipynb", source.join("\n")), path);
    expect(execute(path)).toMatchObject({ code: 0, err: "" });
    const printed = JSON.parse(readFileSync(path, "utf8")).cells[0].outputs[0].text.join("");
    rmSync(path);
    expect(JSON.parse(printed)).toEqual(runScenario({ file, text: readFileSync(file, "utf8") }, set));
  });
});
