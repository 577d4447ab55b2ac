import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { explainScenario } from "../../src/report/explain_scenario.ts";
import { chartOf, type NotebookOutput, showChart, showTable, showText } from "../../src/report/notebook_output.ts";
import { runScenario } from "../../src/study/run_scenario.ts";

const FILE = "scenarios/nodelocaldns.yaml";
const SOURCE = { file: FILE, text: readFileSync(FILE, "utf8") };

/** What a kernel gets when it asks how the value is shown. */
function shown(output: NotebookOutput): Readonly<Record<string, unknown>> {
  const display: unknown = Reflect.get(output, Symbol.for("Jupyter.display"));
  if (typeof display !== "function") throw new Error("a value that a kernel can show");
  return display.call(output);
}

describe("showChart", () => {
  it("gives Vega-Lite as viewers know it, a PNG of limited size, and the words", async () => {
    const run = runScenario(SOURCE, ["duration=3m", "replications=1"]);
    const chart = chartOf(run, "port-map");
    const forms = shown(await showChart(chart));
    expect(forms["application/vnd.vegalite.v5+json"]).toEqual({
      ...chart.spec,
      $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    });
    expect(forms["text/plain"]).toBe(`${chart.title}\n${chart.description}`);
    const png = Buffer.from(String(forms["image/png"]), "base64");
    // The width and the height stand behind the header of the first block.
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16) * png.readUInt32BE(20)).toBeLessThan(870_000);
  });

  it("says which charts there are instead of one that there is not", () => {
    const run = runScenario(SOURCE, ["duration=3m", "replications=1"]);
    expect(() => chartOf(run, "before-after")).toThrow(
      /^Cannot draw "before-after" of a result run\/1: its charts are .*port-map/,
    );
  });
});

describe("showTable", () => {
  it("gives Markdown and plain text, with numbers to the right", () => {
    const forms = shown(
      showTable([
        { kernel: "6.1", failed: 12 },
        { kernel: "a|b", failed: 3 },
      ]),
    );
    expect(forms["text/markdown"]).toBe(
      ["| kernel | failed |", "| ------ | -----: |", "| 6.1    |     12 |", "| a\\|b   |      3 |"].join("\n"),
    );
    expect(forms["text/plain"]).toBe(["kernel  failed", "6.1         12", "a|b          3"].join("\n"));
  });

  it("fills what a row lacks with nothing, and shows no rows as an empty table", () => {
    expect(shown(showTable([{ a: "x", b: "y" }, { a: "z" }]))["text/plain"]).toBe("a    b\nx    y\nz");
    expect(shown(showTable([]))["text/plain"]).toBe("");
  });
});

describe("showText", () => {
  it("keeps lines as they are, without an empty one at the end", () => {
    expect(shown(showText("  a\n b\n"))).toEqual({ "text/plain": "  a\n b" });
  });
});

describe("explainScenario", () => {
  it("tells the first probe that fails", async () => {
    const { document } = await explainScenario(SOURCE, ["duration=3m", "replications=1"]);
    expect(document.connection).toMatchObject({ ok: false, cause: "nodeport-collision", localPort: 36704 });
  });

  it("says that nothing fails where nothing does", async () => {
    const asked = explainScenario(SOURCE, ["duration=1m", "replications=1", "kubeProxy.mode=iptables"]);
    await expect(asked).rejects.toThrow("There is no such connection to explain: no-failure");
  });
});
