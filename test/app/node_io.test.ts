import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

  it("refuses to read a file that is written to all the while", async () => {
    const path = join(FOLDER, "growing.log");
    writeFileSync(path, "x".repeat(3_000_000));
    let isDone = false;
    const grow = (): void => {
      if (isDone) return;
      appendFileSync(path, "x");
      setImmediate(grow);
    };
    grow();
    const why = "it changes while it is read; try again once it is written";
    expect(await io.readFile(path)).toEqual({ ok: false, why });
    expect(await io.readBytes(path, 10_000_000)).toEqual({ ok: false, why });
    isDone = true;
    expect(await io.readBytes(path, 10_000_000)).toMatchObject({ ok: true });
    rmSync(path);
  });

  it("reads no more bytes than it may, of what does not say its size too", async () => {
    const path = join(FOLDER, "x.json");
    expect(await io.readBytes(path, 1)).toEqual({ ok: false, tooMany: 2 });
    expect(await io.readBytes(path, 2)).toEqual({ ok: true, bytes: Buffer.from("{}") });
    if (existsSync("/proc/self/status"))
      expect(await io.readBytes("/proc/self/status", 10)).toMatchObject({ ok: false });
  });

  it("does not list what a killed process left half written", async () => {
    const folder = join(FOLDER, "left");
    mkdirSync(folder);
    for (const name of ["a.conf", "portfall-7-00000000-0000-4000-8000-000000000000.unfinished"]) {
      writeFileSync(join(folder, name), "");
    }
    expect(await io.listFiles(folder)).toEqual({ ok: true, files: [join(folder, "a.conf")] });
    expect(await io.listFolder(folder)).toEqual({ ok: true, entries: [{ name: "a.conf", isFolder: false }] });
    rmSync(folder, { recursive: true });
  });

  it("neither lists nor reads a pipe in a folder, which may have no writer", async (context) => {
    const path = join(FOLDER, "a/pipe.json");
    if (spawnSync("mkfifo", [path]).status !== 0) context.skip("there is no mkfifo");
    const listing = await io.listFiles(join(FOLDER, "a"));
    expect(listing).toEqual({ ok: true, files: [join(FOLDER, "a/b/y.json")] });
    expect(await io.readBytes(path, 10)).toEqual({ ok: false, why: "it is a pipe or a device" });
    rmSync(path);
  });
});
