import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Goal: a sweep whose points choose their estimators leaves the same bytes however it was run.
// Method: the command as it was built last, on 60 points of incident 001 over port range, churn and kernel, in processes of
// their own: on one thread, on two, in three shards, killed in the middle and resumed. Boots of a minute keep pilots short.

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-estimators-"));
const SWEEP = [
  join(ROOT, "dist/app/cli/main.js"),
  "sweep",
  join(ROOT, "scenarios/nodelocaldns.yaml"),
  "--duration=1m",
  "--precision=100%",
  "--set=portRange.width=40000",
  "--vary=portRange.low=1024,8192,16384,24576",
  "--vary=churn.zabbix.rate=1/s..9/s/3",
  "--vary=kernel=3.10.0-1160.el7,4.4.0,5.4.188,5.15.24,6.1",
];

function sim(...words: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
}

function bytesOf(name: string): Record<string, string> {
  const root = join(FOLDER, name);
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/timings\.json$|\.unfinished$/.test(entry.name))
    .map(({ parentPath, name: file }) => join(parentPath, file));
  return Object.fromEntries(files.map((path) => [path.slice(root.length), readFileSync(path, "latin1")]));
}

const PATIENCE = 900_000;

beforeAll(() => sim(...SWEEP, "--jobs", "2", "--out", join(FOLDER, "two")), PATIENCE);
afterAll(() => rmSync(FOLDER, { recursive: true }));

describe("A sweep of 60 points that choose their estimators", () => {
  it("is exact at all of them", () => {
    const { points }: { points: { estimator: { name: string } }[] } = JSON.parse(bytesOf("two")["/result.json"]!);
    expect(points.filter(({ estimator }) => estimator.name === "exact")).toHaveLength(60);
  });

  it(
    "leaves the same bytes on one thread",
    () => {
      sim(...SWEEP, "--jobs", "1", "--out", join(FOLDER, "one"));
      expect(bytesOf("one")).toEqual(bytesOf("two"));
    },
    PATIENCE,
  );

  it(
    "leaves the same bytes in three shards",
    () => {
      const shards = [1, 2, 3].map((shard) => join(FOLDER, `shard${shard}`));
      for (const [index, out] of shards.entries()) sim(...SWEEP, "--shard", `${index + 1}/3`, "--out", out);
      sim(SWEEP[0]!, "merge", ...shards, "--out", join(FOLDER, "merged"));
      expect(bytesOf("merged")).toEqual(bytesOf("two"));
    },
    PATIENCE,
  );

  it(
    "leaves the same bytes after a kill in the middle and --resume",
    async () => {
      const out = join(FOLDER, "killed");
      const child = spawn(process.execPath, [...SWEEP, "--jobs", "2", "--out", out], { stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const middle = join(out, "points/00030.json");
      for (let waited = 0; waited < PATIENCE && !existsSync(middle); waited += 5) await setTimeout(5);
      child.kill("SIGKILL");
      await ended;
      expect(existsSync(join(out, "result.json"))).toBe(false);
      sim(...SWEEP, "--jobs", "2", "--out", out, "--resume");
      expect(bytesOf("killed")).toEqual(bytesOf("two"));
    },
    PATIENCE,
  );
});
