import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { SPAN, SPANS } from "../golden/golden_rows.ts";
import { NO_BROWSER, openBrowser } from "../support/browser.ts";
import { BUILT_MAIN } from "../support/built_program.ts";
import type { EngineSource } from "./engine_rows.ts";

// Runs the same scenarios on other versions of Node, in Deno and in Chromium, and compares the bytes with those of the
// present Node: every scenario in one thread, and `sim run --format json` with different numbers of jobs.
// Usage, after npm run build: npx tsx test/engines/versions.ts, with the names of some engines (20, 22, 24, deno, chromium)
// to run these alone.
// The versions of Node come as npm packages into a temporary folder; an engine that is not there is skipped with a word of why.

const ROOT = join(import.meta.dirname, "../..");
const NODE_VERSIONS = ["20", "22", "24"];
const DENO = join(ROOT, "notebooks/node_modules/.bin/deno");
const WORK = mkdtempSync(join(tmpdir(), "portfall-versions-"));

const SOURCES: readonly EngineSource[] = readdirSync(join(ROOT, "scenarios"))
  .filter((name) => name.endsWith(".yaml"))
  .toSorted()
  .map((name) => ({
    file: `scenarios/${name}`,
    text: readFileSync(join(ROOT, "scenarios", name), "utf8"),
    span: SPANS[name] ?? SPAN,
  }));

/** Command lines of `sim`, of which only the two times may differ; the number of jobs is added. */
const COMMANDS: readonly (readonly string[])[] = [
  ["run", "scenarios/nodelocaldns.yaml", "--duration", "5m", "--replications", "3", "--format", "json"],
  ["run", "scenarios/vxlan-blocked.yaml", "--duration", "1m", "--replications", "2", "--format", "json"],
];

/** What an engine prints, or why it cannot. */
interface Printed {
  readonly rows: readonly string[];
  readonly documents: readonly string[];
}

const ASKED = process.argv.slice(2);
const isWanted = (engine: string): boolean => ASKED.length === 0 || ASKED.includes(engine);

let failures = 0;

function compare(engine: string, wanted: Printed, found: Printed): void {
  const differing = [...found.rows, ...found.documents].filter(
    (text) => ![...wanted.rows, ...wanted.documents].includes(text),
  );
  const isComplete = found.rows.length === wanted.rows.length;
  if (differing.length === 0 && isComplete) {
    console.log(
      `${engine}: the same bytes of ${found.rows.length} scenarios and ${found.documents.length} documents of sim run`,
    );
    return;
  }
  failures += 1;
  console.log(`${engine}: OTHER BYTES\n${differing.map((text) => text.slice(0, 300)).join("\n")}`);
}

/** Makes one file of the engine that asks for nothing else: a module, and a script for workers. */
async function bundle(): Promise<{ readonly module: string; readonly script: string }> {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: "error",
    build: {
      lib: {
        entry: join(ROOT, "test/engines/engine_rows.ts"),
        formats: ["es", "iife"],
        name: "portfall",
        fileName: "rows",
      },
      outDir: WORK,
      emptyOutDir: false,
      target: "es2023",
      minify: false,
    },
  });
  const [module, script] = [/^rows\.m?js$/, /^rows\.iife\.js$/].map((name) =>
    readdirSync(WORK).find((file) => name.test(file)),
  );
  if (module === undefined || script === undefined) throw new Error("vite has made no module and no script");
  return { module: join(WORK, module), script: join(WORK, script) };
}

/** What a program that runs JavaScript files prints. */
function onProgram(program: string, before: readonly string[], module: string): Printed {
  const script = join(WORK, "print.mjs");
  const sources = join(WORK, "sources.json");
  writeFileSync(sources, JSON.stringify(SOURCES));
  writeFileSync(
    script,
    `import { readFileSync } from "node:fs";\nimport { engineRows } from ${JSON.stringify(pathToFileURL(module).href)};\n` +
      `console.log(engineRows(JSON.parse(readFileSync(${JSON.stringify(sources)}, "utf8"))).join("\\n"));\n`,
  );
  const rows = execFileSync(program, [...before, script], { cwd: ROOT, encoding: "utf8" })
    .trim()
    .split("\n");
  const documents = COMMANDS.flatMap((words) =>
    ["1", "3"].map((jobs) => timeless(output(program, [...before, BUILT_MAIN, ...words, "--jobs", jobs]))),
  );
  return { rows, documents };
}

/** Standard output of a run, which may end with 1, since a cut scenario need not hold what it expects. */
function output(program: string, words: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, words, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0 && status !== 1) throw new Error(stderr);
  return stdout;
}

/** A document without its two times. */
function timeless(document: string): string {
  return document.replace(/"(cpuSeconds|wallSeconds)": [-0-9.e]+/g, '"$1": 0');
}

/** Runs in a page, which this file's types do not know: a worker has the script, the scenarios, and answers with the rows. */
const IN_WORKER = `([code, sources]) => new Promise((resolve, reject) => {
  const own = "self.onmessage = ({ data }) => self.postMessage(portfall.engineRows(data));";
  const url = URL.createObjectURL(new Blob([code, "\\n", own], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(sources);
})`;

/** What a worker of Chromium makes of the script. */
async function inChromium(script: string): Promise<Printed> {
  const { context, close } = await openBrowser();
  try {
    const page = await context.newPage();
    const given = JSON.stringify([readFileSync(script, "utf8"), SOURCES]);
    const rows: string[] = await page.evaluate(`(${IN_WORKER})(${given})`);
    return { rows, documents: [] };
  } finally {
    await close();
  }
}

/** A version of Node from the registry, or why it cannot be had. */
function fetchNode(version: string): { readonly program: string } | { readonly why: string } {
  const folder = join(WORK, `node-${version}`);
  const made = spawnSync(
    "bash",
    ["-c", 'mkdir "$1" && cd "$1" && npm pack --silent "$2" && tar xzf *.tgz', "-", folder, packageOf(version)],
    {
      encoding: "utf8",
    },
  );
  const program = join(folder, "package/bin/node");
  return existsSync(program) ? { program } : { why: made.stderr.trim().split("\n").at(-1) ?? "" };
}

/** The npm package that holds a version of Node for this machine. */
function packageOf(version: string): string {
  return `node-${process.platform}-${process.arch}@${version}`;
}

try {
  const { module, script } = await bundle();
  const wanted = onProgram(process.execPath, [], module);
  console.log(
    `Node ${process.version}: ${wanted.rows.length} scenarios, ${wanted.documents.length} documents of sim run`,
  );
  for (const [place, document] of wanted.documents.entries()) {
    if (place % 2 === 0 || document === wanted.documents[place - 1]) continue;
    failures += 1;
    console.log(`Node ${process.version}: OTHER BYTES with --jobs 3 than with --jobs 1`);
  }
  for (const version of NODE_VERSIONS.filter(isWanted)) {
    const fetched = fetchNode(version);
    if ("why" in fetched) console.log(`skipped Node ${version}: ${packageOf(version)} cannot be had: ${fetched.why}`);
    else
      compare(`Node ${output(fetched.program, ["--version"]).trim()}`, wanted, onProgram(fetched.program, [], module));
  }
  if (isWanted("deno")) {
    if (!existsSync(DENO)) console.log("skipped Deno: run npm ci --prefix notebooks");
    else compare(output(DENO, ["--version"]).split("\n")[0]!, wanted, onProgram(DENO, ["run", "-A"], module));
  }
  if (isWanted("chromium")) {
    if (NO_BROWSER !== "") console.log(`skipped Chromium:${NO_BROWSER}`);
    else compare("Chromium", wanted, await inChromium(script));
  }
} finally {
  rmSync(WORK, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
