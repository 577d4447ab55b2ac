import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

// Goal: what the project is made of may be used and passed on, and is the same everywhere.
// Method: the manifests against their lock files, which name each package's licence, and against what is installed.

const ROOT = join(import.meta.dirname, "../..");

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
}

interface Locked extends Manifest {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
}

interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

/** Licences under which anybody may use, change and pass on. */
const PERMISSIVE = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"]);

/** Packages under other licences, and why they may be there. */
const OTHERS: readonly (readonly [name: RegExp, licence: string, because: string])[] = [
  [/^@resvg\/resvg-js/, "MPL-2.0", "used as it comes: its licence asks for its own files only"],
  [/^lightningcss/, "MPL-2.0", "a tool of the build, of which nothing is passed on"],
  [/^zeromq$/, "MIT AND MPL-2.0", "for the notebooks alone, used as it comes"],
  [/^dejavu-fonts-ttf$/, "SEE LICENSE IN README.md AND LICENSE", "Bitstream Vera's licence: fonts may be used freely"],
];

/** Dependencies with a range, and why: the others are exact, since a chart's bytes depend on who draws it. */
const RANGES: Readonly<Record<string, string>> = { "fast-check": "tests of users share its arbitraries" };

const HOMES = ["", "notebooks/"] as const;
const manifestOf = (home: string): Manifest => JSON.parse(readFileSync(join(ROOT, home, "package.json"), "utf8"));
const lockOf = (home: string): Lock => JSON.parse(readFileSync(join(ROOT, home, "package-lock.json"), "utf8"));
const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

describe.each(HOMES)("The packages of ./%s", (home) => {
  const manifest = manifestOf(home);
  const { packages } = lockOf(home);
  const direct = { ...manifest.dependencies, ...manifest.devDependencies };
  const installed = Object.entries(packages).filter(([path]) => path !== "");

  it("have licences that allow what is done with them", () => {
    const wrong = installed.filter(([path, { license = "none" }]) => {
      const isExcused = OTHERS.some(([name, licence]) => name.test(nameOf(path)) && licence === license);
      return !PERMISSIVE.has(license) && !isExcused;
    });
    expect(wrong.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  });

  it("are named with exact versions, but those with a reason", () => {
    const ranged = Object.entries(direct).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(ranged.map(([name]) => name)).toEqual(Object.keys(RANGES).filter((name) => direct[name] !== undefined));
  });

  it("are locked as they are named, each with its checksum", () => {
    const { dependencies = {}, devDependencies = {}, engines = {} } = packages[""] ?? {};
    expect({ ...dependencies, ...devDependencies }).toEqual(direct);
    expect(engines).toEqual(manifest.engines);
    for (const [name, version] of Object.entries(direct)) {
      const locked = packages[`node_modules/${name}`]?.version;
      expect(`${name} ${RANGES[name] === undefined ? version : locked}`).toBe(`${name} ${locked}`);
    }
    expect(installed.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
  });
});

describe("The exceptions for licences", () => {
  const names = HOMES.flatMap((home) => Object.keys(lockOf(home).packages).map(nameOf));

  it.each(OTHERS)("are needed: %s under %s, %s", (name) => {
    expect(names.some((one) => name.test(one))).toBe(true);
  });

  it("hold no package of the GPL family", () => {
    const licences = HOMES.flatMap((home) => Object.values(lockOf(home).packages).map(({ license = "" }) => license));
    expect(licences.filter((licence) => /GPL/.test(licence))).toEqual([]);
  });
});

describe("The installed packages", () => {
  it("are those of the lock file", () => {
    const { dependencies, devDependencies } = manifestOf("");
    const { packages } = lockOf("");
    const found = Object.keys({ ...dependencies, ...devDependencies }).map((name) => {
      const own: { version: string } = JSON.parse(
        readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"),
      );
      return own.version === packages[`node_modules/${name}`]?.version ? "" : `${name} ${own.version}: run npm ci`;
    });
    expect(found.filter((problem) => problem !== "")).toEqual([]);
  });
});
