import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { editText, unifiedDiff } from "../../src/check/fix/line_edits.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "portfall-diff-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

const TEXT = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join("");

describe("unifiedDiff", () => {
  it("shows a changed line with three lines around it", () => {
    expect(unifiedDiff("etc/a.conf", "a\nb\nc\nd\ne\n", [{ line: 5, replace: "E" }])).toBe(
      "--- a/etc/a.conf\n+++ b/etc/a.conf\n@@ -2,4 +2,4 @@\n b\n c\n d\n-e\n+E\n",
    );
  });

  it("parts what lies far apart into hunks", () => {
    const diff = unifiedDiff("a", TEXT, [
      { line: 2, replace: "two" },
      { line: 19, insert: ["new"] },
    ]);
    expect(diff.split("\n").filter((line) => line.startsWith("@@"))).toEqual(["@@ -1,5 +1,5 @@", "@@ -17,4 +17,5 @@"]);
  });

  it("gives a patch that git applies to the same text as the edits", () => {
    const edits = [
      { line: 1, replace: "first" },
      { line: 8, insert: ["8a", "8b"] },
      { line: 9, replace: "nine" },
      { line: 20, insert: ["last"] },
    ];
    writeFileSync(join(FOLDER, "a.conf"), TEXT);
    const diff = unifiedDiff("a.conf", TEXT, edits);
    execFileSync("git", ["apply", "--unsafe-paths", "-"], { cwd: FOLDER, input: diff });
    expect(readFileSync(join(FOLDER, "a.conf"), "utf8")).toBe(editText(TEXT, edits));
  });

  it("begins a file that was empty", () => {
    expect(editText("", [{ line: 0, insert: ["a = b"] }])).toBe("a = b\n");
  });
});
