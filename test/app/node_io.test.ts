import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
});
