import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isatty } from "node:tty";
import { runStudy } from "../../study/run_study.ts";
import type { CliIo, FileList, FileText, TextOutput } from "./cli_io.ts";

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
    listFiles,
    writeNewFile,
    replaceFile,
    digest: (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`,
    runStudy,
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

async function readText(path: string): Promise<FileText> {
  try {
    return { ok: true, text: await readFile(path, "utf8") };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
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

async function writeNewFile(path: string, text: string): Promise<string | undefined> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return undefined;
  } catch (error) {
    return whyOf(error);
  }
}

/** Writes beside the file and renames, so that nobody ever sees a part of it. */
async function replaceFile(path: string, content: Uint8Array | string): Promise<string | undefined> {
  const draft = `${path}.part-${process.pid}`;
  try {
    if (await isDirectory(path)) return REASONS["EISDIR"];
    await writeFile(draft, content, { flag: "wx" });
    await rename(draft, path);
    return undefined;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    const why = whyOf(error);
    return why === REASONS["ENOENT"] ? "there is no such folder" : why;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "it exists already; name another file, or remove it first",
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
