import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/app/cli/command_line.ts";
import { formatDiagnostic } from "../../src/scenario/diagnostic.ts";
import { initialScenario } from "../../src/scenario/init.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";

// Goal: what a document tells people to type works.
// Method: a shell runs each `sh` block with functions in place of npm and npx that note their words; the words must be a
// script of package.json, or a command line of sim whose scenario has no problem. A `js` block is run as it is, against
// what was built last.

const ROOT = join(import.meta.dirname, "../..");
const GUIDES = readdirSync(join(ROOT, "src/docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `src/docs/${name}`);
const DOCUMENTS = ["README.md", "CHANGELOG.md", "src/ARCHITECTURE.md", ".github/CONTRIBUTING.md", ...GUIDES];
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-docs-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

interface Block {
  readonly document: string;
  readonly language: string;
  readonly code: string;
}

const BLOCKS: readonly Block[] = DOCUMENTS.flatMap((document) =>
  [...readFileSync(join(ROOT, document), "utf8").matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    document,
    language: language ?? "",
    code: code ?? "",
  })),
);

function blocksOf(language: string): Block[] {
  return BLOCKS.filter((block) => block.language === language);
}

/** The words of every npm and npx command of a block, as a shell splits them. */
function commandsOf(code: string): string[][] {
  const noted = ["npm", "npx"].map((name) => `${name}() { printf '%s\\0' ${name} "$@"; printf '\\n'; }`);
  const out = execFileSync("bash", ["-euc", `${noted.join("\n")}\n${code}`], { cwd: FOLDER, encoding: "utf8" });
  return out
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\0").slice(0, -1));
}

/** What is wrong with a command; `undefined` if nothing is. */
function problemOf(words: readonly string[]): string | undefined {
  const prefix = words.indexOf("--prefix");
  const folder = prefix < 0 ? "" : words[prefix + 1]!;
  const manifest: { scripts: object } = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8"));
  if (words[0] === "npm") {
    const asked = prefix < 0 ? words : words.toSpliced(prefix, 2);
    const script = asked[1] === "run" ? asked[2]! : asked[1]!;
    return script === "ci" || Object.hasOwn(manifest.scripts, script) ? undefined : `no script ${script}`;
  }
  const sim = words.slice(words[1] === "--no" ? 2 : 1);
  if (sim[0] !== "sim") return `${words.join(" ")} is not sim`;
  const asked = parseCommandLine(sim.slice(1), { environment: {}, version: "0", columns: 100 });
  if (asked.command === "wrong") return asked.message;
  if (asked.command !== "run") return undefined;
  const { scenario, overrides } = asked.options;
  // The one scenario that is not in the project is the one that `sim init` writes.
  const text = scenario === "first.yaml" ? initialScenario() : readFileSync(join(ROOT, scenario), "utf8");
  const parsed = parseScenario(text, scenario, overrides);
  return parsed.ok ? undefined : parsed.diagnostics.map(formatDiagnostic).join("\n");
}

describe("The documents", () => {
  it("have code blocks of known languages only", () => {
    expect(blocksOf("sh").length).toBeGreaterThan(3);
    expect([...new Set(BLOCKS.map(({ language }) => language))].toSorted()).toEqual(["js", "sh", "text", "ts", "yaml"]);
  });

  it.each(blocksOf("sh"))("give commands that work: $document: $code", ({ code }) => {
    const commands = commandsOf(code);
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
  });

  it.each(blocksOf("yaml"))("show scenarios without a problem ($document)", ({ code }) => {
    const parsed = parseScenario(code, "example.yaml", []);
    expect(parsed.ok ? [] : parsed.diagnostics.map(formatDiagnostic)).toEqual([]);
  });

  it.each(blocksOf("js"))("show a program that runs ($document)", ({ code }) => {
    const node = spawnSync(process.execPath, ["--input-type=module", "-e", code], { cwd: ROOT, encoding: "utf8" });
    expect(node.stderr).toBe("");
    expect(node.stdout).toContain("1 replication of 2 minutes");
  });
});
