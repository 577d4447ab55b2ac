import type { RunDocument } from "../../study/run_document.ts";
import type { RunRequest } from "../../study/study_on_workers.ts";
import type { WorkerPool } from "../../study/worker_pool.ts";

/** Where text goes: a terminal, a pipe or a file. */
export interface TextOutput {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  /** The terminal's width; `undefined` if it is none. */
  readonly columns: number | undefined;
}

/** A file's text, or why it cannot be read, to complete "Cannot read …: ". */
export type FileText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

/** A file's bytes; or how many it has, if there are more than may be read; or why it cannot be read. */
export type FileBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly tooMany: number }
  | { readonly ok: false; readonly why: string };

/** The files below a folder, or why they cannot be listed, to complete "Cannot read …: ". */
export type FileList =
  { readonly ok: true; readonly files: readonly string[] } | { readonly ok: false; readonly why: string };

/** What lies directly in a folder, or why that cannot be said, to complete "Cannot read …: ". */
export type FolderList =
  | { readonly ok: true; readonly entries: readonly { readonly name: string; readonly isFolder: boolean }[] }
  | { readonly ok: false; readonly why: string };

/** All that the commands see of the machine they run on. */
export interface CliIo {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Cores that may be used, at least 1. */
  readonly cores: number;
  /** The version of portfall. */
  readonly version: string;
  /** Aborts when the user interrupts the program. */
  readonly signal: AbortSignal;
  /** A clock for people, in milliseconds from any moment; no result depends on it. */
  readonly clock: () => number;
  /** CPU time that the program has used, in seconds, all threads together. */
  readonly cpuSeconds: () => number;
  /** A file's text. One that is written to meanwhile is read again, and refused if that does not end. */
  readonly readFile: (path: string) => Promise<FileText>;
  /** A file as it is, of at most `most` bytes. */
  readonly readBytes: (path: string, most: number) => Promise<FileBytes>;
  /**
   * The paths of all files below a folder, at any depth and in no order, without pipes, devices and what a crash left half
   * written; of a file, its own path.
   */
  readonly listFiles: (path: string) => Promise<FileList>;
  /**
   * The names of what lies directly in a folder, in no order, without what a crash left half written; links count as what
   * they lead to.
   */
  readonly listFolder: (path: string) => Promise<FolderList>;
  /** The present day in the local calendar, `YYYY-MM-DD`. */
  readonly today: () => string;
  /**
   * Writes a file that does not exist yet, and the folders above it, so that it is there whole or not at all.
   *
   * @returns why it cannot be written; `undefined` once it is safe on the disk.
   */
  readonly writeNewFile: (path: string, text: string) => Promise<string | undefined>;
  /**
   * Writes a file, and the folders above it, so that it is there whole or not at all, even after a crash or a power cut;
   * it takes the place of an older one.
   *
   * @returns why it cannot be written; `undefined` once it is safe on the disk.
   */
  readonly writeWholeFile: (path: string, content: string | Uint8Array) => Promise<string | undefined>;
  /** Removes a file that this program has just written, if it is there. */
  readonly removeFile: (path: string) => Promise<void>;
  /** Reads a file that the build has made for browsers, by its name in `dist/app/web/`. */
  readonly readWebFile: (name: string) => Promise<FileText>;
  /** The SHA-256 of a text as `sha256:` and hexadecimal digits. */
  readonly digest: (text: string) => string;
  /** The engine's door. Rejects with an `AbortError` once `signal` aborts, and with any other error for a bug. */
  readonly runStudy: (request: RunRequest) => Promise<RunDocument>;
  /** Worker threads that several runs share, to send every packet or to carry flows; whoever opens them closes them. */
  readonly openWorkers: (jobs: number, simulation: "flow" | "packet") => WorkerPool;
  /** The digest of the program's code that results depend on: it tells two builds of one version apart. */
  readonly buildDigest: () => Promise<string>;
  /** What the program runs on, for people: `Node 20.20.2 on linux x64`. */
  readonly runtime: string;
}
