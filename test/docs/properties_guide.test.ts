import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe } from "vitest";

// Goal: the test files that src/docs/properties.md shows pass, as they stand there.
// Method: each `ts` block becomes a file below dist/, which git does not see, with the sources in place of the package.

const ROOT = join(import.meta.dirname, "../..");
const GUIDE = readFileSync(join(ROOT, "src/docs/properties.md"), "utf8");
mkdirSync(join(ROOT, "dist"), { recursive: true });
const FOLDER = mkdtempSync(join(ROOT, "dist/guide-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

const BLOCKS = [...GUIDE.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? "");

if (BLOCKS.length < 2) throw new Error("The guide shows two test files at least");

for (const [index, code] of BLOCKS.entries()) {
  const file = join(FOLDER, `block_${index}.ts`);
  const local = code
    .replaceAll('"portfall/vitest"', JSON.stringify(join(ROOT, "src/vitest.ts")))
    .replaceAll('"portfall"', JSON.stringify(join(ROOT, "src/index.ts")));
  writeFileSync(file, local);
  describe(`Test file ${index + 1} of the guide`, async () => {
    await import(/* @vite-ignore */ file);
  });
}
