import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WorkerPool } from "../../study/worker_pool.ts";
import type { CliIo, FileBytes, FileList, FileText, FolderList } from "./cli_io.ts";
import { tuneCompiler } from "./compiler.ts";
import { isDraft } from "./draft_file.ts";
import { readSteadyFile } from "./read_steady_file.ts";
import { standardOutput } from "./standard_output.ts";
import { whyNotWritten, whyOf } from "./system_error.ts";
import { writeNew, writeWhole } from "./write_whole.ts";

/** The machine as Node shows it. `signal` aborts when the user interrupts the program. */
export function nodeIo(signal: AbortSignal): CliIo {
  return {
    stdout: standardOutput(process.stdout),
    stderr: standardOutput(process.stderr),
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
    writeNewFile: (path, text) => whyNot(writeNew(path, text)),
    writeWholeFile: (path, content) => whyNot(writeWhole(path, content)),
    removeFile: (path) => rm(path, { force: true }).catch(() => undefined),
    readWebFile,
    digest: (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`,
    runStudy: async (request) => (await import("../../study/study_on_workers.ts")).runStudy(request),
    openWorkers: (jobs, simulation) => {
      tuneCompiler(simulation);
      return new WorkerPool(jobs);
    },
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

/** The most bytes of a text; a device such as /dev/zero has no end. */
const TEXT_BYTES_MOST = 256 * 1024 * 1024;

async function readText(path: string): Promise<FileText> {
  const tooLong = { ok: false, why: `it has more than ${TEXT_BYTES_MOST} bytes` } as const;
  try {
    if ((await stat(path)).size > TEXT_BYTES_MOST) return tooLong;
    const bytes = await readSteadyFile(path, TEXT_BYTES_MOST);
    if (bytes.length > TEXT_BYTES_MOST) return tooLong;
    return { ok: true, text: bytes.toString("utf8") };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

/** `dist/` lies three folders above both `src/app/cli` and `dist/app/cli`. */
function readWebFile(name: string): Promise<FileText> {
  return readText(fileURLToPath(new URL(`../../../dist/app/web/${name}`, import.meta.url)));
}

async function readBytes(path: string, most: number): Promise<FileBytes> {
  try {
    const found = await stat(path);
    const { size } = found;
    if (!found.isFile() && !found.isDirectory()) return { ok: false, why: "it is a pipe or a device" };
    if (size > most) return { ok: false, tooMany: size };
    const bytes = await readSteadyFile(path, most);
    return bytes.length > most ? { ok: false, tooMany: bytes.length } : { ok: true, bytes };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

async function listFiles(path: string): Promise<FileList> {
  try {
    if (!(await stat(path)).isDirectory()) return { ok: true, files: [path] };
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    // Reading a pipe or a device in a folder may take for ever.
    const files = entries.filter((entry) => (entry.isFile() && !isDraft(entry.name)) || entry.isSymbolicLink());
    return { ok: true, files: files.map(({ parentPath, name }) => join(parentPath, name)) };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

async function listFolder(path: string): Promise<FolderList> {
  try {
    const names = (await readdir(path)).filter((name) => !isDraft(name));
    const kinds = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
    return {
      ok: true,
      entries: names.map((name, index) => ({ name, isFolder: kinds[index]?.isDirectory() === true })),
    };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

/** What keeps something from being written; `undefined` once it is. */
async function whyNot(done: Promise<void>): Promise<string | undefined> {
  try {
    await done;
    return undefined;
  } catch (error) {
    return whyNotWritten(error);
  }
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
