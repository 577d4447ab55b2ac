import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, describe, expect, it } from "vitest";
import { literalNumbers } from "../../../src/app/build/literal_numbers.ts";

const folder = mkdtempSync(join(tmpdir(), "literal-numbers-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The program that a build makes of modules, the first of which is its entry. */
async function built(modules: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text);
  const output = await build({
    root: folder,
    configFile: false,
    logLevel: "silent",
    build: { ssr: join(folder, Object.keys(modules)[0]!), write: false, minify: false, target: "es2023" },
    plugins: [literalNumbers(folder)],
  });
  return "output" in output ? output.output[0].code : "";
}

describe("literalNumbers", () => {
  it("puts numbers in the place of their names, wherever a table comes from, and leaves texts and other tables alone", async () => {
    const program = await built({
      "main.ts": `import { Flag as Bit } from "./passed_on.ts";
import { Plain, Priority } from "./tables.ts";
export const seen = [Bit.SYN, Bit.WIDE, 1 - Priority.FIRST, Plain, Plain.A, "Bit.SYN"];
`,
      "passed_on.ts": 'export { Flag } from "./tables.ts";\n',
      "tables.ts": `export const Plain = { A: 4711 };
export const Priority = { FIRST: -200 } as const;
export const Flag = {
  SYN: 2,
  /** A comment { with braces }. */
  WIDE: 16_384,
} as const;
`,
    });
    expect(program.replaceAll(/\s+/g, " ")).toContain('[ 2, 16384, 201, Plain, Plain.A, "Bit.SYN" ]');
  });
});
