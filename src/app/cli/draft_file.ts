import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf } from "./system_error.ts";

/** How the name of a file ends that is being written; one that a crash left behind may be removed. */
export const UNFINISHED = ".unfinished";

/** The names that `makeDraft` gives; the number is that of the process. */
const DRAFT = /^portfall-(\d+)-[0-9a-f-]{36}\.unfinished$/;

/** Whether a name is that of a file under way, or of one that a crash cut short: nobody's input. */
export function isDraft(name: string): boolean {
  return DRAFT.test(name);
}

/** The folders that this process has cleared of what crashed ones left. */
const cleared = new Set<string>();

/** What this process is writing now: paths by names. */
const underWay = new Map<string, string>();

process.once("exit", () => {
  for (const draft of underWay.values()) {
    try {
      rmSync(draft, { force: true });
    } catch {
      // The next run removes it.
    }
  }
});

/**
 * Writes content to a new file that stands beside its target under another name, and flushes it to the disk. The folder
 * is made, and what processes that were killed left in it goes.
 *
 * @param prepare is done to the open file before it is flushed.
 * @returns its path; whoever asked renames it and ends it with `dropDraft`.
 * @throws the system's error; nothing is left behind then.
 */
export async function makeDraft(
  folder: string,
  content: string | Uint8Array,
  prepare?: { readonly mode: number; readonly also: (file: FileHandle) => Promise<void> },
): Promise<string> {
  await makeFolder(folder);
  await clearFolder(folder);
  // Two processes that write the same file must not write into each other's; and a long name leaves no room for a longer.
  const name = `portfall-${process.pid}-${randomUUID()}${UNFINISHED}`;
  const draft = join(folder, name);
  underWay.set(name, draft);
  try {
    const file = await open(draft, "wx", prepare?.mode ?? 0o666);
    try {
      await file.writeFile(content);
      await prepare?.also(file);
      await file.sync();
    } finally {
      await file.close();
    }
    return draft;
  } catch (error) {
    await dropDraft(draft);
    throw error;
  }
}

/** Ends a draft: removes it if it is still there. */
export async function dropDraft(draft: string): Promise<void> {
  underWay.delete(basename(draft));
  // The error that matters is the one of writing; a draft that stays is removed by the next run.
  await rm(draft, { force: true }).catch(() => undefined);
}

/**
 * Makes names in a folder last. Where folders cannot be opened or flushed, as on Windows, the system sees to it.
 *
 * @throws the error of a disk that fails.
 */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } catch (error) {
    if (["EIO", "ENOSPC", "EDQUOT"].includes(codeOf(error) ?? "")) throw error;
  } finally {
    await handle?.close();
  }
}

/**
 * Makes a folder and those above it. The recursive mkdir of Node does not come back where a file system, such as /proc,
 * calls a new name in an existing folder missing.
 */
async function makeFolder(folder: string): Promise<void> {
  const why = await mkdir(folder).then(
    () => undefined,
    (error: unknown) => codeOf(error) ?? "unknown",
  );
  if (why === undefined) return syncFolder(dirname(folder));
  if (why === "ENOENT" && dirname(folder) !== folder) {
    await makeFolder(dirname(folder));
    await mkdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
    });
    return syncFolder(dirname(folder));
  }
  // What stands there may be a file; and where a folder may not be made, it may exist all the same.
  if (!(await stat(folder)).isDirectory())
    throw Object.assign(new Error(`not a directory: ${folder}`), { code: "ENOTDIR" });
}

/** Removes the drafts of processes that are no more, once for each folder. */
async function clearFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  if (cleared.has(path)) return;
  cleared.add(path);
  const names = await readdir(path).catch(() => []);
  for (const name of names) {
    const pid = DRAFT.exec(name)?.[1];
    if (pid === undefined || isUnderWay(name, Number(pid))) continue;
    await rm(join(path, name), { force: true }).catch(() => undefined);
  }
}

/** Whether somebody on this machine still writes a draft. On a shared disk it may be another machine's: see `writeWhole`. */
function isUnderWay(name: string, pid: number): boolean {
  // In a container each run may have the same number.
  if (pid === process.pid) return underWay.has(name);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}
