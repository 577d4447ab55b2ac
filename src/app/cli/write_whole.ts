import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** How the name of a file ends that is being written; one that a crash left behind may be removed. */
export const UNFINISHED = ".unfinished";

/**
 * Writes a file so that nobody ever sees a part of it: under another name first, flushed to the disk, then renamed. The
 * folders above it are made.
 *
 * @throws the system's error; nothing is left behind then.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  // Two processes that write the same file must not write into each other's.
  const draft = `${path}.${randomUUID()}${UNFINISHED}`;
  try {
    const file = await open(draft, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/**
 * Makes a folder and those above it. The recursive mkdir of Node does not come back where a file system, such as /proc,
 * calls a new name in an existing folder missing.
 */
async function makeFolder(folder: string): Promise<void> {
  const why = await mkdir(folder).then(() => undefined, codeOf);
  if (why === undefined) return;
  if (why === "ENOENT" && dirname(folder) !== folder) {
    await makeFolder(dirname(folder));
    await mkdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
    });
    return;
  }
  // What stands there may be a file; and where a folder may not be made, it may exist all the same.
  if (!(await stat(folder)).isDirectory())
    throw Object.assign(new Error(`not a directory: ${folder}`), { code: "ENOTDIR" });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : "unknown";
}

/** Makes the new name itself last; where folders cannot be opened, as on Windows, the system sees to it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
