import { parseConntrack } from "../../kernel/show/conntrack_reader.ts";
import { parseIpvs } from "../../kernel/show/ipvs_reader.ts";
import { parseIpvsSave } from "../../kernel/show/ipvs_save_reader.ts";
import type { Listing } from "../../kernel/show/listing.ts";
import { parseSs } from "../../kernel/show/ss_reader.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { howToCollect, type ExportKind } from "./collector.ts";
import { readComponentConfig } from "./component_config.ts";
import { decodeExport } from "./decode_export.ts";
import { exportDiagnostic, fileDiagnostic, placeOf, type ExportProblem, type ExportText } from "./export_problem.ts";
import type { ExportReading, Exports } from "./exports.ts";
import {
  parseIpAddr,
  parseIptablesSave,
  parseServiceTable,
  parseSysctlFile,
  parseSysctlList,
  parseUname,
} from "./node_texts.ts";
import { takeObjects } from "./object_reader.ts";
import { readFlags } from "./process_flags.ts";
import { JSON_LEVELS_MOST, tooDeepInJson } from "../json_depth.ts";
import { jsonFault } from "./json_fault.ts";
import { kindOfName, recognise } from "./recognise.ts";

/** A file of an export. */
export interface ExportFile {
  /** As people see it in diagnostics. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The most bytes that a file may have. */
export const EXPORT_BYTES_MOST = 256 * 1024 * 1024;

/** The longest line of a listing, in characters. */
const LINE_MOST = 262_144;

/** Lines of one file that are reported one by one. */
const PROBLEMS_MOST = 10;

/** Kinds of which one file is all there can be. */
const SINGLE: ReadonlySet<ExportKind> = new Set([
  "ss -tan",
  "conntrack -L",
  "iptables-save",
  "sysctl -a",
  "uname",
  "version_signature",
  "ip addr",
  "meminfo",
] as const);

/**
 * Reads the files of a folder, each by what stands in it. A file that nobody can tell, a line that does not belong to its
 * tool's text, a second file of a kind that there is once: each is a diagnostic, and nothing is passed over in silence.
 */
export function readExports(files: readonly ExportFile[]): ExportReading {
  const reader = new ExportReader();
  for (const file of files) reader.take(file);
  return reader.reading();
}

class ExportReader {
  readonly #exports: Exports = {
    cluster: { pods: [], services: [], slices: [], nodes: [], interfaces: [], kubeProxy: undefined },
    configured: new Map(),
    flags: new Map(),
  };
  readonly #files: { readonly path: string; readonly kind: ExportKind }[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  readonly #notes: string[] = [];

  reading(): ExportReading {
    return {
      exports: this.#exports,
      files: this.#files,
      diagnostics: this.#diagnostics,
      notes: this.#notes,
    };
  }

  take({ path, bytes }: ExportFile): void {
    const decoded = decodeExport(bytes);
    const file: ExportText = { path, text: decoded.text };
    if (!decoded.ok) return this.#report(file, [decoded.problem]);
    const kind = recognise(path, decoded.text);
    if (kind === "empty") return void this.#notes.push(`${path} is empty: taken as not collected`);
    if (kind === "not used") return void this.#notes.push(`${path} is known, and of no use here`);
    if (kind === "unknown") return this.#refuse(file);
    if (decoded.note !== undefined) this.#notes.push(`${path}: ${decoded.note}`);
    if (this.#isMisplaced(file, kind) || this.#hasLongLine(file, kind)) return;
    this.#files.push({ path, kind });
    this.#read(file, kind);
  }

  /** Whether the file has another tool's text than its name says, or is the second of its kind. */
  #isMisplaced(file: ExportText, kind: ExportKind): boolean {
    const named = kindOfName(file.path);
    const isJson = kind === "kubectl";
    if (named !== undefined && named !== kind && !(isJson && named === "ip addr")) {
      const message = `Cannot take this for ${named}: it looks like ${kind}`;
      const toMend = `collect ${howToCollect(named)}, or rename the file`;
      this.#report(file, [{ line: 1, message, expected: `what ${named} prints, as the file's name says`, toMend }]);
      return true;
    }
    const first = SINGLE.has(kind) ? this.#files.find((other) => other.kind === kind) : undefined;
    if (first === undefined) return false;
    const message = `Cannot take a second ${kind}: ${first.path} is one already`;
    this.#report(file, [
      { line: 1, message, expected: "the exports of one node at one time", toMend: "remove one of the two" },
    ]);
    return true;
  }

  #hasLongLine(file: ExportText, kind: ExportKind): boolean {
    if (kind === "kubectl") return false;
    let line = 1;
    for (let start = 0; start <= file.text.length; line += 1) {
      const found = file.text.indexOf("\n", start);
      const end = found < 0 ? file.text.length : found;
      if (end - start > LINE_MOST) {
        const message = `Cannot read a line of ${end - start} characters`;
        this.#report(file, [
          { line, message, expected: `at most ${LINE_MOST} characters`, toMend: "collect the file again" },
        ]);
        return true;
      }
      start = end + 1;
    }
    return false;
  }

  #refuse(file: ExportText): void {
    const named = kindOfName(file.path);
    const said = named === undefined ? "" : ` (its name says ${named})`;
    const first = file.text.split("\n", 50).findIndex((line) => line.trim() !== "") + 1;
    this.#report(file, [
      {
        line: Math.max(1, first),
        message: `Cannot tell what this file is${said}`,
        expected: "the text of a tool that `sim import --commands` lists",
        toMend: named === undefined ? "remove the file from the folder" : `collect ${howToCollect(named)}`,
      },
    ]);
  }

  #read(file: ExportText, kind: ExportKind): void {
    const exports = this.#exports;
    switch (kind) {
      case "kubectl":
        return this.#readJson(file);
      case "kube-proxy configuration":
      case "kubelet configuration": {
        const { kubeProxy, problems } = readComponentConfig(file.text);
        exports.cluster.kubeProxy ??= kubeProxy;
        return this.#report(file, problems);
      }
      case "ss -tan":
        exports.sockets = this.#rows(file, kind, parseSs(withoutPrompts(file.text)));
        return;
      case "conntrack -L": {
        const text = withoutPrompts(file.text);
        exports.flows = this.#rows(file, kind, parseConntrack(text));
        exports.otherFlows = exports.flows.filter(({ protocol }) => protocol !== "tcp").length;
        return;
      }
      case "ipvsadm -Ln":
        exports.ipvs = this.#rows(file, kind, parseIpvs(withoutPrompts(file.text)));
        return;
      case "ipvsadm-save -n":
        exports.ipvs ??= this.#rows(file, kind, parseIpvsSave(withoutPrompts(file.text)));
        return;
      default:
        return this.#readNodeText(file, kind);
    }
  }

  #readNodeText(file: ExportText, kind: ExportKind): void {
    const exports = this.#exports;
    switch (kind) {
      case "sysctl -a":
        exports.running = new Map(
          this.#rows(file, kind, parseSysctlList(file.text)).map(({ name, text }) => [name, text]),
        );
        return;
      case "sysctl.d":
        return this.#readSysctlFile(file);
      case "iptables-save": {
        const [facts] = this.#rows(file, kind, parseIptablesSave(file.text));
        if (facts !== undefined) exports.iptables = facts;
        return;
      }
      case "uname": {
        const [uname] = this.#rows(file, kind, parseUname(withoutPrompts(file.text)));
        if (uname === undefined) return;
        exports.kernelBuild = uname.build;
        if (uname.nodeName !== undefined) exports.nodeName = uname.nodeName;
        if (uname.upstreamRelease !== undefined) exports.upstreamRelease ??= uname.upstreamRelease;
        return;
      }
      case "ip addr":
        exports.cluster.interfaces.push(...this.#rows(file, kind, parseIpAddr(withoutPrompts(file.text))));
        return;
      case "kubectl get svc":
        exports.cluster.services.push(...this.#rows(file, kind, parseServiceTable(withoutPrompts(file.text))));
        return;
      default:
        return this.#readWord(file.text, kind);
    }
  }

  /** Texts of which one word counts. */
  #readWord(text: string, kind: ExportKind): void {
    const exports = this.#exports;
    if (kind === "version_signature") exports.upstreamRelease = /(\d+\.\d+\.\d+)\s*$/.exec(text.trim())?.[1] ?? "";
    const hz = /^CONFIG_HZ=(\d+)$/m.exec(text)?.[1];
    if (kind === "kernel configuration" && hz !== undefined) exports.hz = Number(hz);
    const kibibytes = /^MemTotal: +(\d{1,15}) kB/m.exec(text)?.[1];
    if (kind === "meminfo" && kibibytes !== undefined) exports.memoryBytes = Number(kibibytes) * 1024;
    if (kind === "process arguments") exports.flags = new Map([...exports.flags, ...readFlags(text.split(/\s+/))]);
  }

  #readSysctlFile(file: ExportText): void {
    const { rows, problems } = parseSysctlFile(file.text);
    for (const row of rows) this.#exports.configured.set(row.name, row);
    for (const { line, message } of problems) this.#notes.push(`${file.path}:${line}: ${message}`);
  }

  #readJson(file: ExportText): void {
    const deep = tooDeepInJson(file.text);
    if (deep !== undefined) {
      const message = `Cannot read this as JSON: it is nested more than ${JSON_LEVELS_MOST} levels deep`;
      const expected = "what kubectl prints with -o json";
      return this.#report(file, [{ ...placeOf(file.text, deep), message, expected, toMend: "collect the file again" }]);
    }
    let value: unknown;
    try {
      value = JSON.parse(file.text);
    } catch {
      return this.#report(file, [jsonProblem(file.text)]);
    }
    const { taken, nested } = takeObjects(value, this.#exports.cluster);
    for (const { name, text } of nested) {
      const { kubeProxy, problems } = readComponentConfig(text);
      this.#exports.cluster.kubeProxy ??= kubeProxy;
      const told = problems.map((one) => ({ line: 1, message: `data["${name}"]: ${one.message}` }));
      this.#report(file, told);
    }
    if (taken === 0) this.#notes.push(`${file.path} holds no Service, Pod, Node or EndpointSlice`);
  }

  /** The rows of a tool's text; what is wrong with it is reported. */
  #rows<Row>(file: ExportText, kind: ExportKind, { rows, problems }: Listing<Row>): readonly Row[] {
    const toMend = `collect ${howToCollect(kind)} again`;
    this.#report(
      file,
      problems.map((problem) => ({ ...problem, toMend })),
    );
    return rows;
  }

  #report(file: ExportText, problems: readonly ExportProblem[]): void {
    for (const problem of problems.slice(0, PROBLEMS_MOST)) this.#diagnostics.push(exportDiagnostic(file, problem));
    const more = problems.length - PROBLEMS_MOST;
    if (more > 0) {
      const message = `Cannot read ${more} more lines of this file`;
      this.#diagnostics.push(fileDiagnostic(file.path, message, "collect the file again"));
    }
  }
}

/** The text with what a terminal showed around it, such as `# ss -tan`, made blank; lines keep their numbers. */
function withoutPrompts(text: string): string {
  return /^[#$] ?/m.test(text) ? text.replace(/^[#$].*$/gm, "") : text;
}

function jsonProblem(text: string): ExportProblem {
  const fault = jsonFault(text);
  const isCut = fault >= text.length;
  return {
    ...placeOf(text, isCut ? Math.max(0, text.trimEnd().length - 1) : fault),
    message: isCut ? "Cannot read this as JSON: it is cut off" : "Cannot read this as JSON from here on",
    expected: "what kubectl prints with -o json, whole",
    toMend: "collect the file again; look for a full disk or a lost connection",
  };
}

/** The diagnostic of a file that is too large to be read. */
export function tooLargeExport(path: string, bytes: number): Diagnostic {
  const message = `Cannot read a file of ${bytes} bytes: the most is ${EXPORT_BYTES_MOST}`;
  return fileDiagnostic(path, message, "collect one node's exports, at one time");
}
