import { z } from "zod";

// The parts of nbformat 4.5 that the runner reads. Everything else is kept as it stands.
const MULTILINE = z.union([z.string(), z.array(z.string())]);
const OUTPUT = z.looseObject({ output_type: z.string() });
const CELL = z.looseObject({
  cell_type: z.enum(["markdown", "code", "raw"]),
  source: MULTILINE,
  outputs: z.array(OUTPUT).optional(),
});
const NOTEBOOK = z.looseObject({ cells: z.array(CELL), nbformat: z.literal(4) });

/** A notebook as its file holds it (nbformat 4). */
export type Notebook = z.infer<typeof NOTEBOOK>;
/** One cell of a notebook: text in Markdown, or code with its outputs. */
export type Cell = z.infer<typeof CELL>;
/** One output of a code cell: text it printed, a value it ended with, or an error. */
export type Output = z.infer<typeof OUTPUT>;

/**
 * Reads a notebook's file.
 *
 * @throws an error that names the file and what is wrong in it.
 */
export function readNotebook(text: string, file: string): Notebook {
  const { error, data } = NOTEBOOK.safeParse(parsedJson(text, file));
  if (error !== undefined) throw new Error(`${file} is no notebook of format 4: ${z.prettifyError(error)}`);
  return data;
}

/** The bytes of a notebook's file, as Jupyter writes them: fields in the order of their names, one blank a level. */
export function notebookText(notebook: Notebook): string {
  return `${jsonText(notebook)}\n`;
}

/** A value as notebooks store it. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, inOrder, 1);
}

function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The code of a cell, or its Markdown. */
export function sourceOf({ source }: Cell): string {
  return typeof source === "string" ? source : source.join("");
}

/** The code cells of a notebook, in the order in which they run. */
export function codeCells(notebook: Notebook): readonly Cell[] {
  return notebook.cells.filter(({ cell_type }) => cell_type === "code");
}

/**
 * The notebook with the outputs of a run in place of the stored ones. Nothing of it depends on when and how fast it ran:
 * code cells are counted from 1.
 *
 * @param outputs of each code cell, in their order.
 */
export function withOutputs(notebook: Notebook, outputs: readonly (readonly Output[])[]): Notebook {
  let count = 0;
  const cells = notebook.cells.map((cell): Cell => {
    if (cell.cell_type !== "code") return cell;
    count += 1;
    return { ...cell, execution_count: count, outputs: (outputs[count - 1] ?? []).map(numbered(count)) };
  });
  return { ...notebook, cells };
}

function numbered(count: number): (output: Output) => Output {
  return (output) => (output.output_type === "execute_result" ? { ...output, execution_count: count } : output);
}

function parsedJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no notebook: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
