import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { BUILT_MAIN } from "../support/built_program.ts";

// Goal: whatever is asked of the command, Node loads few files before it can begin: that is most of the time to start.
// Method: the imports written in the built files, from the entry on; what a command loads for itself is not among them.

const PARTS = join(BUILT_MAIN, "../../parts");
const isBundled = existsSync(PARTS) && readFileSync(BUILT_MAIN, "utf8").includes("../parts/start.js");
const SKIPPED = isBundled ? "" : " (skipped: dist/app/cli/ is as tsc wrote it, not bundled: npm run build:sim)";

/** The names in the static imports of a file and of all files that it imports, in turn. */
function importsOf(file: string, seen = new Set<string>()): Set<string> {
  for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/^import (?:[^"'\n]+ from )?"([^"]+)";$/gm)) {
    const path = name.startsWith(".") ? join(file, "..", name) : name;
    if (seen.has(path)) continue;
    seen.add(path);
    if (name.startsWith(".")) importsOf(path, seen);
  }
  return seen;
}

describe(`The built command${SKIPPED}`, () => {
  beforeEach(({ skip }) => skip(SKIPPED !== "", SKIPPED));

  it("begins with at most 20 files and without a package", () => {
    const imports = [...importsOf(BUILT_MAIN, importsOf(join(PARTS, "start.js")))];
    expect(imports.filter((name) => !name.startsWith(PARTS) && !isBuiltin(name))).toEqual([]);
    const files = imports.filter((name) => name.startsWith(PARTS));
    expect(files).toContain(join(PARTS, "exit_code.js"));
    expect(files.length).toBeLessThanOrEqual(20);
  });

  it("gives a thread the engine without a package and without the command", () => {
    const imports = [...importsOf(join(PARTS, "worker.js"))];
    expect(imports).toContain(join(PARTS, "replication.js"));
    expect(imports).not.toContain(join(PARTS, "start.js"));
    expect(imports.filter((name) => !name.startsWith(PARTS) && !isBuiltin(name))).toEqual([]);
  });
});
