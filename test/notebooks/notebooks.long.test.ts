import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

// Goal: the notebooks give what they store, on a machine that reaches nothing.
// Method: `npm --prefix notebooks run check` in a network namespace that has only its loopback interface, where this
// system lets a user make one; the kernel is spoken to over that.

const ROOT = join(import.meta.dirname, "../..");
const INSTALL = "npm ci --prefix notebooks";
const isInstalled = existsSync(join(ROOT, "notebooks/node_modules/zeromq"));
const NOT_INSTALLED = `the Deno kernel is not installed; to install it: ${INSTALL}`;
if (!isInstalled) console.warn(`Skipped: ${NOT_INSTALLED}`);
const ALONE = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const mayBeAlone = spawnSync(ALONE[0]!, [...ALONE.slice(1), "true"]).status === 0;
if (!mayBeAlone) console.warn("unshare -rn is not allowed here: the notebooks are checked with the network in reach");

describe("The notebooks", () => {
  beforeEach(({ skip }) => {
    if (!isInstalled) skip(NOT_INSTALLED);
  });

  it("give what they store, without a network", () => {
    const check = ["npm", "--silent", "--prefix", "notebooks", "run", "check"];
    const [command, ...words] = mayBeAlone ? [...ALONE, ...check] : check;
    const { status, stderr } = spawnSync(command!, words, { cwd: ROOT, encoding: "utf8" });
    expect(stderr.split("\n").filter((line) => !line.startsWith("npm "))).toEqual([""]);
    expect(status).toBe(0);
  });
});
