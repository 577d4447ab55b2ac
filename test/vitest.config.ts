import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { SlowFilesFirst } from "./support/slow_files_first.ts";

/** The rooms of the engine, each of which its own tests have to cover: `npm run coverage`. */
const COVERED = [
  "sim",
  "kernel",
  "kernel/conntrack",
  "kernel/decisions",
  "kernel/ipvs",
  "kernel/nat",
  "kernel/netfilter",
  "kernel/ports",
  "kernel/show",
  "kernel/tcp",
  "kernel/udp",
].map((room) => `src/${room}/*.ts`);

const COVERED_PERCENT = { statements: 95, branches: 95, functions: 95, lines: 95 };

/**
 * Vitest's own loader turns each call from file to file into a look-up, and the engine takes up to twice the time. What it
 * is for, such as mocks of modules, no test uses; but it tells which lines ran.
 */
const NODE_LOADS_MODULES = {
  setupFiles: ["test/support/run_sources.mjs"],
  experimental: { viteModuleRunner: false, nodeLoader: false },
};

const isCovered = process.argv.includes("--coverage");

/** `--mode long` runs the long tests alone; every other mode runs all but them. */
export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: mode === "long" ? ["test/**/*.long.test.ts"] : ["test/**/*.test.ts"],
    exclude: mode === "long" ? [] : ["test/**/*.long.test.ts"],
    pool: "threads",
    // One thread for each core; by itself vitest leaves one core idle.
    maxWorkers: "100%",
    // Tests share nothing that they change, so each worker loads the modules once.
    isolate: false,
    sequence: { sequencer: SlowFilesFirst },
    ...(isCovered ? {} : NODE_LOADS_MODULES),
    testTimeout: mode === "long" ? 600_000 : 20_000,
    coverage: {
      include: COVERED,
      reportOnFailure: true,
      reporter: [["text", { skipFull: true }], "html"],
      thresholds: Object.fromEntries(COVERED.map((files) => [files, COVERED_PERCENT])),
    },
  },
}));
