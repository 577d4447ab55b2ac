import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/**
 * The program as `npm ci` or `npm run build` made it, for tests that start it as a process: it starts ten times as fast as
 * from its sources. A warning is printed if a source is newer.
 */
export const BUILT_MAIN = join(ROOT, "dist/app/cli/main.js");

if (!existsSync(BUILT_MAIN)) throw new Error("dist/ is missing: run npm run build");

const newest = Math.max(
  ...readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs),
);
if (newest > statSync(BUILT_MAIN).mtimeMs) console.warn("dist/ is older than src/: run npm run build for these tests");
