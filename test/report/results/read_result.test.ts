import { describe, expect, it } from "vitest";
import { readResult } from "../../../src/report/results/read_result.ts";
import type { ResultTexts } from "../../../src/report/results/result.ts";
import { formatDiagnostic } from "../../../src/scenario/diagnostic.ts";
import { failingRun } from "../run_documents.ts";
import { madeUpSweep } from "../sweep_documents.ts";
import { sampleDocuments } from "../charts/sample_results.ts";

/** A file `r/result.json` with this text. */
function resultFile(text: string): ResultTexts {
  return { path: "r", document: { path: "r/result.json", text } };
}

/** The diagnostics of a result, as people see them. */
function problems(texts: ResultTexts): string {
  const read = readResult(texts);
  return read.ok ? "" : read.diagnostics.map(formatDiagnostic).join("\n");
}

const RUN = `${JSON.stringify(failingRun(), null, 2)}\n`;

describe("readResult", () => {
  it("reads documents of every format as they are", async () => {
    for (const document of Object.values(await sampleDocuments())) {
      const read = readResult(resultFile(JSON.stringify(document)));
      expect(read.ok && read.result.document).toEqual(document);
    }
  });

  it("keeps fields that a later version adds", () => {
    const read = readResult(resultFile(JSON.stringify({ ...failingRun(), later: { a: 1 } })));
    expect(read.ok && read.result.document).toMatchObject({ later: { a: 1 } });
  });

  it("keeps the scenario beside the document", () => {
    const read = readResult({ ...resultFile(RUN), scenario: { path: "r/scenario.yaml", text: "about: x\n" } });
    expect(read.ok && read.result.scenario).toBe("about: x\n");
  });

  it("names the versions of a format that it does not read", () => {
    expect(problems(resultFile(RUN.replace("run/1", "run/2")))).toBe(
      [
        'r/result.json:2:13: Cannot read the result: it is "run/2", and this portfall reads "run/1"',
        '  2 |   "format": "run/2",',
        "                  ^^^^^^^",
        '  expected: "run/1", "sweep/1", "diff/1", "ports/1"',
        "  to mend:  read it with the portfall that wrote it, or make the result again with this one",
      ].join("\n"),
    );
  });

  it("says where a text ends that was cut", () => {
    const cut = RUN.slice(0, RUN.indexOf('"designEffect"') + 8);
    expect(problems(resultFile(cut))).toMatch(
      /^r\/result\.json:84:12: Cannot read the result: the JSON ends in the middle of probes\.designE\n/,
    );
    expect(problems(resultFile(""))).toContain(
      "r/result.json:1:1: Cannot read the result: the JSON ends in the middle",
    );
  });

  it("says where a text is that is no JSON", () => {
    expect(problems(resultFile("# a scenario\nabout: x\n"))).toBe(
      [
        "r/result.json:1:1: Cannot read the result: this is no JSON",
        "  1 | # a scenario",
        "      ^",
        "  expected: a file that portfall wrote",
        "  to mend:  name the file that `--format json` or `--out` gave",
      ].join("\n"),
    );
    expect(problems(resultFile('{\n  "format": run/1\n}\n'))).toContain("r/result.json:2:13: ");
  });

  it("says what is another document, or none", () => {
    expect(problems(resultFile('{ "format": "conform/1" }'))).toContain(
      'r/result.json:1:13: Cannot read the result: "conform/1" is no result that charts are made of',
    );
    expect(problems(resultFile("[1]"))).toContain(
      "r/result.json:1:1: Cannot read the result: it does not say its format",
    );
  });

  it("shows the field that is of another kind", () => {
    expect(problems(resultFile(RUN.replace('"failed": 2144', '"failed": "many"')))).toBe(
      [
        "r/result.json:55:15: Cannot read the result at probes.failed: Invalid input: expected number, received string",
        '  55 |     "failed": "many",',
        "                     ^^^^^^",
        "  expected: the fields of run/1 as this version of portfall writes them",
        "  to mend:  make the result again; files are not meant to be edited",
      ].join("\n"),
    );
  });

  it("takes whole numbers only where things are counted, and others for rates and means", () => {
    expect(problems(resultFile(RUN.replace('"failed": 2144', '"failed": 2144.5')))).toBe(
      [
        "r/result.json:55:15: Cannot read the result at probes.failed: Invalid input: expected int, received number",
        '  55 |     "failed": 2144.5,',
        "                     ^^^^^^",
        "  expected: the fields of run/1 as this version of portfall writes them",
        "  to mend:  make the result again; files are not meant to be edited",
      ].join("\n"),
    );
    expect(problems(resultFile(RUN.replace(/"failuresPerHour": [\d.]+/, '"failuresPerHour": 0.5')))).toBe("");
  });

  it("tells five problems of a file at most", () => {
    expect(problems(resultFile('{ "format": "run/1" }')).match(/Cannot read the result at/g)).toHaveLength(5);
  });

  it("says that a folder holds no result", () => {
    expect(problems({ path: "night" })).toBe(
      [
        "night:1:1: Cannot read the result: there is neither a result.json nor a manifest.json",
        "  expected: a folder that `sim run --out` or `sim sweep --out` wrote, or a file that `--format json` gave",
        "  to mend:  correct the path, or make a result with `sim run SCENARIO --out DIR`",
      ].join("\n"),
    );
  });

  describe("of a sweep that is not finished", () => {
    const sweep = madeUpSweep([{ kernel: "5.4.188" }, { kernel: "6.1" }, { kernel: "6.12" }]);
    const { points, format: _format, ...asked } = sweep;
    const manifest = {
      path: "s/manifest.json",
      text: JSON.stringify({
        format: "sweep-manifest/1",
        ...asked,
        points: points.map(({ point, values }) => ({ point, values })),
      }),
    };
    const pointFile = (index: number, id = sweep.sweep) => ({
      path: `s/points/${index + 1}.json`,
      text: JSON.stringify({ format: "sweep-point/1", sweep: id, ...points[index] }),
    });

    it("has the points that are done, and counts the others", () => {
      const read = readResult({ path: "s", manifest, points: [pointFile(2), pointFile(0)] });
      expect(read.ok && read.result.pointsMissing).toBe(1);
      expect(read.ok && read.result.document).toEqual({ ...sweep, points: [points[0], points[2]] });
    });

    it("refuses a point of another sweep", () => {
      expect(problems({ path: "s", manifest, points: [pointFile(0, "sha256:other")] })).toMatch(
        /^s\/points\/1\.json:1:35: Cannot read the result: this point belongs to another sweep than the manifest beside it/,
      );
    });

    it("wants one point at least", () => {
      expect(problems({ path: "s", manifest, points: [] })).toContain(
        "s:1:1: Cannot read the result: no point of this sweep is finished; go on with `sim sweep --resume`",
      );
    });
  });
});
