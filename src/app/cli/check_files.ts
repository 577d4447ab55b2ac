import type { CheckTarget } from "../../check/check_target.ts";
import type { SnapshotFile } from "../../check/snapshot.ts";
import { SYSCTL_DUMP, type SysctlFile } from "../../check/sysctl_file.ts";
import { SYSCTL_CONF, SYSCTL_FOLDERS, WRONG_FOLDER } from "../../check/sysctl_system.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import type { CliIo } from "./cli_io.ts";
import { compareTexts } from "../../scenario/compare_texts.ts";

/** What the words of a command line stand for. */
export interface GatheredTargets {
  readonly targets: readonly CheckTarget[];
  /** Cluster snapshots that go with all of them. */
  readonly snapshot: readonly SnapshotFile[];
  readonly problems: readonly Diagnostic[];
}

/** A folder with one of these is the root of a node's files. */
const ROOT_FOLDERS: readonly string[] = ["etc", "usr", "run", "lib"];

/** What a node printed when asked for its kernel. */
const UNAME = /^uname(?:[-_.]?r)?(?:\.(?:txt|out))?$/;

/**
 * Reads the files of all targets: scenarios (`*.yaml`), root folders, `sysctl.d` folders, folders of exports, snapshots
 * (`*.json`), and any other file as one of sysctls; such files are one target, applied in the order in which they are
 * named, as `sysctl -p FILE…` does.
 */
export async function gatherTargets(
  words: readonly string[],
  cluster: string | undefined,
  io: CliIo,
): Promise<GatheredTargets> {
  const gathering = new Gathering(io);
  for (const word of words) await gathering.take(word);
  if (cluster !== undefined) await gathering.takeCluster(cluster);
  return gathering.result();
}

class Gathering {
  readonly #io: CliIo;
  readonly #targets: CheckTarget[] = [];
  readonly #files: SysctlFile[] = [];
  readonly #snapshot: SnapshotFile[] = [];
  readonly #problems: Diagnostic[] = [];

  constructor(io: CliIo) {
    this.#io = io;
  }

  async take(word: string): Promise<void> {
    const folder = await this.#io.listFolder(word);
    if (folder.ok) return this.#takeFolder(word, folder.entries);
    const file = await this.#read(word);
    if (file === undefined) return;
    if (/\.ya?ml$/.test(word)) this.#targets.push({ kind: "scenario", target: word, text: file.text });
    else if (word.endsWith(".json")) this.#snapshot.push(file);
    else this.#files.push(file);
  }

  async takeCluster(path: string): Promise<void> {
    const folder = await this.#io.listFolder(path);
    const names = folder.ok ? folder.entries.filter(({ name }) => name.endsWith(".json")) : [];
    const paths = folder.ok ? names.map(({ name }) => join(path, name)) : [path];
    if (paths.length === 0) this.#problem(path, "no file in it ends in .json");
    this.#snapshot.push(...(await this.#readAll(paths)));
  }

  result(): GatheredTargets {
    const targets = [...this.#targets];
    if (this.#files.length > 0) {
      targets.push({ kind: "files", target: this.#files.map(({ path }) => path).join(" "), files: this.#files });
    } else if (targets.length === 0 && this.#snapshot.length > 0) {
      // A snapshot alone is a node with the defaults of its kernel.
      targets.push({ kind: "files", target: this.#snapshot.map(({ path }) => path).join(" "), files: [] });
    }
    return { targets, snapshot: this.#snapshot, problems: this.#problems };
  }

  async #takeFolder(path: string, entries: readonly Entry[]): Promise<void> {
    const names = entries.filter(({ isFolder }) => !isFolder).map(({ name }) => name);
    const folders = new Set(entries.filter(({ isFolder }) => isFolder).map(({ name }) => name));
    const beside = async (pattern: RegExp): Promise<SysctlFile[]> =>
      this.#readAll(
        names
          .filter((name) => pattern.test(name))
          .toSorted(compareTexts)
          .map((name) => join(path, name)),
      );
    const scenarios = names.filter((name) => /\.ya?ml$/.test(name)).toSorted(compareTexts);
    const isScenarioFolder =
      scenarios.length > 0 && !names.some((name) => SYSCTL_DUMP.test(name) || name.endsWith(".conf"));
    if (isScenarioFolder && ![...folders].some((name) => ROOT_FOLDERS.includes(name))) {
      for (const name of scenarios) await this.take(join(path, name));
      return;
    }
    const kernel = (await beside(UNAME)).map(({ text }) => /\d+\.\d+\S*/.exec(text)?.[0])[0];
    const said = kernel === undefined ? {} : { kernel };
    if (ROOT_FOLDERS.some((name) => folders.has(name))) {
      // Other programs keep JSON at the root, too; --cluster names that of the cluster.
      this.#targets.push({ kind: "root", target: path, files: await this.#rootFiles(path), ...said });
      return;
    }
    const more = { snapshot: await beside(/\.json$/), ...said };
    const dumps = await beside(SYSCTL_DUMP);
    const isSysctlFolder = names.some((name) => name.endsWith(".conf")) || /(?:^|\/)[a-z.]*\.d\/?$/.test(path);
    if (dumps.length > 0 || (more.snapshot.length > 0 && !isSysctlFolder)) {
      this.#targets.push({ kind: "files", target: path, files: dumps, ...more });
    } else if (isSysctlFolder) {
      this.#targets.push({ kind: "folder", target: path, files: await beside(/^[^.]/), ...more });
    } else this.#problem(path, "it holds no sysctl.d, no *.conf, no scenario and no export");
  }

  /** The files below a root that hold sysctls, or that people put where none are read; paths are below the root. */
  async #rootFiles(root: string): Promise<readonly SysctlFile[]> {
    const etc = await this.#entries(join(root, "etc"));
    const wrong = etc.filter(({ name, isFolder }) => isFolder && name !== "sysctl.d" && WRONG_FOLDER.test(name));
    const folders = [...SYSCTL_FOLDERS, ...wrong.map(({ name }) => `etc/${name}`)];
    const paths: string[] = etc.some(({ name }) => name === "sysctl.conf") ? [SYSCTL_CONF] : [];
    for (const folder of folders) {
      for (const { name, isFolder } of await this.#entries(join(root, folder))) {
        if (!isFolder) paths.push(`${folder}/${name}`);
        else
          for (const inner of await this.#entries(join(root, `${folder}/${name}`))) {
            if (!inner.isFolder) paths.push(`${folder}/${name}/${inner.name}`);
          }
      }
    }
    const files = await Promise.all(
      paths
        .filter((path) => !/\/README[^/]*$/.test(path))
        .map(async (path) => ({ path, file: await this.#read(join(root, path)) })),
    );
    return files.flatMap(({ path, file }) => (file === undefined ? [] : [{ path, text: file.text }]));
  }

  async #entries(path: string): Promise<readonly Entry[]> {
    const folder = await this.#io.listFolder(path);
    return folder.ok ? folder.entries.toSorted((a, b) => compareTexts(a.name, b.name)) : [];
  }

  async #readAll(paths: readonly string[]): Promise<SysctlFile[]> {
    const files = await Promise.all(paths.map((path) => this.#read(path)));
    return files.filter((file) => file !== undefined);
  }

  async #read(path: string): Promise<SysctlFile | undefined> {
    const read = await this.#io.readFile(path);
    if (read.ok) return { path, text: read.text };
    this.#problem(path, read.why);
    return undefined;
  }

  #problem(file: string, why: string): void {
    this.#problems.push({
      file,
      line: 1,
      column: 1,
      length: 0,
      sourceLine: "",
      message: `Cannot check it: ${why}`,
      expected: "a *.conf file, a sysctl.d folder, a root folder, a scenario, or a folder of exports",
      toMend: "correct the path",
    });
  }
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

function join(folder: string, name: string): string {
  return folder === "." ? name : `${folder.replace(/\/+$/, "")}/${name}`;
}
