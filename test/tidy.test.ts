import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findPattern, PATTERN_RULES } from "./support/tidy_patterns.ts";
import {
  docstrings,
  documentNames,
  fileLength,
  fileName,
  importCycles,
  importDirection,
  lockFile,
  scenarioKeys,
  sourceLines,
  type Rule,
} from "./support/tidy_rules.ts";
import { codeOf, importsOf, sourcesOf, type TextFile } from "./support/tidy_text.ts";

// Goal: what the style asks for, and neither the compiler nor oxlint nor prettier can see, stays true in every file.
// Method: each rule maps a file to messages. It is tried here on a good and a bad input, and then on all files that git
// knows. What needs a parser (length of functions, parameters, casts, floating promises) is in .oxlintrc.json.

/** What may stand at the top beside dotfiles. */
const TOP_LEVEL = new Set(
  "src scenarios notebooks test package.json package-lock.json tsconfig.json README.md CHANGELOG.md LICENSE".split(" "),
);

function strangersAtTheTop(paths: readonly string[]): string[] {
  const tops = new Set(paths.map((path) => path.split("/")[0]!));
  return [...tops].filter((name) => !name.startsWith(".") && !TOP_LEVEL.has(name));
}

function listedPaths(): string[] {
  const words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", words, { encoding: "utf8" }).split("\0");
  return listed.filter((path) => existsSync(path));
}

function projectFiles(): TextFile[] {
  const isText = (path: string): boolean => /\.(ts|md|json|ya?ml|ipynb)$|^\.npmrc$|^\.ci\//.test(path);
  return listedPaths()
    .filter(isText)
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

function scriptsOfManifest(): string[] {
  const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync("package.json", "utf8"));
  return Object.keys(manifest.scripts);
}

describe("The project", () => {
  const files = projectFiles();
  const rules: Record<string, Rule> = {
    fileName,
    fileLength,
    importDirection,
    docstrings,
    sourceLines,
    scenarioKeys,
    lockFile,
    documentNames: documentNames(existsSync, scriptsOfManifest()),
  };

  it("has nothing at the top but what belongs there", () => {
    expect(strangersAtTheTop(["src/units.ts", ".ci/run", "isolate-1-v8.log", "LICENSE"])).toEqual(["isolate-1-v8.log"]);
    expect(strangersAtTheTop(listedPaths())).toEqual([]);
  });

  it("has files to look at", () => {
    expect(files.map((file) => file.path)).toContain("src/units.ts");
  });

  it.each(Object.keys(rules))("keeps the rule %s", (name) => {
    expect(files.flatMap(rules[name]!).join("\n")).toBe("");
  });

  it.each(Object.keys(PATTERN_RULES))("is free of %s", (name) => {
    expect(files.flatMap((file) => findPattern(PATTERN_RULES[name]!, file)).join("\n")).toBe("");
  });

  it("has no cycle of imports", () => {
    expect(importCycles(files.filter((file) => file.path.startsWith("src/"))).join("\n")).toBe("");
  });
});

describe("Pattern rules", () => {
  const places = ["src/kernel/x.ts", "test/x.test.ts", "package-lock.json"];
  it.each(Object.entries(PATTERN_RULES))("%s: the bad line is found, the good one is not", (_name, rule) => {
    const path = places.find((place) => rule.where.test(place)) ?? "nowhere";
    expect(findPattern(rule, { path, text: `\n  ${rule.bad}\n` })).toEqual([
      expect.stringMatching(new RegExp(`^${path.replaceAll(".", "\\.")}:2: error: ".+" is banned.*, use `)),
    ]);
    expect(findPattern(rule, { path, text: `\n  ${rule.good}\n` })).toEqual([]);
  });
});

describe("File rules", () => {
  const source = (text: string, path = "src/kernel/x.ts"): TextFile => ({ path, text });

  it("want snake_case names", () => {
    expect(fileName(source("", "src/kernel/portWalk.ts"))).toEqual([
      "src/kernel/portWalk.ts:1: error: a name in other letters is banned, use snake_case",
    ]);
    expect(fileName(source("", "test/kernel/port_walk.long.test.ts"))).toEqual([]);
  });

  it("want 400 lines at most", () => {
    expect(fileLength(source("x\n".repeat(401)))).toEqual([
      "src/kernel/x.ts:401: error: a file of 401 lines is banned, use 400 at most, one idea a file",
    ]);
    expect(fileLength(source("x\n".repeat(400)))).toEqual([]);
  });

  it("want a docstring above each export", () => {
    expect(docstrings(source("/** A. */\nexport const A = 1;\nexport function b(): void {}\n"))).toEqual([
      "src/kernel/x.ts:3: error: b without a docstring is banned, use one sentence in the present",
    ]);
    expect(docstrings(source("/** B. */\nexport function b(x: 1): 1;\nexport function b(x: 2): 2;\n"))).toEqual([]);
  });

  it("want a path and a version in each source", () => {
    const comment = (said: string): TextFile => source(`/**\n * Sentence.\n * Source: ${said}\n */\n`);
    expect(sourceLines(comment("the kernel."))).toEqual([
      'src/kernel/x.ts:3: error: "Source: the kernel" is banned, use "Source: path function, vX.Y."',
    ]);
    expect(sourceLines(comment("net/ipv4/tcp_minisocks.c tcp_time_wait."))).toHaveLength(1);
    expect(sourceLines(comment("net/ipv4/inet_hashtables.c __inet_hash_connect, v6.8."))).toEqual([]);
    expect(sourceLines(comment("net/ipv4/a.c b; net/ipv4/c.c, v6.1: d; e."))).toEqual([]);
    expect(sourceLines(comment("net/ipv4/tcp.c,\n * v6.8; RFC 9293 section 3.5.\n * More."))).toEqual([]);
    expect(sourceLines(comment("pkg/kubelet/prober/worker.go run, Kubernetes v1.23."))).toEqual([]);
  });

  it("want every platform's packages in the lock file", () => {
    const lock = (packages: object): TextFile => ({ path: "package-lock.json", text: JSON.stringify({ packages }) });
    const tool = { optionalDependencies: { "@tool/linux": "1", "@tool/darwin": "1" } };
    expect(lockFile(lock({ "node_modules/tool": tool, "node_modules/@tool/linux": {} }))).toEqual([
      "package-lock.json:1: error: node_modules/tool without 1 of its platforms (@tool/darwin …) is banned, " +
        "use a version whose packages are all there",
    ]);
    const both = { "node_modules/@tool/linux": {}, "node_modules/a/node_modules/@tool/darwin": {} };
    expect(lockFile(lock({ "node_modules/tool": tool, ...both }))).toEqual([]);
  });

  it("want a scenario to say what it is about and what it expects", () => {
    expect(scenarioKeys({ path: "scenarios/a.yaml", text: "about: x\nkernel: 5.10\n" })).toEqual([
      "scenarios/a.yaml:1: error: a scenario without expect: is banned, use both about: and expect:",
    ]);
    expect(scenarioKeys({ path: "scenarios/a.yaml", text: "about: x\nexpect: []\n" })).toEqual([]);
  });
});

describe("importDirection", () => {
  const problems = (path: string, specifier: string, word = "import"): string[] =>
    importDirection({ path, text: `${word} { x } from "${specifier}";\n` });

  it("lets rooms import towards units only", () => {
    expect(problems("src/kernel/a.ts", "../sim/random.ts")).toEqual([]);
    expect(problems("src/sim/a.ts", "../kernel/netns.ts")).toEqual([
      'src/sim/a.ts:1: error: "src/kernel/netns.ts" in sim is banned, use units',
    ]);
    expect(problems("src/cluster/a.ts", "../scenario/scenario.ts", "import type")).toHaveLength(1);
    expect(problems("src/kernel/tcp/a.ts", "../../../test/support/b.ts")).toHaveLength(1);
  });

  it("lets scenario see the kernel's types and tables only", () => {
    expect(problems("src/scenario/a.ts", "../kernel/eras.ts")).toEqual([]);
    expect(problems("src/scenario/a.ts", "../kernel/netns.ts", "import type")).toEqual([]);
    expect(problems("src/scenario/a.ts", "../kernel/netns.ts")).toHaveLength(1);
  });

  it("lets a room use its packages only, and few files Node", () => {
    expect(problems("src/sim/a.ts", "seedrandom")).toEqual([]);
    expect(problems("src/kernel/a.ts", "seedrandom")).toHaveLength(1);
    expect(problems("src/app/cli/a.ts", "node:fs")).toEqual([]);
    expect(problems("src/study/worker_pool.ts", "node:worker_threads")).toEqual([]);
    expect(problems("src/study/summary.ts", "node:fs")).toHaveLength(1);
  });

  it("does not know a new room", () => {
    expect(problems("src/helpers/a.ts", "../units.ts")).toHaveLength(1);
  });
});

describe("importCycles", () => {
  it("names the cycle at the import that closes it", () => {
    const a = { path: "src/sim/a.ts", text: 'import { b } from "./b.ts";\n' };
    const b = { path: "src/sim/b.ts", text: '\nexport { a } from "./a.ts";\n' };
    expect(importCycles([a, b])).toEqual([
      "src/sim/b.ts:2: error: the cycle src/sim/a.ts -> src/sim/b.ts -> src/sim/a.ts is banned, use one direction",
    ]);
    expect(importCycles([a, { ...b, text: 'import type { A } from "./a.ts";' }])).toEqual([]);
  });
});

describe("documentNames", () => {
  const rule = documentNames((path) => path === "src/kernel/netns.ts", ["lint"]);
  const problems = (text: string, path = "src/ARCHITECTURE.md"): string[] => rule({ path, text });

  it("wants the files, links and scripts that a document names", () => {
    expect(problems("`kernel/netns.ts` and `npm run lint`, not `npx tsc`")).toEqual([]);
    expect(problems("`kernel/gone.ts`")).toEqual([
      'src/ARCHITECTURE.md:1: error: "kernel/gone.ts" is banned, use a file that exists',
    ]);
    expect(problems("[gone](gone.md), [far](https://example.org/), `any.ts`", "README.md")).toHaveLength(1);
    expect(problems("npm run gone", "README.md")).toHaveLength(1);
  });

  it("wants a language on each code block", () => {
    expect(problems("```text\nx\n```\n\n```\ny\n```\n")).toEqual([
      "src/ARCHITECTURE.md:5: error: a code block without a language is banned, use text if nothing runs it",
    ]);
  });
});

describe("Reading of files", () => {
  it("keeps code in its place and takes comments, strings and regular expressions out", () => {
    const text = 'f("a//b"); // c\nconst r = /"[/"]/g; g(x / y / z); /* d\n*/ h(`e`);';
    const code = codeOf(text, "no strings");
    expect(code.replace(/ +/g, " ")).toBe("f( ); \nconst r = ; g(x / y / z); \n h( );");
    expect(code).toHaveLength(text.length);
    expect(codeOf(text, "strings")).toContain('f("a//b");');
  });

  it("finds each kind of import and none in a comment", () => {
    const text = [
      'import type { A } from "./a.ts";',
      'import {\n  b,\n} from "b";',
      'export * from "./c.ts";',
      'const d = await import("./d.ts");',
      '// import { e } from "./e.ts";',
      'export type F = "f";',
    ].join("\n");
    const found = importsOf({ path: "src/sim/x.ts", text });
    expect(found.map((one) => one.target ?? one.specifier)).toEqual([
      "src/sim/a.ts",
      "b",
      "src/sim/c.ts",
      "src/sim/d.ts",
    ]);
    expect(found.map((one) => one.isTypeOnly)).toEqual([true, false, false, false]);
  });

  it("joins a source over its lines and stops at the full stop", () => {
    const text = "/**\n * Source: net/ipv4/tcp.c\n * tcp_close, v6.8.\n * More.\n */\n";
    expect(sourcesOf({ path: "src/x.ts", text })).toEqual([{ said: "net/ipv4/tcp.c tcp_close, v6.8", line: 2 }]);
  });
});
