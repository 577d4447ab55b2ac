import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import * as portfall from "../../src/index.ts";
import { importsOfExample } from "./api_examples.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What an example's file gives back: the example as a function of what it finds in scope. */
interface ExampleFile {
  readonly run: (scope: object, log: (...values: unknown[]) => void) => Promise<void>;
}

/**
 * Runs an example with the library in scope. It is written to a file below dist/, which git does not see, since only a
 * file's types are taken out.
 *
 * @returns what it prints, a line for each call of console.log.
 */
export async function runExample(code: string): Promise<string[]> {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "dist/example-"));
  const names = [...importsOfExample(code).matchAll(/import \{ (.*) \} from "portfall"/g)]
    .flatMap(([, list]) => list!.split(", "))
    .filter((name) => !name.startsWith("type "));
  const printed: string[] = [];
  try {
    const file = join(folder, "example.ts");
    const scope = `const { readFileSync, fc, ${names.join(", ")} } = scope; const console = { log };`;
    writeFileSync(file, `export async function run(scope: any, log: any) { ${scope}\n${code}\n}\n`);
    const { run }: ExampleFile = await import(/* @vite-ignore */ file);
    await run({ ...portfall, readFileSync, fc }, (...values) => printed.push(values.map(shown).join(" ")));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return printed;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : inspect(value, { breakLength: Infinity });
}
