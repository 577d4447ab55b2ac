import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Goal: somebody who installs the packed package in a folder of their own can use the library and the matchers, with
// types, and the test files of the guide pass there as they stand.
// Method: `npm pack`, then `npm install` from npm's cache and nothing else. Where the cache lacks a package, the tarball is
// unpacked by hand beside links to the packages of this project, and a line says so.

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-user-"));
const GUIDE = readFileSync(join(ROOT, "src/docs/properties.md"), "utf8");
const BLOCKS = [...GUIDE.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? "");

const FAILING = `
import "portfall/vitest";
import { expect, test } from "vitest";

test("a node that overlaps", () => {
  expect({ kernel: "5.4.188", nodePorts: [30080], sysctls: "net.ipv4.ip_local_port_range = 1024 65000" }).toKeepProbesSafe();
});
`;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Pack {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function packed(): Pack {
  execFileSync("npm", ["run", "build:sim"], { cwd: ROOT });
  const answer = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", FOLDER], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const [pack]: readonly Pack[] = JSON.parse(answer.slice(answer.indexOf("[")));
  if (pack === undefined) throw new Error("npm pack names no file");
  return pack;
}

/** Installs the tarball and vitest. @returns why npm could not do it from its cache, if it could not. */
function install(tarball: string): string | undefined {
  const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { vitest = "", typescript = "", "@types/node": types = "" } = manifest.devDependencies;
  const { "fast-check": generators = "" } = manifest.dependencies;
  const user = {
    name: "user",
    private: true,
    type: "module",
    dependencies: { portfall: `file:${tarball}` },
    devDependencies: { typescript, vitest, "fast-check": generators, "@types/node": types },
  };
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify(user));
  const npm = spawnSync("npm", ["install", "--offline", "--no-audit", "--no-fund"], { cwd: FOLDER, encoding: "utf8" });
  if (npm.status === 0) return undefined;
  rmSync(join(FOLDER, "node_modules"), { recursive: true, force: true });
  linkInstead(tarball);
  return /npm (?:error|ERR!) (?!code)(.+)/.exec(npm.stderr)?.[1] ?? npm.stderr;
}

function linkInstead(tarball: string): void {
  const modules = join(FOLDER, "node_modules");
  mkdirSync(join(modules, "portfall"), { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", join(modules, "portfall"), "--strip-components=1"]);
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (!existsSync(join(modules, name))) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
}

function runInFolder(words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync("npx", ["--no", "--", ...words], { cwd: FOLDER, encoding: "utf8" });
  return { status, text: `${stdout}${stderr}` };
}

/** What the bundler makes, which has no source of its own name. */
const BUNDLES = new Set(["dist/app/web/lab.html", "dist/app/web/report_charts.js"]);

/** Whether a file belongs in the package. */
function belongs(path: string): boolean {
  if (["LICENSE", "README.md", "package.json", "scenarios/scenario.schema.json"].includes(path)) return true;
  if (/^scenarios\/[a-z-]+\.yaml$/.test(path) || BUNDLES.has(path)) return true;
  if (/^dist\/app\/parts\/(?:[a-z0-9_-]+\.js|LICENSES\.txt)$/.test(path)) return true;
  const source = /^dist\/(.+?)(?:\.d)?\.(?:js|ts)$/.exec(path)?.[1];
  return source !== undefined && existsSync(join(ROOT, "src", `${source}.ts`));
}

describe("The packed package", () => {
  let files: readonly string[] = [];

  beforeAll(() => {
    const pack = packed();
    files = pack.files.map(({ path }) => path);
    const why = install(join(FOLDER, pack.filename));
    if (why !== undefined) {
      console.warn(`npm's cache could not install the package, so its tarball is unpacked beside links: ${why}`);
    }
    for (const [index, code] of BLOCKS.entries()) writeFileSync(join(FOLDER, `guide_${index}.test.ts`), code);
    const options = { module: "nodenext", target: "es2023", strict: true, noEmit: true, skipLibCheck: true };
    writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...options, types: ["node"] } }));
  }, 300_000);

  afterAll(() => rmSync(FOLDER, { recursive: true }));

  it("holds programs with their types, scenarios, and nothing else", () => {
    expect(files.filter((path) => !belongs(path))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(["dist/index.d.ts", "dist/app/cli/main.js", "dist/app/parts/LICENSES.txt", ...BUNDLES]),
    );
  });

  it("runs the test files of the guide in a folder of its own", () => {
    expect(BLOCKS.length).toBeGreaterThan(1);
    const { status, text } = runInFolder(["vitest", "run"]);
    expect(text).toMatch(/Tests .*3 passed/);
    expect(status).toBe(0);
  });

  it("has types for the matchers", () => {
    const { status, text } = runInFolder(["tsc", "-p", "tsconfig.json"]);
    expect(text.replaceAll(/^npm warn.*\n?/gm, "")).toBe("");
    expect(status).toBe(0);
  });

  it("makes a user's test fail with the counterexample", () => {
    writeFileSync(join(FOLDER, "failing.test.ts"), FAILING);
    const { status, text } = runInFolder(["vitest", "run", "failing.test.ts"]);
    expect(status).toBe(1);
    expect(text).toContain("wanted: No probe fails because its source port is a NodePort.");
    expect(text).toContain("ports: [{ port: 80, nodePort: 30080 }]");
  });

  it("has the command", () => {
    const sim = join(FOLDER, "node_modules/portfall/dist/app/cli/main.js");
    expect(execFileSync(process.execPath, [sim, "--version"], { cwd: FOLDER, encoding: "utf8" })).toMatch(
      /^\d+\.\d+\.\d+$/m,
    );
  });
});
