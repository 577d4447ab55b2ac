import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeWhole } from "../../src/app/cli/write_whole.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "portfall-whole-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

describe("writeWhole", () => {
  it("makes the folders above the file and takes the place of an older one", async () => {
    const path = join(FOLDER, "a/b/c.txt");
    await writeWhole(path, "old");
    await writeWhole(path, new Uint8Array([110, 101, 119]));
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(join(FOLDER, "a/b"))).toEqual(["c.txt"]);
  });

  it("leaves nothing behind when it fails", async () => {
    const path = join(FOLDER, "taken");
    mkdirSync(path);
    await expect(writeWhole(path, "text")).rejects.toMatchObject({ code: "EISDIR" });
    expect(readdirSync(FOLDER).filter((name) => name.endsWith(".unfinished"))).toEqual([]);
  });

  it("comes back from a folder in which nothing can be made", async (context) => {
    if (!existsSync("/proc/self")) context.skip("there is no /proc, whose folders take no new names");
    await expect(writeWhole("/proc/portfall/a/b.txt", "text")).rejects.toMatchObject({ code: "ENOENT" });
  });
});
