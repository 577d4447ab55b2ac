import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeIo } from "../../src/app/cli/node_io.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { UNFINISHED } from "../../src/app/cli/draft_file.ts";

// Goal: a sweep leaves the same bytes however it was run: on one thread or two, in shards, or killed and resumed.
// Method: the real engine, worker threads and files. Runs that end well share this process; the one that is killed has
// one of its own. The workers are those that were built last, as in the smoke test.

const MAIN = join(import.meta.dirname, "../../src/app/cli/main.ts");
const TSX = join(import.meta.dirname, "../../node_modules/tsx/dist/loader.mjs");
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-sweep-"));
const SCENARIO = join(import.meta.dirname, "../../scenarios/nodelocaldns.yaml");
// So few ports that probes fail at every point.
const RANGE = ["--set", "sysctls.net.ipv4.ip_local_port_range=35000 36999"];
const SWEEP = [...RANGE, "--vary", "kernel=3.10.0-1160.el7,5.4.188,6.1", "--vary", "churn.zabbix.rate=1/s..9/s/2"];
const SIZE = ["--duration", "30s", "--replications", "2"];

const sweep = (...options: string[]): string[] => ["sweep", SCENARIO, ...SWEEP, ...SIZE, ...options];

async function sim(...words: string[]): Promise<void> {
  let err = "";
  const io = nodeIo(new AbortController().signal);
  const quiet = { write: () => {}, isTerminal: false, columns: undefined };
  const code = await runCli(words, { ...io, stdout: quiet, stderr: { ...quiet, write: (text) => void (err += text) } });
  expect(err).toBe("");
  expect(code).toBe(0);
}

/** All files of a result, by their paths, but the times and what a kill left behind. */
function bytesOf(name: string): Record<string, string> {
  const root = join(FOLDER, name);
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "timings.json" && !entry.name.endsWith(UNFINISHED))
    .map(({ parentPath, name: file }) => join(parentPath, file));
  return Object.fromEntries(paths.map((path) => [path.slice(root.length), readFileSync(path, "latin1")]));
}

/** A loaded machine starts processes and threads slowly. */
const PATIENCE = 60_000;

beforeAll(() => sim(...sweep("--out", join(FOLDER, "one"), "--jobs", "1")), PATIENCE);
afterAll(() => rmSync(FOLDER, { recursive: true }));

describe("The bytes of a sweep", () => {
  it("cover all its points", () => {
    expect(Object.keys(bytesOf("one"))).toHaveLength(6 + 5);
  });

  it(
    "are the same on two threads",
    async () => {
      await sim(...sweep("--out", join(FOLDER, "two"), "--jobs", "2"));
      expect(bytesOf("two")).toEqual(bytesOf("one"));
    },
    PATIENCE,
  );

  it(
    "are the same from three shards",
    async () => {
      const shards = [1, 2, 3].map((shard) => join(FOLDER, `shard${shard}`));
      for (const [index, out] of shards.entries())
        await sim(...sweep("--out", out, "--shard", `${index + 1}/3`, "--jobs", "1"));
      await sim("merge", ...shards, "--out", join(FOLDER, "merged"));
      expect(bytesOf("merged")).toEqual(bytesOf("one"));
    },
    PATIENCE,
  );

  it(
    "are the same after a kill in the middle and --resume",
    async () => {
      const out = join(FOLDER, "killed");
      const words = sweep("--out", out, "--jobs", "1");
      const child = spawn(process.execPath, ["--import", TSX, MAIN, ...words], { stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const first = join(out, "points/00001.json");
      for (let waited = 0; waited < 15_000 && !existsSync(first); waited += 5) await setTimeout(5);
      child.kill("SIGKILL");
      await ended;
      expect(existsSync(join(out, "result.json"))).toBe(false);
      expect(existsSync(first)).toBe(true);
      // What a kill in the middle of writing may leave behind.
      writeFileSync(join(out, `points/00006.json.0${UNFINISHED}`), "{");
      await sim(...words, "--resume");
      expect(bytesOf("killed")).toEqual(bytesOf("one"));
    },
    PATIENCE,
  );
});
