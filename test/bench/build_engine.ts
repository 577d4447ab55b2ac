import { fileURLToPath } from "node:url";
import { build } from "vite";
import { literalNumbers } from "../../src/app/build/literal_numbers.ts";

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Bundles what the benchmarks measure as src/app/cli/vite.config.ts bundles the command. @throws what the bundler says. */
export async function buildEngine(): Promise<void> {
  await build({
    configFile: false,
    root: pathOf("."),
    logLevel: "error",
    build: {
      ssr: pathOf("engine_parts.ts"),
      outDir: pathOf("../../dist/app/bench"),
      emptyOutDir: true,
      target: "es2023",
      rolldownOptions: { output: { entryFileNames: "engine.js", topLevelVar: false } },
    },
    plugins: [literalNumbers(pathOf("../../src/kernel"))],
  });
}
