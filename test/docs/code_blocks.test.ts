import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { formatDiagnostic } from "../../src/scenario/diagnostic.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { BLOCKS, blocksIn, type Block } from "./document_blocks.ts";
import { commandsOf, problemOf, simProblem } from "./documented_command.ts";
import { UNRUN_BLOCKS } from "./unrun_blocks.ts";

// Goal: what a document tells people to type works.
// Method: a shell runs each `sh` block with functions in place of npm and npx that note their words; the words must be a
// script of package.json, or a command line of sim whose scenario and settings have no problem. The long tests run the
// commands themselves and hold the `text` behind them against what they print. A `js` block is run as it is, against what
// was built last; `ts` blocks are test files, and run by properties_guide.test.ts and api_examples.test.ts.

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-docs-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

const isScenario = ({ code }: Block): boolean => /^kernel:/m.test(code);

describe("The documents", () => {
  it("have no block that is not run, but those with a reason", () => {
    const unrun = BLOCKS.filter(
      ({ language, outputOf }) => !["sh", "js", "ts", "yaml"].includes(language) && outputOf === undefined,
    );
    const keyOf = ({ document, language }: Pick<Block, "document" | "language">): string =>
      `${language} of ${document}`;
    const counts = Object.fromEntries(UNRUN_BLOCKS.map((one) => [keyOf(one), one.count]));
    const found: Record<string, number> = {};
    for (const block of unrun) found[keyOf(block)] = (found[keyOf(block)] ?? 0) + 1;
    expect(found).toEqual(counts);
  });

  it.each(UNRUN_BLOCKS)("leave $count $language of $document unrun: $because", ({ because }) => {
    expect(because).not.toBe("");
  });

  it.each(blocksIn("sh"))("give commands that work: $document: $code", ({ code }) => {
    const commands = commandsOf(code, FOLDER);
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
  });

  it.each(blocksIn("yaml").filter(isScenario))("show scenarios without a problem ($document)", ({ code }) => {
    const parsed = parseScenario(code, "example.yaml", []);
    expect(parsed.ok ? [] : parsed.diagnostics.map(formatDiagnostic)).toEqual([]);
  });

  it.each(blocksIn("yaml").filter((block) => !isScenario(block)))(
    "show files for other programs whose commands work ($document)",
    ({ code }) => {
      expect(parse(code)).toBeTypeOf("object");
      const commands = [...code.matchAll(/run: sim (.*)$/gm)].map(([, words]) => words!.split(" "));
      expect(commands.map(simProblem).filter((problem) => problem !== undefined)).toEqual([]);
    },
  );

  it.each(blocksIn("js"))("show a program that runs ($document)", ({ code }) => {
    const node = spawnSync(process.execPath, ["--input-type=module", "-e", code], { cwd: ROOT, encoding: "utf8" });
    expect(node.stderr).toBe("");
    expect(node.stdout).toContain("1 replication of 2 minutes");
  });
});
