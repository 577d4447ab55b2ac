import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codeCells, notebookText, readNotebook, sourceOf } from "../../notebooks/notebook_file.ts";

// Goal: what people see on a page that shows notebooks is whole, without running anything.
// Whether it is also up to date is asked by `npm --prefix notebooks run check`, which .ci/run calls.

const FOLDER = join(import.meta.dirname, "../../notebooks");
const MOST_PICTURE_BYTES = 120_000;
const NOTEBOOKS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => {
    const text = readFileSync(join(FOLDER, name), "utf8");
    return { name, text, notebook: readNotebook(text, name) };
  });

/** What the outputs of a notebook hold, by MIME type. */
function outputData(notebook: (typeof NOTEBOOKS)[number]["notebook"], type: string): readonly unknown[] {
  const outputs = codeCells(notebook).flatMap((cell) => cell.outputs ?? []);
  return outputs.flatMap(({ data }) => {
    const found: unknown = typeof data === "object" && data !== null ? Reflect.get(data, type) : undefined;
    return found === undefined ? [] : [found];
  });
}

describe("The stored notebooks", () => {
  it("are four stories", () => {
    expect(NOTEBOOKS.map(({ name }) => name)).toEqual([
      "1-incident.ipynb",
      "2-port-range.ipynb",
      "3-reservations.ipynb",
      "4-leaving-ipvs.ipynb",
    ]);
  });

  it.each(NOTEBOOKS)("$name is written as the runner writes it, for the Deno kernel", ({ text, notebook }) => {
    expect(notebookText(notebook)).toBe(text);
    expect(notebook["metadata"]).toMatchObject({ kernelspec: { name: "deno" } });
  });

  it.each(NOTEBOOKS)("$name shows something at each code cell", ({ notebook }) => {
    const silent = codeCells(notebook).filter(({ outputs }) => (outputs ?? []).length === 0);
    expect(silent.map(sourceOf)).toEqual([]);
  });

  it.each(NOTEBOOKS)("$name draws each chart as Vega-Lite 5 and as a small PNG", ({ notebook }) => {
    const specs = outputData(notebook, "application/vnd.vegalite.v5+json");
    const pictures = outputData(notebook, "image/png").map((data) => Buffer.from(String(data), "base64"));
    expect(specs.length).toBeGreaterThan(1);
    expect(pictures).toHaveLength(specs.length);
    for (const spec of specs) {
      expect(spec).toHaveProperty("$schema", "https://vega.github.io/schema/vega-lite/v5.json");
    }
    for (const picture of pictures) {
      expect(picture.subarray(1, 4).toString()).toBe("PNG");
      expect(picture.length).toBeLessThan(MOST_PICTURE_BYTES);
    }
  });

  it.each(NOTEBOOKS)("$name tells its story: question first, then what to do", ({ notebook }) => {
    const texts = notebook.cells.filter(({ cell_type }) => cell_type === "markdown").map(sourceOf);
    expect(texts[0]).toContain("**Question.**");
    expect(texts.at(-1)).toContain("**What to do.**");
  });
});
