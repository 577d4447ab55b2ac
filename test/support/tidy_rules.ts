import { dirname, join, normalize } from "node:path";
import { errorAt, errorOnLine, importsOf, sourcesOf, type Import, type TextFile } from "./tidy_text.ts";

/** A rule about one file: messages `path:line: error: X is banned, use Y`. */
export type Rule = (file: TextFile) => string[];

/** A file fits one idea; `DATA_TABLES` are the exceptions. */
const MOST_LINES = 400;
const DATA_TABLES = new Set(["src/kernel/sysctl_table.ts"]);

interface Room {
  /** The rooms it may import. */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

const ROOMS: Readonly<Record<string, Room>> = {
  units: { rooms: [], packages: [] },
  sim: { rooms: ["units"], packages: ["seedrandom"] },
  kernel: { rooms: ["units", "sim"], packages: [] },
  cluster: { rooms: ["units", "sim", "kernel"], packages: [] },
  scenario: { rooms: ["units", "kernel"], packages: ["yaml", "zod"] },
  study: { rooms: ["units", "sim", "kernel", "cluster", "scenario"], packages: [] },
  check: { rooms: ["units", "sim", "kernel", "cluster", "scenario", "study"], packages: ["fast-check"] },
  conform: { rooms: ["units", "sim", "kernel"], packages: ["zod"] },
  report: {
    rooms: ["units", "sim", "kernel", "cluster", "scenario", "study"],
    packages: ["vega", "vega-lite", "vega-embed", "vega-scenegraph", "@resvg/resvg-js", "hyparquet-writer", "zod"],
  },
  index: {
    rooms: ["units", "sim", "kernel", "cluster", "scenario", "study", "check", "conform", "report"],
    packages: [],
  },
  vitest: { rooms: ["check"], packages: ["vitest"] },
  app: {
    rooms: ["units", "sim", "kernel", "cluster", "scenario", "study", "check", "conform", "report", "index"],
    packages: ["yaml", "yargs", "vite", "vite-plugin-singlefile", "vega-embed", "zod"],
  },
};

/** What `scenario` may take from `kernel` at run time; types it may take from all of it. */
const KERNEL_TABLES = /^src\/kernel\/(eras|kernel_era|sysctl|show\/(listing|shown_endpoint|[a-z_]+_reader)\.ts)/;

/** The only files that name Node: the doors, the worker pool, and the writers of reports. */
const NODE_FILES = /^src\/(app\/.+|study\/worker(_pool)?|report\/(.+\/)?[a-z0-9_]+_writer)\.ts$/;

const SOURCE_FILE = /^src\/.+\.ts$/;
const CODE_FILE = /^(src|test)\/.+\.ts$/;

/** Files and folders have snake_case names. */
export const fileName: Rule = (file) => {
  if (!CODE_FILE.test(file.path)) return [];
  const isSnakeCase = file.path.split("/").every((part) => /^[a-z0-9]+(_[a-z0-9]+)*(\.[a-z]+)*$/.test(part));
  return isSnakeCase ? [] : [errorOnLine(file, 1, "a name in other letters is banned, use snake_case")];
};

/** A file is 400 lines at most, unless it is a table of data. */
export const fileLength: Rule = (file) => {
  const count = file.text.trimEnd().split("\n").length;
  if (!CODE_FILE.test(file.path) || DATA_TABLES.has(file.path) || count <= MOST_LINES) return [];
  return [errorOnLine(file, count, `a file of ${count} lines is banned, use ${MOST_LINES} at most, one idea a file`)];
};

/** Rooms import in one direction, and only the packages meant for them. */
export const importDirection: Rule = (file) => {
  if (!SOURCE_FILE.test(file.path)) return [];
  const name = roomOf(file.path);
  const room = ROOMS[name];
  if (!room) return [errorOnLine(file, 1, `the room "${name}" is banned, use ${Object.keys(ROOMS).join(", ")}`)];
  return importsOf(file).flatMap((one) => {
    const problem = one.target === undefined ? packageProblem(file, one, room) : roomProblem(name, one, room);
    return problem === undefined ? [] : [errorAt(file, one.offset, problem)];
  });
};

function roomOf(path: string): string {
  return path.slice("src/".length).replace(/\/.*/s, "").replace(/\.ts$/, "");
}

function packageProblem(file: TextFile, { specifier }: Import, room: Room): string | undefined {
  if (specifier.startsWith("node:")) {
    return NODE_FILES.test(file.path) ? undefined : `"${specifier}" is banned here, use an interface that app/ fills`;
  }
  if (room.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`))) return undefined;
  return `the package "${specifier}" is banned here, use ${room.packages.join(", ") || "no package"}`;
}

function roomProblem(from: string, { target = "", isTypeOnly }: Import, room: Room): string | undefined {
  const to = roomOf(target);
  if (to === from) return undefined;
  if (!target.startsWith("src/") || !room.rooms.includes(to)) {
    return `"${target}" in ${from} is banned, use ${room.rooms.join(", ") || "no other room"}`;
  }
  if (from !== "scenario" || to !== "kernel" || isTypeOnly || KERNEL_TABLES.test(target)) return undefined;
  return `"${target}" in scenario is banned, use types of kernel, its sysctl and era tables, or its readers of texts`;
}

/** Every export has a docstring. */
export const docstrings: Rule = (file) => {
  if (!SOURCE_FILE.test(file.path)) return [];
  const lines = file.text.split("\n");
  const seen = new Set<string>();
  return lines.flatMap((line, index) => {
    const name = /^export (?:declare |abstract |async )*(?:function\*?|class|interface|type|const|let) (\w+)/.exec(
      line,
    )?.[1];
    if (name === undefined || seen.has(name)) return []; // an overload shares the docstring of the first
    seen.add(name);
    const above = lines.slice(0, index).findLast((before) => !before.startsWith("//"));
    if (/\*\/\s*$/.test(above ?? "")) return [];
    return [errorOnLine(file, index + 1, `${name} without a docstring is banned, use one sentence in the present`)];
  });
};

const SOURCE_PATH = /^[\w.-]+(?:\/[\w.*{},-]+)+(?: [^;]+)?$/;
const SOURCE_VERSION = /, (?:[A-Z][A-Za-z-]+ )?v\d+(?:\.\d+)*\b/;

/** A source is `path function, vX.Y` or an RFC; several are parted by `;` and may share the version of the last. */
export const sourceLines: Rule = (file) => {
  if (!SOURCE_FILE.test(file.path)) return [];
  return sourcesOf(file).flatMap(({ said, line }) => {
    const pieces = said.split(/;\s*/);
    const isShaped = pieces.every((piece) => /^RFC \d+\b/.test(piece) || SOURCE_PATH.test(piece));
    const last = pieces.findLast((piece) => !piece.startsWith("RFC "));
    if (isShaped && (last === undefined || SOURCE_VERSION.test(last))) return [];
    return [errorOnLine(file, line, `"Source: ${said}" is banned, use "Source: path function, vX.Y."`)];
  });
};

/** A scenario says what it is about and what it expects. */
export const scenarioKeys: Rule = (file) => {
  if (!/^scenarios\/[^/]+\.yaml$/.test(file.path)) return [];
  return ["about", "expect"]
    .filter((key) => !new RegExp(`^${key}:`, "m").test(file.text))
    .map((key) => errorOnLine(file, 1, `a scenario without ${key}: is banned, use both about: and expect:`));
};

/**
 * What a document names exists: the targets of its links, the scripts of `npm run`, the language of its code blocks,
 * and in src/ARCHITECTURE.md every file and folder between backticks.
 */
export function documentNames(exists: (path: string) => boolean, scripts: readonly string[]): Rule {
  return (file) => {
    if (!file.path.endsWith(".md")) return [];
    const isMap = file.path === "src/ARCHITECTURE.md";
    const links = [...file.text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
    const spans = isMap ? [...file.text.matchAll(/`([\w.][\w./-]*(?:\.(?:ts|ya?ml|json|md)|\/))`/g)] : [];
    const places = (name: string): string[] => [name, join("src", name), join(dirname(file.path), name)];
    return [
      ...[...links, ...spans]
        .filter((match) => !places(match[1]!).some((place) => exists(normalize(place))))
        .map((match) => errorAt(file, match.index, `"${match[1]}" is banned, use a file that exists`)),
      ...[...file.text.matchAll(/\bnpm run ([\w:-]+)/g)]
        .filter((match) => !scripts.includes(match[1]!))
        .map((match) => errorAt(file, match.index, `"${match[0]}" is banned, use a script of package.json`)),
      ...unnamedBlocks(file),
    ];
  };
}

function unnamedBlocks(file: TextFile): string[] {
  let isInside = false;
  return file.text.split("\n").flatMap((line, index) => {
    if (!line.trimStart().startsWith("```")) return [];
    isInside = !isInside;
    if (!isInside || /```\w/.test(line)) return [];
    return [errorOnLine(file, index + 1, "a code block without a language is banned, use text if nothing runs it")];
  });
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

/**
 * The lock file has every platform's binary packages: `npm ci` refuses one that lacks them, and it lacks them when npm
 * found a package newer than its binaries.
 */
export const lockFile: Rule = (file) => {
  if (file.path !== "package-lock.json") return [];
  const { packages }: LockFile = JSON.parse(file.text);
  const locked = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/"))));
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) => {
    const missing = Object.keys(optionalDependencies).filter((name) => !locked.has(`node_modules/${name}`));
    if (missing.length === 0) return [];
    const line = file.text.slice(0, file.text.indexOf(`"${path}": {`)).split("\n").length;
    const what = `${path} without ${missing.length} of its platforms (${missing[0]} …)`;
    return [errorOnLine(file, line, `${what} is banned, use a version whose packages are all there`)];
  });
};

/**
 * The cycles of imports, one message for each import that closes one. Imports of types are gone at run time and do not
 * count: two structures of the kernel may name each other, as they do in its headers.
 */
export function importCycles(files: readonly TextFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const way: string[] = [];
  const found: string[] = [];
  function visit(file: TextFile): void {
    way.push(file.path);
    for (const { target = "", offset, isTypeOnly } of importsOf(file)) {
      if (isTypeOnly) continue;
      const start = way.indexOf(target);
      const next = byPath.get(target);
      if (start >= 0) {
        const cycle = [...way.slice(start), target].join(" -> ");
        found.push(errorAt(file, offset, `the cycle ${cycle} is banned, use one direction`));
      } else if (next && !done.has(target)) visit(next);
    }
    way.pop();
    done.add(file.path);
  }
  for (const file of files) if (!done.has(file.path)) visit(file);
  return found;
}
