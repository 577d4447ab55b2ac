import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUILT_MAIN } from "../support/built_program.ts";
import { BLOCKS, blocksIn, DOCUMENTS, type Block } from "./document_blocks.ts";
import { UNRUN_DOCUMENTS } from "./unrun_blocks.ts";

// Goal: somebody who types a document from its top to its end sees what it shows.
// Method: each document has a folder of its own, with the project's scenarios and an export of a node in it. Its `sh`
// blocks run there in their order with the built program in place of npx; npm does nothing. No command may end with a code
// above 1. Where a `text` follows, its lines must come in the output in their order; "…" stands for anything. Where none
// follows, the runs are cut short.

const ROOT = join(import.meta.dirname, "../..");
const EXPORT = join(ROOT, "test/import/incident_001");
const FUNCTIONS = `
npm() { :; }
npx() {
  [ "$1" = --no ] && shift
  shift
  local code=0
  "$NODE" "$MAIN" "$@" || code=$?
  [ "$code" -le 1 ] || { echo "exit code $code of sim $*" >&2; exit "$code"; }
}
`;
const CUT = { SIM_OPT_DURATION: "1m", SIM_OPT_REPLICATIONS: "2" };

function folderFor(): string {
  const folder = mkdtempSync(join(tmpdir(), "portfall-typed-"));
  for (const name of ["scenarios", "test"]) symlinkSync(join(ROOT, name), join(folder, name));
  symlinkSync(EXPORT, join(folder, "node-export"));
  return folder;
}

function run(code: string, folder: string, more: Readonly<Record<string, string>>) {
  const env = { ...process.env, NODE: process.execPath, MAIN: BUILT_MAIN, NO_COLOR: "1", ...more };
  const { status, stdout, stderr } = spawnSync("bash", ["-uc", `${FUNCTIONS}\n${code}`], {
    cwd: folder,
    encoding: "utf8",
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

/** The lines of a text that do not come in the output behind the lines before them. */
function missingLines(text: string, output: string): string[] {
  const lines = output.split("\n").map((line) => line.trimEnd());
  let from = 0;
  return text
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "…")
    .filter((line) => {
      const place = lines.indexOf(line.trimEnd(), from);
      if (place >= 0) from = place + 1;
      return place < 0;
    });
}

const shownBehind = ({ code, document }: Block): string | undefined =>
  BLOCKS.find((one) => one.document === document && one.outputOf === code)?.code;

describe("The commands of the documents", () => {
  it.each(Object.entries(UNRUN_DOCUMENTS))("of %s are read only: %s", (document) => {
    expect(DOCUMENTS).toContain(document);
  });

  const documents = [...new Set(blocksIn("sh").map(({ document }) => document))];
  it.each(documents.filter((one) => UNRUN_DOCUMENTS[one] === undefined))("run as they stand: %s", (document) => {
    const folder = folderFor();
    try {
      for (const block of blocksIn("sh").filter((one) => one.document === document)) {
        const shown = shownBehind(block);
        const { status, stdout, stderr } = run(block.code, folder, shown === undefined ? CUT : {});
        expect(status, `${block.code}\n${stderr}`).toBeLessThanOrEqual(1);
        const missing = shown === undefined ? [] : missingLines(shown, stdout);
        expect({ code: block.code, missing }).toEqual({ code: block.code, missing: [] });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("print what the README shows", () => {
    const [shown] = BLOCKS.filter(({ document, outputOf }) => document === "README.md" && outputOf !== undefined);
    const { stdout } = run(shown!.outputOf!, ROOT, {});
    expect(missingLines(shown!.code, stdout)).toEqual([]);
  });
});
