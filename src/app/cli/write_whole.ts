import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
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
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    // A file stands where the folder would be, which mkdir calls an existing one.
    throw isExisting(error) ? Object.assign(error, { code: "ENOTDIR" }) : error;
  });
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

function isExisting(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

/** Makes the new name itself last; where folders cannot be opened, as on Windows, the system sees to it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
