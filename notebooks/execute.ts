import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { whyNotWritten } from "../src/app/cli/system_error.ts";
import { writeWhole } from "../src/app/cli/write_whole.ts";
import { CellError, DenoKernel } from "./deno_kernel.ts";
import { codeCells, notebookText, readNotebook, sourceOf, withOutputs } from "./notebook_file.ts";
import type { Notebook, Output } from "./notebook_file.ts";
import { firstLine, staleOutputs } from "./stale_outputs.ts";

// Runs notebooks from their first cell to their last, each in a kernel of its own, and stores what they gave. With
// `--check` it writes nothing, and fails if a notebook stores anything else. Without names it takes all of this folder.

const { values, positionals } = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true });
const files = positionals.length > 0 ? positionals.map((name) => resolve(name)) : ownNotebooks();

// An interrupted run ends its kernel, too.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(130));

for (const file of files) {
  const name = relative(process.cwd(), file);
  const start = performance.now();
  try {
    const problem = await execute(file, values.check === true);
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    if (problem === undefined) console.log(`${name}: ${values.check === true ? "up to date" : "done"} (${seconds} s)`);
    else fail(`${name} ${problem}`);
  } catch (error) {
    fail(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function ownNotebooks(): readonly string[] {
  const folder = import.meta.dirname;
  const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
  return names.toSorted().map((name) => join(folder, name));
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}

/** @returns why the notebook cannot be stored; or what is wrong with what it stores, if that is asked. */
async function execute(file: string, isCheck: boolean): Promise<string | undefined> {
  const text = readFileSync(file, "utf8");
  const stored = readNotebook(text, basename(file));
  const fresh = withOutputs(stored, await outputsOf(stored, dirname(file)));
  const freshText = notebookText(fresh);
  if (freshText === text) return undefined;
  if (!isCheck) return store(file, text, freshText);
  const differences = staleOutputs(stored, fresh);
  const told =
    differences.length > 0 ? differences : ["the outputs are the same, the rest of the file is written another way"];
  return ["stores what it no longer gives. Run: npm --prefix notebooks run execute", ...told].join("\n  ");
}

/** Puts the new text in place of the old one, whole, unless somebody has written another one. */
async function store(file: string, text: string, freshText: string): Promise<string | undefined> {
  if (readFileSync(file, "utf8") !== text) return "was changed while it ran; nothing is stored, run it again";
  return writeWhole(file, freshText).then(
    () => undefined,
    (error: unknown) => `cannot be stored: ${whyNotWritten(error)}`,
  );
}

/** Runs all code cells. @throws an error with the number and first line of the cell that broke. */
async function outputsOf(notebook: Notebook, folder: string): Promise<readonly (readonly Output[])[]> {
  const kernel = await DenoKernel.start(folder);
  const outputs: (readonly Output[])[] = [];
  try {
    for (const cell of codeCells(notebook)) {
      const source = sourceOf(cell);
      outputs.push(
        await kernel.run(source).catch((error: unknown) => {
          if (!(error instanceof CellError)) throw error;
          const place = `code cell ${outputs.length + 1} (${firstLine(source)})`;
          throw new Error(`${place} fails: ${error.message}`, { cause: error });
        }),
      );
    }
    return outputs;
  } finally {
    await kernel.close();
  }
}
