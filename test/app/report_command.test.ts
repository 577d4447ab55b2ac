import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { CliIo } from "../../src/app/cli/cli_io.ts";
import { nodeIo } from "../../src/app/cli/node_io.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { clusteredDiff } from "../report/diff_documents.ts";
import { sweepOfFour } from "../report/report_parts.ts";
import { failingRun } from "../report/run_documents.ts";
import { memoryIo } from "./memory_io.ts";

// Goal: what `sim report` writes and where, and that wrong input ends with its place and leaves nothing behind.
// Method: a machine in memory with folders as `--out` writes them; a folder of the disk where the file system matters.

const json = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;
const RUN = json(failingRun());
const FILES = {
  "run/result.json": RUN,
  "run/scenario.yaml": "about: As run.\nkernel: 6.1\n",
  "sweep/result.json": json(sweepOfFour()),
  "sweep/scenario.yaml": "about: Swept.\n",
  "diff/result.json": json(clusteredDiff()),
  "diff/a.yaml": "about: This is A.\n",
  "diff/b.yaml": "about: This is B.\n",
  "old.html": "<!doctype html><!-- Written by sim report. -->\nold",
  "notes.md": "# Notes\n",
};

const FOLDER = mkdtempSync(join(tmpdir(), "portfall-report-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

async function report(words: string, files: Readonly<Record<string, string>> = FILES, parts: Partial<CliIo> = {}) {
  const io = memoryIo(files, parts);
  const code = await runCli(["report", ...words.split(" ")], io);
  return { code, out: io.out(), err: io.err(), files: io.files };
}

describe("sim report", () => {
  it.each([
    ["run", "Run of nodelocaldns.yaml", "about: As run."],
    ["sweep", "Sweep of nodelocaldns.yaml over", "about: Swept."],
    ["diff", "Comparison of two settings", "about: This is B."],
  ])("writes one HTML file of the folder of a %s, with the scenario as run", async (folder, title, scenario) => {
    const { code, out, err, files } = await report(`${folder} --out report.html`);
    expect([code, out]).toEqual([0, ""]);
    expect(err).toMatch(/^wrote report\.html \(\d+ kB\)\n$/);
    const html = files.get("report.html")!;
    expect(html).toMatch(new RegExp(`<h1>${title}`));
    expect(html).toContain(scenario);
    expect(html).toMatch(/<\/html>\n$/);
  });

  it("writes Markdown by the name of the file, and prints it without one", async () => {
    const { files } = await report("run --out report.md");
    const { code, out, err } = await report("run");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^<!-- Written by sim report\. -->\n\n# Run of nodelocaldns\.yaml\n/);
    expect(files.get("report.md")).toBe(out);
  });

  it("takes several results, folders or files, each once, and a title", async () => {
    const { out } = await report("run diff/result.json run --title Review", FILES);
    expect(out).toContain("# Review\n\n- ❌ **Run of nodelocaldns.yaml**: 2,144 of 9,780,000 probes failed");
    expect(out.match(/^## /gm)).toHaveLength(2);
  });

  it("takes the place of an older report and of nothing else", async () => {
    expect((await report("run --out old.html")).code).toBe(0);
    const { code, err, files } = await report("run --out notes.md");
    expect(code).toBe(2);
    expect(err).toBe(
      'sim: Cannot write "notes.md": it exists already and is no report; name another file, or remove it first\n',
    );
    expect(files.get("notes.md")).toBe("# Notes\n");
  });

  it.each([
    [
      "a result of another format version",
      RUN.replace('"run/1"', '"run/2"'),
      /^bad\.json:2:13: Cannot read the result: it is "run\/2", and this portfall reads "run\/1"\n {2}2 \| .*\n +\^+\n/,
    ],
    [
      "a file that is cut off",
      RUN.slice(0, RUN.indexOf('"longestRunOfFailures"') + 8),
      /^bad\.json:\d+:\d+: Cannot read the result: the JSON ends in the middle of probes/,
    ],
    [
      "a figure that is no number",
      RUN.replace('"failed": 2144', '"failed": "many"'),
      /^bad\.json:\d+:\d+: Cannot read the result at probes\.failed: /,
    ],
    ["a file that is no JSON", "about: x\n", /^bad\.json:1:1: Cannot read the result: this is no JSON/],
  ])("ends with 2 for %s, with the place, and writes nothing", async (_, text, message) => {
    const { code, out, err, files } = await report("run bad.json --out report.html", { ...FILES, "bad.json": text });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
    expect(err).toMatch(/\n1 problem; nothing was written\n$/);
    expect(files.has("report.html")).toBe(false);
  });

  it("tells of every result that it cannot read", async () => {
    const { code, err } = await report("nowhere run elsewhere");
    expect(code).toBe(2);
    expect(err).toContain("nowhere:1:1: Cannot read the result: there is no such file\n");
    expect(err).toMatch(/elsewhere:1:1: [^]*\n2 problems; nothing was written\n$/);
  });

  it.each([
    ["", "sim: Name the result to report on: sim report RESULT --out report.html\nSee: sim report --help\n"],
    [
      "run --out report.pdf",
      'sim: Cannot tell the form of "report.pdf": name a file that ends in .html or .md, or say --format\nSee: sim report --help\n',
    ],
    [
      "run --out report.md --format html",
      'sim: Cannot write html to "report.md": its name says markdown\nSee: sim report --help\n',
    ],
    ["run --out a.md --out b.md", "sim: Cannot use --out 2 times: give it once\nSee: sim report --help\n"],
    ["run --to report.md", "sim: Unknown option --to\nSee: sim report --help\n"],
  ])("refuses the words %j", async (words, message) => {
    const io = memoryIo(FILES);
    expect(await runCli(["report", ...words.split(" ").filter((word) => word !== "")], io)).toBe(2);
    expect(io.err()).toBe(message);
  });

  it("says how to make the script of reports where the build lacks it", async () => {
    const readWebFile: CliIo["readWebFile"] = async () => ({ ok: false, why: "there is no such file" });
    const { code, err } = await report("run --out report.html", FILES, { readWebFile });
    expect([code, err]).toEqual([
      2,
      "sim: Cannot read report_charts.js of portfall's build: there is no such file; run npm run build\n",
    ]);
  });

  it("leaves nothing behind where the disk takes no file", async () => {
    const result = join(FOLDER, "result.json");
    writeFileSync(result, RUN);
    mkdirSync(join(FOLDER, "folder.md"));
    for (const [out, why] of [
      [join(FOLDER, "folder.md"), "it is a directory; name a file in it, such as "],
      [join(result, "report.md"), "a part of the path is no directory"],
    ] as const) {
      const io = { ...memoryIo(), ...fileIo() };
      expect(await runCli(["report", result, "--out", out], io)).toBe(2);
      expect(io.err()).toContain(`sim: Cannot write ${JSON.stringify(out)}: ${why}`);
    }
    expect(readdirSync(FOLDER).toSorted()).toEqual(["folder.md", "result.json"]);
    expect(readFileSync(result, "utf8")).toBe(RUN);
  });
});

/** The files of the disk. */
function fileIo(): Pick<CliIo, "readFile" | "listFiles" | "writeWholeFile"> {
  const { readFile, listFiles, writeWholeFile } = nodeIo(new AbortController().signal);
  return { readFile, listFiles, writeWholeFile };
}
