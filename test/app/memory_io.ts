import { createHash } from "node:crypto";
import type { CliIo } from "../../src/app/cli/cli_io.ts";
import { WorkerPool } from "../../src/study/worker_pool.ts";
import { failingRun } from "../report/run_documents.ts";

/** A machine in memory: files are a map, both outputs are text, and the engine answers at once. */
export interface MemoryIo extends CliIo {
  readonly files: Map<string, string>;
  readonly out: () => string;
  readonly err: () => string;
}

/** A machine with the given files and any part of it replaced. Its engine answers with a made-up document that meets its expectations. */
export function memoryIo(files: Readonly<Record<string, string>> = {}, parts: Partial<CliIo> = {}): MemoryIo {
  const stored = new Map(Object.entries(files));
  let out = "";
  let err = "";
  return {
    files: stored,
    out: () => out,
    err: () => err,
    stdout: { write: (text) => void (out += text), isTerminal: false, columns: undefined },
    stderr: { write: (text) => void (err += text), isTerminal: false, columns: undefined },
    environment: {},
    cores: 2,
    version: "0.1.0",
    signal: new AbortController().signal,
    clock: () => 0,
    cpuSeconds: () => 0,
    readFile: async (path) => {
      const text = stored.get(path);
      return text === undefined ? { ok: false, why: "there is no such file" } : { ok: true, text };
    },
    readBytes: async (path, most) => {
      const text = stored.get(path);
      if (text === undefined) return { ok: false, why: "there is no such file" };
      const bytes = Buffer.from(text);
      return bytes.length > most ? { ok: false, tooMany: bytes.length } : { ok: true, bytes };
    },
    listFiles: async (path) => {
      const found = [...stored.keys()].filter((file) => file === path || file.startsWith(`${path}/`));
      return found.length === 0 ? { ok: false, why: "there is no such file" } : { ok: true, files: found };
    },
    listFolder: async (path) => {
      const prefix = path === "." ? "" : `${path.replace(/\/+$/, "")}/`;
      const below = [...stored.keys()]
        .filter((file) => file.startsWith(prefix))
        .map((file) => file.slice(prefix.length));
      if (stored.has(path)) return { ok: false, why: "a part of the path is no directory" };
      if (below.length === 0) return { ok: false, why: "there is no such file" };
      const folders = new Map(below.map((name) => [name.replace(/\/.*/, ""), name.includes("/")]));
      return { ok: true, entries: [...folders].map(([name, isFolder]) => ({ name, isFolder })) };
    },
    today: () => "2026-11-21",
    writeNewFile: async (path, text) => {
      if (stored.has(path)) return "it exists already; name another file, or remove it first";
      stored.set(path, text);
      return undefined;
    },
    digest: (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`,
    writeWholeFile: async (path, content) => {
      stored.set(path, typeof content === "string" ? content : Buffer.from(content).toString("latin1"));
      return undefined;
    },
    removeFile: async (path) => void stored.delete(path),
    readWebFile: async (name) => ({ ok: true, text: `"${name}";` }),
    runStudy: async () => ({ ...failingRun(), expectations: [] }),
    openWorkers: (jobs) => new WorkerPool(jobs),
    buildDigest: async () => "sha256:build",
    runtime: "Node 20.20.2 on linux x64",
    ...parts,
  };
}

/** An output that keeps what is written, in pieces, and is a terminal of 100 columns. */
export function memoryTerminal(): { readonly written: string[] } & CliIo["stderr"] {
  const written: string[] = [];
  return { written, write: (text) => void written.push(text), isTerminal: true, columns: 100 };
}
