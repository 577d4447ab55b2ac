import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

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
    testTimeout: mode === "long" ? 600_000 : 20_000,
    coverage: { include: ["src/**/*.ts"] },
  },
}));
