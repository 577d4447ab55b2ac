import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { literalNumbers } from "../build/literal_numbers.ts";

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Packages that most commands need, or all. The others are large, loaded by few, and stay where npm has put them. */
const INLINED = ["seedrandom", "yaml", "yargs", "zod"];

const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(pathOf("../../../package.json"), "utf8"),
);

/**
 * Makes the command `sim` of few files: `dist/app/cli/main.js`, and what it loads in `dist/app/parts/`. Node takes longer
 * to find, read and link 300 modules than to run them. They lie as deep as their sources, which name files by that.
 */
export default defineConfig({
  root: pathOf("."),
  logLevel: "warn",
  ssr: { noExternal: true, external: Object.keys(manifest.dependencies).filter((name) => !INLINED.includes(name)) },
  build: {
    ssr: true,
    outDir: "../../../dist/app",
    emptyOutDir: false,
    target: "es2023",
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { bundlerTimings: false },
      input: { main: pathOf("main.ts"), worker: pathOf("../../study/worker.ts") },
      output: {
        entryFileNames: ({ name }) => (name === "main" ? "cli/main.js" : "parts/[name].js"),
        chunkFileNames: "parts/[name].js",
        // V8 can put what a constant holds into the code that names it, and not what a variable does.
        topLevelVar: false,
      },
    },
  },
  plugins: [literalNumbers(pathOf("../../kernel")), freshParts(), plainWidths(), ownFolder(), licences()],
});

/** Takes away what an earlier build left. */
function freshParts(): Plugin {
  return {
    name: "fresh-parts",
    buildStart: () => rmSync(pathOf("../../../dist/app/parts"), { recursive: true, force: true }),
  };
}

/**
 * Stands in for string-width, with which yargs lays its help out: to make ready for emoji takes it a third of the start,
 * and the help has only characters one column wide (test/app/command_line.test.ts).
 */
function plainWidths(): Plugin {
  const id = "\0plain-widths";
  return {
    name: "plain-widths",
    enforce: "pre",
    resolveId: (name) => (name === "string-width" ? id : undefined),
    load: (name) => (name === id ? "export default (text) => text.length;" : undefined),
  };
}

/**
 * Tells yargs that its program lies where it does. It takes what stands before node_modules in its own path, and in a bundle
 * would come to the current directory, which may be gone, or have a package.json that says how yargs is to read words.
 */
function ownFolder(): Plugin {
  const guess = "mainFilename || process.cwd()";
  return {
    name: "own-folder",
    transform: (code, id) => {
      if (!id.endsWith("/yargs/lib/platform-shims/esm.mjs")) return undefined;
      if (!code.includes(guess))
        throw new Error(`yargs no longer says "${guess}": see to it that it asks for no folder`);
      return { code: code.replace(guess, "__dirname"), map: null };
    },
  };
}

/** Writes the licences of the packages within: who passes them on must pass these on as well. */
function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_options, bundle) {
      const folders = new Set<string>();
      for (const file of Object.values(bundle)) {
        for (const id of file.type === "chunk" ? file.moduleIds : []) {
          const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
          if (folder !== undefined) folders.add(folder);
        }
      }
      const source = [...folders].toSorted().map(licenceOf).join("\n");
      this.emitFile({ type: "asset", fileName: "parts/LICENSES.txt", source });
    },
  };
}

function licenceOf(folder: string): string {
  const { name, version, license }: { name: string; version: string; license: string } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const file = readdirSync(folder).find((path) => /^licen[cs]e/i.test(path));
  const text = file === undefined ? license : readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}
