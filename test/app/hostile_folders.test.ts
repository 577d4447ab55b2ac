import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { pointDocument } from "../../src/study/sweep_document.ts";
import { sweepOfFour } from "../report/report_parts.ts";
import { failingRun } from "../report/run_documents.ts";
import { memoryIo, type MemoryIo } from "./memory_io.ts";

const SWEEP = sweepOfFour();

/** A folder of a sweep with one point, of any number. */
function folderWith(point: unknown): Record<string, string> {
  const { sweep, engine, scenario, design, vary, overrides, settings } = SWEEP;
  const asked = { format: "sweep-manifest/1", sweep, engine, scenario, design, vary, overrides, settings };
  const values = SWEEP.points[0]?.values ?? {};
  const text = JSON.stringify({ ...pointDocument(sweep, { point: 1, values }, failingRun()), point });
  return {
    "in/manifest.json": JSON.stringify({ ...asked, points: [{ point, values }] }),
    [`in/points/${String(point).padStart(5, "0")}.json`]: text,
  };
}

async function merged(files: Readonly<Record<string, string>>): Promise<readonly [code: number, io: MemoryIo]> {
  const io = memoryIo(files);
  return [await runCli(["merge", "in", "--out", "out"], io), io];
}

describe("A folder of a sweep", () => {
  it("is merged if it is as portfall writes it", async () => {
    const [code, io] = await merged(folderWith(1));
    expect([code, io.err()]).toEqual([0, ""]);
    expect([...io.files.keys()].filter((path) => path.startsWith("out/points/"))).toEqual(["out/points/00001.json"]);
  });

  it("leads to no place outside the folder that is written", async () => {
    const [code, io] = await merged(folderWith("/../../../outside"));
    expect(code).toBe(2);
    expect(io.err()).toBe(
      'sim: Cannot read "in/manifest.json": it is not as portfall writes it, at "points.0.point": Invalid input: expected number, received string\n',
    );
    expect([...io.files.keys()].filter((path) => !path.startsWith("in/"))).toEqual([]);
  });

  it.each([
    ["a manifest without points", { "in/manifest.json": '{"format":"sweep-manifest/1"}' }, 'at "sweep"'],
    ["a point that says nothing", { "in/points/00001.json": '{"format":"sweep-point/1"}' }, 'at "sweep"'],
    [
      "a count that is no whole number",
      { "in/points/00001.json": folderWith(1)["in/points/00001.json"]?.replace(/"total":\d+/, '"total":0.5') ?? "" },
      'at "probes.total": Invalid input: expected int, received number; remove it, and --resume runs its point again',
    ],
    [
      "a shard of no number",
      { "in/shard.json": '{"format":"sweep-shard/1","sweep":"x","index":0,"count":0}' },
      'at "index"',
    ],
    [
      "a shard of more than there can be",
      { "in/shard.json": '{"format":"sweep-shard/1","sweep":"x","index":1,"count":1000000000000000}' },
      'at "count"',
    ],
    [
      "a manifest of 10,000 levels",
      { "in/manifest.json": "[".repeat(10_000) },
      "it is nested more than 200 levels deep",
    ],
  ])("is refused with %s", async (_, files, why) => {
    const [code, io] = await merged({ ...folderWith(1), ...files });
    expect([code, io.files.size]).toEqual([2, Object.keys({ ...folderWith(1), ...files }).length]);
    expect(io.err()).toContain(why);
  });
});

describe("The name of a file", () => {
  it("drives no terminal", async () => {
    const io = memoryIo({ "in/\u001b[2Jempty.txt": "", "in/uname-a.txt": "6.1.55\n", "in/\u202etxt.sysctl-a": "" });
    await runCli(["import", "in"], io);
    expect(io.err()).toContain("note: in/\ufffd[2Jempty.txt is empty");
    expect(io.err()).not.toMatch(/[\p{Cf}]/u);
  });
});
