import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { keptRun } from "../report/charts/sample_results.ts";
import { clusteredDiff } from "../report/diff_documents.ts";
import { memoryIo } from "./memory_io.ts";

const FILES = {
  "night/result.json": JSON.stringify(keptRun()),
  "night/scenario.yaml": "about: x\n",
  "diff.json": JSON.stringify(clusteredDiff()),
};

/** The exit code, what was printed, and the files after `sim chart` with these words. */
async function chart(words: readonly string[], files: Readonly<Record<string, string>> = FILES) {
  const io = memoryIo(files);
  const code = await runCli(["chart", ...words], io);
  return { code, out: io.out(), err: io.err(), files: io.files };
}

describe("sim chart", () => {
  it("lists the charts of a folder, the best first", async () => {
    const { code, out, err } = await chart(["night"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "port-map",
      "failure-probability",
      "time-to-restart",
      "time-to-failure",
      "runs-of-failures",
      "occupancy",
      "",
    ]);
    expect(out).toContain(
      "\nruns-of-failures     Up to 3 failures of one probe in a row; 1.75 restarts per node-week\n",
    );
  });

  it("draws the first of them if no kind is named", async () => {
    const { code, err, files } = await chart(["night/", "--out", "map.svg"]);
    expect(code).toBe(0);
    expect(err).toMatch(/^wrote map\.svg: NodePort 38820 gets 2\.85 % of connects/);
    expect(files.get("map.svg")).toMatch(/^<svg role="img" .*<title>NodePort 38820 gets/);
  });

  it("writes a specification, and a picture of pixels", async () => {
    const json = await chart(["diff.json", "--kind", "before-after", "--out", "d.vl.json"]);
    expect(JSON.parse(json.files.get("d.vl.json") ?? "")).toMatchObject({
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    });
    const png = await chart(["diff.json", "--out", "d.PNG"]);
    expect(png.files.get("d.PNG")?.slice(1, 4)).toBe("PNG");
  });

  it("takes the limit into the chart of probabilities", async () => {
    const words = ["night", "--kind", "failure-probability", "--limit", "1e-4", "--out", "p.svg"];
    expect((await chart(words)).files.get("p.svg")).toContain("limit 1 in 10,000 (1.00e-4)");
  });

  it("says what a result does not give, why, and what it gives", async () => {
    const { code, err, files } = await chart(["night", "--kind", "failure-heatmap", "--out", "h.svg"]);
    expect([code, err]).toEqual([
      2,
      'sim: Cannot draw failure-heatmap of "night" (run/1): it takes a sweep that varies two paths; it gives port-map, ' +
        "failure-probability, time-to-restart, time-to-failure, runs-of-failures, occupancy\n",
    ]);
    expect(files.has("h.svg")).toBe(false);
    expect((await chart(["diff.json", "--kind", "sequence", "--out", "s.svg"])).err).toContain(
      "draw it with `sim explain SCENARIO --chart FILE`",
    );
  });

  it.each([
    [["night", "--out", "x.pdf"], 'Cannot draw to "x.pdf": its name must end in .svg, .png or .vl.json'],
    [["night", "--kind", "port-map"], "Cannot draw port-map to nowhere: add --out FILE, with a name that ends in"],
    [
      ["night", "--limit", "2"],
      'Cannot use --limit "2": it must be a probability above 0, and 1 at most, such as 1e-4',
    ],
    [["night", "--out", "a.svg", "--out", "b.svg"], "Cannot use --out 2 times: give it once"],
    [["gone"], "gone:1:1: Cannot read the result: there is no such file"],
  ])("refuses %j", async (words, message) => {
    const { code, err } = await chart(words);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it("says where a result is cut", async () => {
    const cut = { "night/result.json": FILES["night/result.json"].slice(0, 300) };
    const { code, err } = await chart(["night"], cut);
    expect([code, err]).toEqual([2, expect.stringContaining("night/result.json:1:")]);
    expect(err).toContain("the JSON ends in the middle of");
  });

  it("says why a file cannot be written", async () => {
    const io = memoryIo(FILES, { writeWholeFile: async () => "no space is left on the device" });
    expect(await runCli(["chart", "night", "--out", "a.svg"], io)).toBe(2);
    expect(io.err()).toBe('sim: Cannot write "a.svg": no space is left on the device\n');
  });
});
