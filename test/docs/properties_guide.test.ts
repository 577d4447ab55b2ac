import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { blocksIn } from "./document_blocks.ts";

// Goal: the test files that src/docs/properties.md and the how-to show pass, as they stand there.
// Method: each `ts` block becomes a file below dist/, which git does not see, with the sources in place of the package.

const ROOT = join(import.meta.dirname, "../..");
mkdirSync(join(ROOT, "dist"), { recursive: true });
const FOLDER = mkdtempSync(join(ROOT, "dist/guide-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

const BLOCKS = blocksIn("ts").filter(({ document }) => document !== "src/docs/api.md");

if (BLOCKS.length < 3) throw new Error("The guides show three test files at least");

for (const [index, { code, document }] of BLOCKS.entries()) {
  const file = join(FOLDER, `block_${index}.ts`);
  const local = code
    .replaceAll('"portfall/vitest"', JSON.stringify(join(ROOT, "src/vitest.ts")))
    .replaceAll('"portfall"', JSON.stringify(join(ROOT, "src/index.ts")));
  writeFileSync(file, local);
  describe(`Test file ${index + 1}, of ${document},`, async () => {
    await import(/* @vite-ignore */ file);
  });
}
