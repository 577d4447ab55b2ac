import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import type { runCase } from "../../src/conform/run_case.ts";

/** One expression of the model and what stands there instead once a rule is turned off. */
export interface Patch {
  /** Inside src/. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The function of a mutated model that replays a case. */
export type RunCase = typeof runCase;

/** What a case is replayed by, and all that it imports. */
const ROOMS = ["units.ts", "sim", "kernel", "conform"];
const ENTRY = "conform/run_case.js";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const COMPILER_OPTIONS = {
  module: "commonjs",
  moduleResolution: "bundler",
  target: "es2023",
  rewriteRelativeImportExtensions: true,
  isolatedModules: true,
  types: [],
  noCheck: true,
  rootDir: "src",
  outDir: "out",
};

type ModuleFunction = (exports: object, require: (name: string) => unknown) => void;

/**
 * Makes copies of the model in each of which some text is another. The copies live in memory: the sources are compiled
 * once, every patched file beside its original, and each copy is a registry of modules that takes the patched ones.
 *
 * A patch whose text does not stand in its file exactly once makes no copy; `problems` tells which.
 */
export class MutantFactory {
  /** By the place of the mutation: why it cannot be made. */
  readonly problems = new Map<number, string>();
  readonly #files = new Map<string, string>();
  readonly #patched: ReadonlyMap<string, string>[] = [];
  readonly #functions = new Map<string, ModuleFunction>();
  readonly #external = createRequire(import.meta.url);

  constructor(mutations: readonly (readonly Patch[])[]) {
    const folder = mkdtempSync(join(tmpdir(), "portfall-mutants-"));
    try {
      for (const room of ROOMS) {
        cpSync(join(ROOT, "src", room), join(folder, "src", room), { recursive: true });
      }
      for (const [number, patches] of mutations.entries()) this.#patched.push(this.#write(folder, number, patches));
      this.#compile(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** A copy of the model with one mutation, by its place; without a number, the model as it is. */
  load(number?: number): RunCase {
    const patched = number === undefined ? undefined : this.#patched[number];
    const loaded = new Map<string, object>();
    const load = (name: string): object => {
      const known = loaded.get(name);
      if (known !== undefined) return known;
      const exports = {};
      loaded.set(name, exports);
      this.#functionOf(patched?.get(name) ?? name)(exports, (specifier) =>
        specifier.startsWith(".") ? load(posix.join(posix.dirname(name), specifier)) : this.#external(specifier),
      );
      return exports;
    };
    const found: unknown = Reflect.get(load(ENTRY), "runCase");
    if (!isRunCase(found)) throw new Error(`${ENTRY} has no runCase`);
    return found;
  }

  /** Writes the patched files of one mutation. @returns their compiled names by those of the originals. */
  #write(folder: string, number: number, patches: readonly Patch[]): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    for (const { file, find, replace } of patches) {
      const text = texts.get(file) ?? readFileSync(join(ROOT, "src", file), "utf8");
      const count = text.split(find).length - 1;
      if (count !== 1) this.problems.set(number, `src/${file} has ${count} times, not once: ${find}`);
      texts.set(file, text.replace(find, () => replace));
    }
    const names = new Map<string, string>();
    for (const [file, text] of texts) {
      const stem = file.replace(/\.ts$/, "");
      writeFileSync(join(folder, "src", `${stem}.${number}.ts`), text);
      names.set(`${stem}.js`, `${stem}.${number}.js`);
    }
    return names;
  }

  /** Compiles all of a folder's src/ to CommonJS and keeps the outcome. */
  #compile(folder: string): void {
    writeFileSync(join(folder, "package.json"), "{}");
    const config = { compilerOptions: COMPILER_OPTIONS, include: ["src"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = join(dirname(this.#external.resolve("typescript/package.json")), "bin/tsc");
    execFileSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    const out = join(folder, "out");
    for (const name of readdirSync(out, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".js")))
      this.#files.set(name.replaceAll("\\", "/"), readFileSync(join(out, name), "utf8"));
  }

  #functionOf(name: string): ModuleFunction {
    let made = this.#functions.get(name);
    if (made === undefined) {
      const text = this.#files.get(name);
      if (text === undefined) throw new Error(`there is no module ${name}`);
      const compiled = compileFunction(text, ["exports", "require"], { filename: name });
      made = (exports, require) => void compiled(exports, require);
      this.#functions.set(name, made);
    }
    return made;
  }
}

function isRunCase(value: unknown): value is RunCase {
  return typeof value === "function";
}
