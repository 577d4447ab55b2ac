import { describe, expect, it } from "vitest";
import { type Notebook, notebookText, readNotebook, withOutputs } from "../../notebooks/notebook_file.ts";
import { staleOutputs } from "../../notebooks/stale_outputs.ts";

const printed = (text: string) => ({ output_type: "stream", name: "stdout", text: [text] });
const value = (text: string) => ({ output_type: "execute_result", data: { "text/plain": [text] }, metadata: {} });

/** A notebook with a text, and two code cells that print something. */
function ranNotebook(first: string, second: string): Notebook {
  const cells: Notebook["cells"] = [
    { cell_type: "markdown", source: ["# A title"] },
    { cell_type: "code", source: ["const a = 1;\n", "console.log(a);"], outputs: [] },
    { cell_type: "code", source: "a + 1", outputs: [] },
  ];
  return withOutputs({ nbformat: 4, cells }, [[printed(first)], [value(second)]]);
}

describe("A notebook's file", () => {
  it("counts its code cells from 1, whenever they ran", () => {
    const { cells } = ranNotebook("1\n", "2");
    expect(cells.map((cell) => cell["execution_count"])).toEqual([undefined, 1, 2]);
    expect(cells[2]?.outputs?.[0]).toMatchObject({ execution_count: 2 });
  });

  it("has its fields in the order of their names, so that Jupyter writes the same bytes", () => {
    const text = notebookText(ranNotebook("1\n", "2"));
    expect(notebookText(readNotebook(text, "a.ipynb"))).toBe(text);
    expect(text.indexOf('"cells"')).toBeLessThan(text.indexOf('"nbformat"'));
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("is refused with its name if it is none", () => {
    expect(() => readNotebook("{", "a.ipynb")).toThrow(/^a\.ipynb is no notebook: /);
    expect(() => readNotebook('{"cells":[{"cell_type":"code"}],"nbformat":3}', "a.ipynb")).toThrow(
      /^a\.ipynb is no notebook of format 4: [^]*nbformat[^]*cells\[0\]\.source/,
    );
  });
});

describe("staleOutputs", () => {
  it("finds nothing where a run gives what is stored", () => {
    expect(staleOutputs(ranNotebook("1\n", "2"), ranNotebook("1\n", "2"))).toEqual([]);
  });

  it("names the cell and shows what is stored and what it gives now", () => {
    expect(staleOutputs(ranNotebook("1\n", "2"), ranNotebook("1\n", "3"))).toEqual([
      "code cell 2 (a + 1)",
      '  - "2"',
      '  + "3"',
    ]);
  });

  it("tells two pictures apart and prints neither", () => {
    const picture = (data: string): Notebook => {
      const output = { output_type: "execute_result", data: { "image/png": data }, metadata: {} };
      return withOutputs({ nbformat: 4, cells: [{ cell_type: "code", source: "draw()" }] }, [[output]]);
    };
    const told = staleOutputs(picture("A".repeat(5_000)), picture(`${"A".repeat(4_999)}B`));
    expect(told).toHaveLength(3);
    expect(told.join("").length).toBeLessThan(200);
  });

  it("counts the lines of a long difference that it does not show", () => {
    const long = Array.from({ length: 40 }, (_, line) => printed(`${line}\n`));
    const cells = [{ cell_type: "code" as const, source: "print()" }];
    const told = staleOutputs({ nbformat: 4, cells }, withOutputs({ nbformat: 4, cells }, [long]));
    expect(told.at(-1)).toMatch(/^ {2}… and [0-9]+ more lines$/);
    expect(told.length).toBeLessThan(20);
  });
});
