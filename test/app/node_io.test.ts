import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nodeIo } from "../../src/app/cli/node_io.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "portfall-"));
const io = nodeIo(new AbortController().signal);

mkdirSync(join(FOLDER, "a/b"), { recursive: true });
writeFileSync(join(FOLDER, "x.json"), "{}");
writeFileSync(join(FOLDER, "a/b/y.json"), "{}");
afterAll(() => rmSync(FOLDER, { recursive: true }));

describe("nodeIo", () => {
  it("lists the files below a folder at any depth, and a file as itself", async () => {
    const listing = await io.listFiles(FOLDER);
    expect(listing.ok && listing.files.toSorted()).toEqual([join(FOLDER, "a/b/y.json"), join(FOLDER, "x.json")]);
    expect(await io.listFiles(join(FOLDER, "x.json"))).toEqual({ ok: true, files: [join(FOLDER, "x.json")] });
  });

  it("says why a folder cannot be listed", async () => {
    expect(await io.listFiles(join(FOLDER, "gone"))).toEqual({ ok: false, why: "there is no such file" });
    expect(await io.listFiles(join(FOLDER, "x.json/y"))).toEqual({
      ok: false,
      why: "a part of the path is no directory",
    });
  });

  it("reads no more of a device without end than a file may have", async () => {
    expect(await io.readBytes("/dev/zero", 1000)).toEqual({ ok: false, tooMany: 1001 });
    expect(await io.readBytes(join(FOLDER, "x.json"), 1)).toEqual({ ok: false, tooMany: 2 });
    expect(await io.readFile(FOLDER)).toEqual({ ok: false, why: "it is a directory" });
  });

  it("replaces a file whole", async () => {
    const path = join(FOLDER, "whole.bin");
    expect(await io.writeWholeFile(path, "first")).toBeUndefined();
    expect(await io.writeWholeFile(path, Uint8Array.of(1, 2))).toBeUndefined();
    expect([...readFileSync(path)]).toEqual([1, 2]);
    rmSync(path);
  });

  it("leaves no half file where it cannot write", async () => {
    const before = await io.listFiles(FOLDER);
    expect(await io.writeWholeFile(join(FOLDER, "a"), "x")).toBe("it is a directory");
    expect(await io.writeWholeFile(join(FOLDER, "x.json/y"), "x")).toBe("a part of the path is no directory");
    expect(await io.listFiles(FOLDER)).toEqual(before);
  });
});
