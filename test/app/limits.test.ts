import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { nodeIo } from "../../src/app/cli/node_io.ts";
import { readSteadyFile } from "../../src/app/cli/read_steady_file.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { settingsOf } from "../../src/app/web/share_link.ts";
import { SMALL_SCENARIO } from "../scenario/small_scenario.ts";
import { LIMIT_CASES } from "./limit_cases.ts";
import { memoryIo } from "./memory_io.ts";

// Goal: every limit that the documentation states is one: beyond it there is an error with its place, and exit code 2.
// Method: for each row of the document's tables the smallest input beyond it, through the command line where one can.

const FOLDER = mkdtempSync(join(tmpdir(), "portfall-limits-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

/** The rows that this file reaches by itself. */
const HERE = [
  "problems that are listed one by one",
  "any text",
  "a folder of exports (`sim import`)",
  "text in a link to the page",
];

/** The first cells of the tables' rows. */
function statedLimits(): readonly string[] {
  const text = readFileSync(new URL("../../src/docs/limits.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (.*?) +\| .* \|$/gm)].map(([, first = ""]) => first);
  return rows.filter((first) => first !== "what" && first !== "file" && !first.startsWith("---"));
}

describe("A limit", () => {
  it("is tested if it is stated, and stated if it is tested", () => {
    const tested = new Set([...LIMIT_CASES.map(({ row }) => row), ...HERE]);
    expect(statedLimits().toSorted()).toEqual([...tested].toSorted());
  });

  it.each(LIMIT_CASES)("of $row: $said", async ({ words, files, said, expected }) => {
    const io = memoryIo(files);
    const code = await runCli(words, io);
    const lines = io.err().split("\n");
    expect([code, io.out(), lines[0]]).toEqual([2, "", said]);
    expect(lines.find((line) => line.startsWith("  expected: "))).toBe(
      expected === undefined ? undefined : `  expected: ${expected}`,
    );
    expect([...io.files.keys()]).toEqual(Object.keys(files));
  });

  it("of listed problems leaves the rest to a number", async () => {
    const services = Array.from({ length: 1100 }, (_, index) => `  - { generate: no${index} }\n`).join("");
    const io = memoryIo({ "s.yaml": SMALL_SCENARIO.replace(/^services:\n(  .*\n)*/m, `services:\n${services}`) });
    expect(await runCli(["run", "s.yaml"], io)).toBe(2);
    expect(io.err().match(/: Cannot use "no\d+" for "generate"/g)).toHaveLength(1000);
    expect(io.err().split("\n").slice(-6)).toEqual([
      "s.yaml:1014:17: Cannot list 100 more problems: 1000 are shown",
      "  1014 |   - { generate: no999 }",
      "                         ^^^^^",
      "  to mend:  mend those that are shown, and read the file again",
      "1,001 problems; nothing was run",
      "",
    ]);
  });

  it("of a text is looked at before it is read, and while a pipe is", async () => {
    const path = join(FOLDER, "large.yaml");
    writeFileSync(path, "");
    truncateSync(path, 256 * 1024 * 1024 + 1);
    const { readFile } = nodeIo(new AbortController().signal);
    const io = memoryIo({}, { readFile });
    expect(await runCli(["run", path], io)).toBe(2);
    expect(io.err()).toContain(`${path}:1:1: Cannot read the scenario: it has more than 268435456 bytes\n`);
    if (existsSync("/dev/zero")) expect((await readSteadyFile("/dev/zero", 1000)).length).toBeGreaterThan(1000);
  });

  it("of an export's size names the file", async () => {
    const io = memoryIo({ "in/a.txt": "" }, { readBytes: async (_, most) => ({ ok: false, tooMany: most + 1 }) });
    expect(await runCli(["import", "in"], io)).toBe(2);
    expect(io.err()).toBe(
      [
        "in/a.txt:1:1: Cannot read a file of 268435457 bytes: the most is 268435456",
        "  to mend:  collect one node's exports, at one time",
        "1 problem; nothing was written",
        "",
      ].join("\n"),
    );
  });

  it("of a link's text is told apart from a damaged link", async () => {
    const packed = (bytes: number): string => deflateRawSync(Buffer.alloc(bytes, "#")).toString("base64url");
    const most = 4 * 1024 * 1024;
    expect(await settingsOf(`#text=${packed(most)}`, new Map())).toMatchObject({ version: "" });
    expect(await settingsOf(`#text=${packed(most + 1)}`, new Map())).toBe(
      "The link holds a scenario of more than 4 MiB, which no scenario has.",
    );
  });
});
