import { describe, expect, it } from "vitest";
import type { CliIo } from "../../src/app/cli/cli_io.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { recordingText } from "../conform/recordings.ts";
import { memoryIo, memoryTerminal } from "./memory_io.ts";

const C02 = recordingText("6.1/C02.json");
const P01 = recordingText("6.12/P01.json");
const FOLDER = { "cases/6.12/P01.json": P01, "cases/6.1/C02.json": C02, "cases/README.md": "# Cases" };

/** C02 with a recorded packet that no kernel sent. */
const WRONG = C02.replace('"S","c0",null,0,64]', '"S","c0",null,0,63]');

const run = (words: string, io: CliIo): Promise<number> => runCli(words.split(" "), io);

describe("sim conform", () => {
  it("ends with 0 and a line for each kernel when every case passes", async () => {
    const io = memoryIo(FOLDER);
    expect(await run("conform cases", io)).toBe(0);
    expect(io.out()).toBe("6.1      1 passed\n6.12     1 passed\n\n2 cases: 2 passed, 0 failed\n");
    expect(io.err()).toBe("");
  });

  it("prints a document conform/1, its cases sorted by path", async () => {
    const io = memoryIo(FOLDER);
    expect(await run("conform cases --format json", io)).toBe(0);
    const ok = { title: expect.any(String), ok: true, differences: [] };
    expect(JSON.parse(io.out())).toEqual({
      format: "conform/1",
      cases: [
        { id: "C02", kernel: "6.1", file: "cases/6.1/C02.json", ...ok },
        { id: "P01", kernel: "6.12", file: "cases/6.12/P01.json", ...ok },
      ],
      passed: 2,
      failed: 0,
    });
  });

  it("ends with 1 and shows the first difference when a case fails", async () => {
    const io = memoryIo({ ...FOLDER, "cases/wrong.json": WRONG });
    expect(await run("conform cases", io)).toBe(1);
    expect(io.out()).toContain("6.1      1 passed, 1 failed\n");
    expect(io.out()).toMatch(/\n6\.1\/C02 failed: [^]*\n {2}cases\/wrong\.json\n {2}packets node\/cni0 out #1\n/);
    expect(io.out()).toMatch(/\n {4}expected {2}0\.431 ms .* ttl 63\n {4}actual {4}0\.\d+ ms .* ttl 64\n/);
    expect(io.out()).toMatch(/\n3 cases: 2 passed, 1 failed\n$/);
  });

  it("takes single files, each once, whatever their names end in", async () => {
    const io = memoryIo({ ...FOLDER, "one.case": C02 });
    expect(await run("conform one.case cases/6.1 cases/6.1/C02.json --format json", io)).toBe(0);
    expect(JSON.parse(io.out())).toMatchObject({
      cases: [{ file: "cases/6.1/C02.json" }, { file: "one.case" }],
      passed: 2,
    });
  });

  it("replays under another boot secret with --seed", async () => {
    expect(await run("conform cases --seed 007", memoryIo(FOLDER))).toBe(0);
  });

  it("fails a case that the model cannot express, with the reason", async () => {
    const io = memoryIo({ "x.json": C02.replace('"scheduler": "rr"', '"scheduler": "lblcr"') });
    expect(await run("conform x.json", io)).toBe(1);
    expect(io.out()).toContain("\n  the IPVS scheduler lblcr is not modelled\n");
    await run("conform x.json --format json", io);
    expect(io.out()).toContain('"reason": "the IPVS scheduler lblcr is not modelled"');
  });

  it("lists what a case says beyond the format", async () => {
    const io = memoryIo({ "x.json": C02.replace('"op": "probe"', '"op": "probe", "colour": "red"') });
    expect(await run("conform x.json", io)).toBe(0);
    expect(io.out()).toContain("Not seen\n  ! 6.1/C02: the format does not name actions[0].colour\n");
  });

  it("prints the race that excused a comparison", async () => {
    const io = memoryIo({ "x.json": recordingText("6.1/C08b.json") });
    expect(await run("conform x.json", io)).toBe(0);
    expect(io.out()).toMatch(/\nRaces\n {2}- 6\.1\/C08b: ICMP after neighbour resolution failed/);
  });

  it.each([
    [
      "an unknown action",
      C02.replace('"op": "probe"', '"op": "prob"'),
      /^cases\/bad\.json:\d+:\d+: Cannot read the case at actions\[0\]\.op: "prob" is not one of the kinds that kernel-case\/1 knows\n {2}\d+ \| .*"prob".*\n +\^{6}\n1 problem; nothing was run\n$/,
    ],
    [
      "an unknown law",
      P01.replace('"law": "in_range"', '"law": "in_rang"'),
      /^cases\/bad\.json:\d+:\d+: Cannot read the case at laws\[0\]\.law: "in_rang" is not one of the kinds/,
    ],
    [
      "a missing field",
      C02.replace('"dport": 80, ', ""),
      /^cases\/bad\.json:\d+:\d+: Cannot read the case at actions\[0\]\.dport: .*\(missing\)\n {2}\d+ \| /,
    ],
    ["a file that is cut off", C02.slice(0, 1500), /^cases\/bad\.json:\d+:\d+: Cannot read the file as JSON: /],
    ["an empty file", "", /^cases\/bad\.json:1:1: Cannot read the file as JSON: /],
    ["a list", "[]", /^cases\/bad\.json:1:1: Cannot read the case: Invalid input: expected object, received array\n/],
    ["another kind of document", "{}", /^cases\/bad\.json:1:1: Cannot read the case at format: /],
  ])("ends with 2 for %s and runs nothing", async (_, text, message) => {
    const io = memoryIo({ ...FOLDER, "cases/bad.json": text });
    expect(await run("conform cases", io)).toBe(2);
    expect(io.err()).toMatch(message);
    expect(io.err()).toMatch(/problems?; nothing was run\n$/);
    expect(io.out()).toBe("");
  });

  it("says where a file is cut off: the line and the field", async () => {
    const cut = C02.slice(0, C02.indexOf('"netns": "node"') + 5);
    const io = memoryIo({ "cut.json": cut });
    await run("conform cut.json", io);
    const line = cut.trimEnd().split("\n").length;
    expect(io.err()).toMatch(
      new RegExp(`^cut\\.json:${line}:\\d+: Cannot read the file as JSON: .*\\(at actions\\[0\\]`),
    );
  });

  it.each([
    ["nowhere", "nowhere:1:1: Cannot read the cases: there is no such file\n"],
    ["texts", "texts:1:1: Cannot find a case: no file below it ends in .json\n"],
  ])("ends with 2 for the folder %s", async (folder, message) => {
    const io = memoryIo({ "texts/README.md": "# Cases" });
    expect(await run(`conform ${folder}`, io)).toBe(2);
    expect(io.err()).toContain(message);
  });

  it("ends with 2 for a file that cannot be read", async () => {
    const readFile = async (): Promise<{ ok: false; why: string }> => ({ ok: false, why: "permission denied" });
    const io = memoryIo(FOLDER, { readFile });
    expect(await run("conform cases/6.1/C02.json", io)).toBe(2);
    expect(io.err()).toContain("cases/6.1/C02.json:1:1: Cannot read the case: permission denied\n");
  });

  it("stops between two cases when interrupted", async () => {
    const io = memoryIo(FOLDER, { signal: AbortSignal.abort() });
    expect(await run("conform cases", io)).toBe(130);
    expect(io.err()).toBe("sim: interrupted after 0 of 2 cases; nothing was printed\n");
  });

  it("shows on a terminal how far it is, and not with --quiet", async () => {
    const shown = async (words: string): Promise<string> => {
      const stderr = memoryTerminal();
      await run(words, memoryIo(FOLDER, { stderr }));
      return stderr.written.join("");
    };
    expect(await shown("conform cases")).toContain("0/2 cases, now cases/6.1/C02.json");
    expect(await shown("conform cases --quiet")).toBe("");
  });
});
