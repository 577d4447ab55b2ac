import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isatty } from "node:tty";
import { WorkerPool } from "../../study/worker_pool.ts";
import type { CliIo, FileBytes, FileList, FileText, FolderList, TextOutput } from "./cli_io.ts";
import { writeWhole } from "./write_whole.ts";

/** The machine as Node shows it. `signal` aborts when the user interrupts the program. */
export function nodeIo(signal: AbortSignal): CliIo {
  return {
    stdout: textOutput(process.stdout),
    stderr: textOutput(process.stderr),
    environment: process.env,
    cores: availableParallelism(),
    version: packageVersion(),
    signal,
    clock: () => performance.now(),
    readFile: readText,
    readBytes,
    listFiles,
    listFolder,
    today: () => new Intl.DateTimeFormat("sv-SE").format(),
    writeNewFile,
    writeWholeFile: (path, content) => whyNot(writeWhole(path, content)),
    readWebFile,
    digest: (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`,
    runStudy: async (request) => (await import("../../study/study_on_workers.ts")).runStudy(request),
    openWorkers: (jobs) => new WorkerPool(jobs),
    buildDigest,
    runtime: `Node ${process.versions.node} on ${process.platform} ${process.arch}`,
    cpuSeconds,
  };
}

/** CPU time of the process, its worker threads included. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Node's type of the two streams says that both are terminals; whether they are, the descriptor tells. */
function textOutput(stream: NodeJS.WriteStream & { readonly fd: number }): TextOutput {
  const isTerminal = isatty(stream.fd);
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    get columns() {
      // A terminal that does not know its width says 0.
      return isTerminal && stream.columns > 0 ? stream.columns : undefined;
    },
  };
}

/** The most bytes of a text; a device such as /dev/zero has no end. */
const TEXT_BYTES_MOST = 256 * 1024 * 1024;

async function readText(path: string): Promise<FileText> {
  const read = await readBytes(path, TEXT_BYTES_MOST);
  if (read.ok)
    return {
      ok: true,
      text: Buffer.from(read.bytes.buffer, read.bytes.byteOffset, read.bytes.length).toString("utf8"),
    };
  return "why" in read ? read : { ok: false, why: `it has more than ${TEXT_BYTES_MOST} bytes, which are the most` };
}

/** `dist/` lies three folders above both `src/app/cli` and `dist/app/cli`. */
function readWebFile(name: string): Promise<FileText> {
  return readText(fileURLToPath(new URL(`../../../dist/app/web/${name}`, import.meta.url)));
}

async function readBytes(path: string, most: number): Promise<FileBytes> {
  try {
    const { size } = await stat(path);
    if (size > most) return { ok: false, tooMany: size };
    const bytes = await readAtMost(path, most + 1);
    return bytes.length > most ? { ok: false, tooMany: bytes.length } : { ok: true, bytes };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

/** The first bytes of a file, of a pipe or of a device, which need not say how many they have. */
async function readAtMost(path: string, most: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: most - 1, highWaterMark: 1_048_576 })) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

async function listFiles(path: string): Promise<FileList> {
  try {
    if (!(await stat(path)).isDirectory()) return { ok: true, files: [path] };
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    return { ok: true, files: files.map(({ parentPath, name }) => join(parentPath, name)) };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

async function listFolder(path: string): Promise<FolderList> {
  try {
    const names = await readdir(path);
    const kinds = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
    return {
      ok: true,
      entries: names.map((name, index) => ({ name, isFolder: kinds[index]?.isDirectory() === true })),
    };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

function writeNewFile(path: string, text: string): Promise<string | undefined> {
  return whyNot(writeFile(path, text, { flag: "wx" }));
}

/** What keeps something from being done; `undefined` once it is done. */
async function whyNot(done: Promise<void>): Promise<string | undefined> {
  try {
    await done;
    return undefined;
  } catch (error) {
    return whyOf(error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it exists already; name another file, or remove it first",
  EFBIG: "the file would be larger than this user may write",
  EISDIR: "it is a directory",
  ENOENT: "there is no such file",
  ENOTDIR: "a part of the path is no directory",
  ENOSPC: "no space is left on the device",
  EROFS: "the file system is read-only",
};

/** A system error in words. */
function whyOf(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === undefined) throw error;
  return REASONS[code] ?? code;
}

/** The version in package.json, which lies three folders above both `src/app/cli` and `dist/app/cli`. */
function packageVersion(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
  );
  return manifest.version;
}

/** The rooms whose code the results depend on. */
const RESULT_ROOMS = ["units", "sim", "kernel", "cluster", "scenario", "study"];

/** The digest over the scripts of those rooms, by their paths. */
async function buildDigest(): Promise<string> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const names = (await readdir(root, { recursive: true }))
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(js|ts)$/.test(name) && !name.endsWith(".d.ts"))
    .filter((name) => RESULT_ROOMS.includes(name.replace(/[/.].*$/, "")))
    .toSorted();
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name}\0${await readFile(join(root, name), "utf8")}\0`);
  return `sha256:${hash.digest("hex")}`;
}
