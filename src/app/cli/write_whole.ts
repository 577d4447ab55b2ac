import { constants } from "node:fs";
import { access, link, lstat, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { dropDraft, makeDraft, syncFolder } from "./draft_file.ts";
import { codeOf } from "./system_error.ts";

/** Names for what is open already, such as the standard output: they are written to and never replaced. */
const DESCRIPTOR = /^\/(dev\/(std(in|out|err)|fd\/\d+)|proc\/(self|\d+)\/fd\/\d+)$/;

/** How often a draft that somebody takes away is written anew. */
const ATTEMPTS_MOST = 5;

/**
 * Writes a file so that nobody ever sees a part of it: under another name first, flushed to the disk, then renamed. The
 * folders above it are made. A file that it replaces passes on its mode and, as far as the system permits, its owner; of
 * a link, the file that it leads to is replaced. Devices and pipes are written to as they are.
 *
 * @throws the system's error; nothing is left behind then.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const target = await targetOf(path);
  if (target.kind === "stream") return append(path, content);
  const folder = dirname(target.path);
  for (let attempt = 1; ; attempt += 1) {
    const draft = await makeDraft(folder, content, target.kind === "present" ? likeThat(target) : undefined);
    try {
      await rename(draft, target.path);
      break;
    } catch (error) {
      // Another machine that shares the disk may have taken the draft for that of a process that is no more.
      if (codeOf(error) !== "ENOENT" || attempt === ATTEMPTS_MOST) throw error;
    } finally {
      await dropDraft(draft);
    }
  }
  await syncFolder(folder);
}

/**
 * Writes a file that is not there yet, whole or not at all. The folders above it are made.
 *
 * @throws the system's error, EEXIST if something has that name; nothing is left behind then.
 */
export async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  if (await lstat(path).then(() => true, isSomethingThere)) throw present(path);
  const draft = await makeDraft(dirname(path), content);
  try {
    await link(draft, path).catch(async (error: unknown) => {
      if (codeOf(error) === "EEXIST") throw error;
      // Without hard links the name is taken first: a crash right here leaves an empty file.
      await (await open(path, "wx")).close();
      await rename(draft, path).catch(async (why: unknown) => {
        await rm(path, { force: true });
        throw why;
      });
    });
  } finally {
    await dropDraft(draft);
  }
  await syncFolder(dirname(path));
}

/** What stands at a path: nothing, a file to be replaced, or what can only be written to. */
type Target =
  | { readonly kind: "new"; readonly path: string }
  | {
      readonly kind: "present";
      readonly path: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly kind: "stream" };

async function targetOf(path: string): Promise<Target> {
  if (DESCRIPTOR.test(resolve(path))) return { kind: "stream" };
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
    return undefined;
  });
  if (found === undefined) return { kind: "new", path: await endOfLinks(path) };
  if (found.isDirectory()) throw Object.assign(new Error(`a directory: ${path}`), { code: "EISDIR" });
  if (!found.isFile()) return { kind: "stream" };
  // A new name in the folder needs no permission of the file itself, but whoever took it away has meant something.
  await access(path, constants.W_OK);
  return { kind: "present", path: await realpath(path), mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
}

/** Where a link leads to whose file is not there yet; the system has found that it does not lead in a circle. */
async function endOfLinks(path: string): Promise<string> {
  const next = await readlink(path).catch(() => undefined);
  return next === undefined ? path : endOfLinks(resolve(dirname(path), next));
}

/** Makes a draft like the file that it replaces; nobody may read more of it than that. */
function likeThat({ mode, uid, gid }: Target & { readonly kind: "present" }) {
  const also = async (file: FileHandle): Promise<void> => {
    const own = await file.stat();
    // Only root may give files away, and some file systems know no owners and modes.
    if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid).catch(() => undefined);
    if ((own.mode & 0o7777) !== mode) await file.chmod(mode).catch(() => undefined);
  };
  return { mode: mode & 0o777, also };
}

async function append(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, "a");
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}

function isSomethingThere(error: unknown): boolean {
  if (codeOf(error) === "ENOENT") return false;
  throw error;
}

function present(path: string): Error {
  return Object.assign(new Error(`exists already: ${path}`), { code: "EEXIST" });
}
