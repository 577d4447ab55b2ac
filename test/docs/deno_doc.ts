import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DOORS } from "./public_api.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The Deno that the notebooks pin; `npm ci --prefix notebooks` installs it. */
const DENO = join(ROOT, "notebooks/node_modules/.bin/deno");

/** Whether the notebooks' Deno is installed. */
export const HAS_DENO = existsSync(DENO);

/** Runs `deno doc` on the doors of the library, without a network. @returns what it prints. */
export function denoDoc(...options: readonly string[]): string {
  const doors = Object.values(DOORS);
  const environment = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  return execFileSync(DENO, ["doc", "--quiet", "--no-remote", ...options, ...doors], {
    cwd: ROOT,
    encoding: "utf8",
    env: environment,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "ignore"],
  });
}
