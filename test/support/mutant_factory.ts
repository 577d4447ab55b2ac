import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import type { judgeCase } from "../../src/conform/judge_case.ts";

/** One expression of the model and what stands there instead once a rule is turned off. */
export interface Patch {
  /** Inside src/. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The function of a copy of the model that replays a case and judges it. */
export type JudgeCase = typeof judgeCase;

/** What a case is judged by, and all that it imports. */
const ROOMS = ["units.ts", "sim", "kernel", "conform"];
const ENTRY = "conform/judge_case.js";
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
 * A patch whose text does not stand in its file exactly once makes no copy: `load` throws, and `problems` tells which.
 */
export class MutantFactory {
  /** By the place of the mutation: why it cannot be made. */
  readonly problems = new Map<number, string>();
  readonly #files = new Map<string, string>();
  /** The compiled name of each mutation's file, and that of the file in its place. */
  readonly #patched: (readonly [original: string, patched: string])[] = [];
  readonly #functions = new Map<string, ModuleFunction>();
  readonly #external = createRequire(import.meta.url);

  constructor(mutations: readonly Patch[]) {
    const folder = mkdtempSync(join(tmpdir(), "portfall-mutants-"));
    try {
      for (const room of ROOMS) {
        cpSync(join(ROOT, "src", room), join(folder, "src", room), { recursive: true });
      }
      for (const [number, patch] of mutations.entries()) this.#write(folder, number, patch);
      this.#compile(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** A copy of the model with one mutation, by its place; without a number, the model as it is. */
  load(number?: number): JudgeCase {
    const problem = number === undefined ? undefined : this.problems.get(number);
    if (problem !== undefined) throw new Error(problem);
    const [original, patched] = (number === undefined ? undefined : this.#patched[number]) ?? [undefined, ""];
    const loaded = new Map<string, object>();
    const load = (name: string): object => {
      const known = loaded.get(name);
      if (known !== undefined) return known;
      const exports = {};
      loaded.set(name, exports);
      this.#functionOf(name === original ? patched : name)(exports, (specifier) =>
        specifier.startsWith(".") ? load(posix.join(posix.dirname(name), specifier)) : this.#external(specifier),
      );
      return exports;
    };
    const found: unknown = Reflect.get(load(ENTRY), "judgeCase");
    if (!isJudgeCase(found)) throw new Error(`${ENTRY} has no judgeCase`);
    return found;
  }

  /** Writes the patched file of one mutation beside its original. */
  #write(folder: string, number: number, { file, find, replace }: Patch): void {
    const text = readFileSync(join(ROOT, "src", file), "utf8");
    const count = text.split(find).length - 1;
    if (count !== 1) this.problems.set(number, `src/${file} has ${count} times, not once: ${find}`);
    const stem = file.replace(/\.ts$/, "");
    writeFileSync(
      join(folder, "src", `${stem}.${number}.ts`),
      text.replace(find, () => replace),
    );
    this.#patched.push([`${stem}.js`, `${stem}.${number}.js`]);
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

function isJudgeCase(value: unknown): value is JudgeCase {
  return typeof value === "function";
}
