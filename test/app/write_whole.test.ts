import { execFile, spawnSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { statSync, symlinkSync, writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { UNFINISHED } from "../../src/app/cli/draft_file.ts";
import { writeNew, writeWhole } from "../../src/app/cli/write_whole.ts";

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

  it("replaces the file that a link leads to, be it there or not, and keeps the link", async () => {
    const folder = join(FOLDER, "links");
    mkdirSync(folder);
    writeFileSync(join(folder, "old.txt"), "old");
    symlinkSync("old.txt", join(folder, "to-old"));
    symlinkSync("made/new.txt", join(folder, "to-new"));
    for (const name of ["to-old", "to-new"]) {
      await writeWhole(join(folder, name), "text");
      expect(lstatSync(join(folder, name)).isSymbolicLink()).toBe(true);
    }
    expect(readFileSync(join(folder, "old.txt"), "utf8")).toBe("text");
    expect(readFileSync(join(folder, "made/new.txt"), "utf8")).toBe("text");
  });

  it("passes on the mode of the file that it replaces", async () => {
    const path = join(FOLDER, "secret.conf");
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    await writeWhole(path, "new");
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it("writes to a pipe as it is", async (context) => {
    const path = join(FOLDER, "pipe");
    if (spawnSync("mkfifo", [path]).status !== 0) context.skip("there is no mkfifo");
    const read = spawnReader(path);
    await writeWhole(path, "text");
    expect(await read).toBe("text");
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  it("removes what killed processes left, and leaves alone what is no draft or still being written", async () => {
    const folder = join(FOLDER, "left");
    mkdirSync(folder);
    const draft = (pid: number): string => `portfall-${pid}-00000000-0000-4000-8000-000000000000${UNFINISHED}`;
    // No process has the number that a program had that has ended just now; the parent of this one is there.
    const { pid: dead } = spawnSync(process.execPath, ["--version"]);
    for (const name of [draft(dead), draft(process.pid), draft(process.ppid), `notes${UNFINISHED}`]) {
      writeFileSync(join(folder, name), "half");
    }
    await writeWhole(join(folder, "a.txt"), "text");
    expect(readdirSync(folder).toSorted()).toEqual(["a.txt", `notes${UNFINISHED}`, draft(process.ppid)].toSorted());
  });

  it("writes anew what another machine has taken for a draft of the dead", async () => {
    const folder = join(FOLDER, "shared");
    mkdirSync(folder);
    const done = new AbortController();
    let removed = 0;
    const thief = async (): Promise<void> => {
      while (!done.signal.aborted && removed < 3) {
        for (const name of await readdir(folder)) {
          if (!name.endsWith(UNFINISHED)) continue;
          await rm(join(folder, name), { force: true });
          removed += 1;
        }
      }
    };
    const stealing = thief();
    const text = "x".repeat(4_000_000);
    await writeWhole(join(folder, "a.txt"), text);
    done.abort();
    await stealing;
    expect(removed).toBeGreaterThan(0);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe(text);
  });

  it("comes back from a folder in which nothing can be made", async (context) => {
    if (!existsSync("/proc/self")) context.skip("there is no /proc, whose folders take no new names");
    await expect(writeWhole("/proc/portfall/a/b.txt", "text")).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("writeNew", () => {
  it("writes a file whole, and the folders above it", async () => {
    const path = join(FOLDER, "fresh/a/b.txt");
    await writeNew(path, "text");
    expect(readFileSync(path, "utf8")).toBe("text");
    expect(readdirSync(join(FOLDER, "fresh/a"))).toEqual(["b.txt"]);
  });

  it("refuses whatever has that name, a link to nothing too, and leaves nothing behind", async () => {
    const folder = join(FOLDER, "taken-names");
    mkdirSync(join(folder, "folder"), { recursive: true });
    writeFileSync(join(folder, "file"), "mine");
    symlinkSync("nowhere", join(folder, "link"));
    for (const name of ["folder", "file", "link"]) {
      await expect(writeNew(join(folder, name), "text")).rejects.toMatchObject({ code: "EEXIST" });
    }
    expect(readdirSync(folder).toSorted()).toEqual(["file", "folder", "link"]);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("mine");
  });

  it("lets one of two have the name that write it at once", async () => {
    const path = join(FOLDER, "raced.txt");
    const outcomes = await Promise.allSettled(["one", "two"].map((text) => writeNew(path, text)));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(["one", "two"]).toContain(readFileSync(path, "utf8"));
  });
});

/** What a reader of a pipe gets until its end. */
function spawnReader(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("cat", [path], (error, out) => (error === null ? resolve(out) : reject(error)));
  });
}
