import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UNFINISHED } from "../../src/app/cli/write_whole.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { BUILT_MAIN } from "../support/built_program.ts";

// Goal: whatever moment `kill -9` hits, or whatever thread dies, nothing is lost, nothing is doubled, and what is there in
// the end has the bytes of an undisturbed run.
// Method: the program that was built last, in processes of its own, on 24 short points. Each kill falls at a moment that
// the seed draws: anywhere in the time of a run, or right behind a change in the folder of points, so that many of them
// hit a file that is being written. A script in each thread writes down which boots it is given.

const SEED = "killed";
const KILLS = 100;
/** A machine that does other things as well gives a process a fraction of a core. */
const PATIENCE = 7_200_000;

const FOLDER = mkdtempSync(join(tmpdir(), "portfall-killed-"));
const SCENARIO = join(FOLDER, "small.yaml");
const SWEEP = ["--vary", "kernel=3.10.0-1160.el7,4.4.0,5.4.188,6.1", "--vary", "churn.agent.rate=1/s..6/s/6"];
const POINTS = 24;
const LOG = join(FOLDER, "boots.log");
const SPY = join(FOLDER, "spy.mjs");

writeFileSync(
  SCENARIO,
  `kernel: "6.1"
duration: 10s
replications: 1
seed: killed
node: { interfaces: [{ name: eth0, addresses: [10.0.0.5/24] }, { name: cni0, kind: bridge, addresses: [10.1.0.1/24] }] }
sysctls: { net.ipv4.ip_local_port_range: 30000 31000 }
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs }
services:
  - { name: default/many, type: NodePort, clusterIP: 10.2.0.1, ports: [{ port: 80, nodePort: 30100, targetPort: 80 }], endpoints: [10.1.0.9] }
pods:
  - { name: default/web, listen: [80], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
churn:
  - { name: agent, from: node, to: 10.0.0.9:10050, rate: 1/s, arrivals: poisson, closes: client }
`,
);

/** In each thread: writes a line for each boot that it is given, and does at the given one what DIE says. */
writeFileSync(
  SPY,
  `import { appendFileSync } from "node:fs";
import { isMainThread, parentPort } from "node:worker_threads";
if (!isMainThread) {
  const on = parentPort.on.bind(parentPort);
  let boots = 0;
  parentPort.on = (name, hear) => on(name, name !== "message" ? hear : (task) => {
    appendFileSync(${JSON.stringify(LOG)}, "boot\\n");
    boots += 1;
    if (boots === Number(process.env.DIE_AT)) {
      if (process.env.DIE === "exit") process.exit(7);
      if (process.env.DIE === "throw") throw new Error("no such port");
      for (const hoard = []; process.env.DIE === "memory"; ) hoard.push(new Array(1000).fill(Math.random()));
    }
    hear(task);
  });
}
`,
);

/** One process of the program, with the spy in its threads. */
interface Ended {
  readonly code: number | null;
  readonly err: string;
}

function start(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { NODE_OPTIONS: more = "", ...rest } = environment;
  const env = { ...process.env, NODE_OPTIONS: `--import ${pathToFileURL(SPY).href} ${more}`, ...rest };
  const child = spawn(process.execPath, [BUILT_MAIN, ...words], {
    cwd: FOLDER,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (err += text));
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, err })));
  return { child, ended };
}

/** All files of a folder, by their paths, but the times and what a kill left behind. */
function bytesOf(name: string): Record<string, string> {
  const root = join(FOLDER, name);
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "timings.json" && !entry.name.endsWith(UNFINISHED))
    .map(({ parentPath, name: file }) => join(parentPath, file));
  return Object.fromEntries(paths.map((path) => [path.slice(root.length), readFileSync(path, "latin1")]));
}

/** The files below a folder that a kill left half written. */
function draftsIn(name: string): string[] {
  const root = join(FOLDER, name);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(UNFINISHED));
}

function pointsIn(name: string): readonly string[] {
  const folder = join(FOLDER, name, "points");
  return existsSync(folder) ? readdirSync(folder).filter((path) => path.endsWith(".json")) : [];
}

function bootsSince(before: number): number {
  return bootLines() - before;
}

function bootLines(): number {
  return existsSync(LOG) ? readFileSync(LOG, "utf8").split("\n").length - 1 : 0;
}

const sweep = (out: string, ...more: string[]): string[] => [
  "sweep",
  SCENARIO,
  ...SWEEP,
  "--jobs",
  "2",
  "--out",
  out,
  ...more,
];

/** Seconds of an undisturbed sweep, in which the kills fall. */
let length = 0;

beforeAll(async () => {
  const begin = performance.now();
  expect(await start(sweep("whole")).ended).toEqual({ code: 0, err: "" });
  length = performance.now() - begin;
  expect(bootLines()).toBe(POINTS);
  expect(pointsIn("whole")).toHaveLength(POINTS);
}, PATIENCE);

afterAll(() => rmSync(FOLDER, { recursive: true }));

/** Kills a process at a moment that chance draws; whether that came before its end. */
async function killed(words: readonly string[], out: string, draw: number, wait: number): Promise<boolean> {
  const { child, ended } = start(words);
  let isOver = false;
  const end = ended.then(({ code, err }) => {
    isOver = true;
    return { code, err };
  });
  if (draw < 0.3) await Promise.race([end, setTimeout(wait * length)]);
  else {
    // So many new names in the folder of points, drafts among them.
    const folder = join(FOLDER, out, "points");
    const names = (): number => (existsSync(folder) ? readdirSync(folder).length : 0);
    const seen = names();
    const changes = Math.floor(((draw - 0.3) / 0.7) * 6);
    for (let last = seen, count = 0; !isOver && count <= changes;) {
      await setTimeout(0);
      if (names() !== last) count += 1;
      last = names();
    }
    await setTimeout(wait * 4);
  }
  child.kill("SIGKILL");
  const { code, err } = await end;
  if (code !== null) expect({ code, err }).toEqual({ code: 0, err: "" });
  return code === null;
}

describe("kill -9", () => {
  it(
    `at ${KILLS} moments of a sweep with --resume loses nothing and doubles nothing`,
    async () => {
      const random = new RandomStreams(SEED, 0).stream("kills");
      const boots = bootLines();
      const whole = bytesOf("whole");
      let [kills, sweeps, whileWriting, whilePointsWereWritten, beforeManifest] = [0, 0, 0, 0, 0];
      while (kills < KILLS) {
        const out = `sweep${sweeps}`;
        sweeps += 1;
        let kept: readonly string[] = [];
        for (let isFinished = false; !isFinished;) {
          const words = sweep(out, "--resume");
          if (kills === KILLS) {
            expect(await start(words).ended).toEqual({ code: 0, err: "" });
            break;
          }
          isFinished = !(await killed(words, out, random.uniform(), random.uniform()));
          const drafts = draftsIn(out);
          const points = pointsIn(out);
          if (!isFinished) kills += 1;
          if (drafts.length > 0) whileWriting += 1;
          if (drafts.some((path) => path.startsWith("points"))) whilePointsWereWritten += 1;
          if (!existsSync(join(FOLDER, out, "manifest.json"))) beforeManifest += 1;
          // What was finished stays, with the bytes that it will have in the end.
          expect(points).toEqual(expect.arrayContaining([...kept]));
          for (const [path, text] of Object.entries(bytesOf(out))) expect(text).toBe(whole[path]);
          kept = points;
        }
        expect(bytesOf(out)).toEqual(whole);
        expect(draftsIn(out)).toEqual([]);
        rmSync(join(FOLDER, out), { recursive: true });
      }
      const redone = bootsSince(boots) - sweeps * POINTS;
      console.log(
        `${kills} kills in ${sweeps} sweeps of ${POINTS} points: ${whileWriting} left a file half written, of which ` +
          `${whilePointsWereWritten} a point; ${beforeManifest} came before the manifest; ${redone} points were run again`,
      );
      expect(whilePointsWereWritten).toBeGreaterThan(0);
      // A kill loses at most the points that were under way: one more than there are threads.
      expect(redone).toBeLessThanOrEqual(3 * KILLS);
    },
    PATIENCE,
  );

  it(
    "at 15 moments of a merge leaves folders with which the same merge ends well",
    async () => {
      const random = new RandomStreams(SEED, 0).stream("merges");
      for (const shard of [1, 2]) {
        expect(await start(sweep(`shard${shard}`, "--shard", `${shard}/2`)).ended).toEqual({ code: 0, err: "" });
      }
      const words = ["merge", "shard1", "shard2", "--out", "merged"];
      for (let kill = 0; kill < 15; kill += 1) {
        const { child, ended } = start(words);
        while (kill % 3 > 0 && child.exitCode === null && pointsIn("merged").length < random.below(POINTS))
          await setTimeout(0);
        if (kill % 3 === 0) await setTimeout(random.uniform() * 0.3 * length);
        child.kill("SIGKILL");
        await ended;
        if (kill % 5 < 4 && !existsSync(join(FOLDER, "merged/result.json"))) continue;
        if (!existsSync(join(FOLDER, "merged/result.json"))) expect((await start(words).ended).code).toBe(0);
        expect(bytesOf("merged")).toEqual(bytesOf("whole"));
        expect(draftsIn("merged")).toEqual([]);
        rmSync(join(FOLDER, "merged"), { recursive: true });
      }
    },
    PATIENCE,
  );

  it(
    "at 15 moments of a run leaves its result whole or not at all",
    async () => {
      const random = new RandomStreams(SEED, 0).stream("runs");
      const words = ["run", SCENARIO, "--out", "run"];
      const begin = performance.now();
      expect((await start(words).ended).code).toBe(0);
      const time = performance.now() - begin;
      const whole = resultOf("run");
      rmSync(join(FOLDER, "run"), { recursive: true });
      for (let kill = 0; kill < 15; kill += 1) {
        const { child, ended } = start(words);
        await Promise.race([ended, setTimeout((0.5 + 0.5 * random.uniform()) * time)]);
        child.kill("SIGKILL");
        await ended;
        if (!existsSync(join(FOLDER, "run/result.json"))) continue;
        expect(resultOf("run")).toEqual(whole);
        rmSync(join(FOLDER, "run"), { recursive: true });
      }
      rmSync(join(FOLDER, "run"), { recursive: true, force: true });
      mkdirSync(join(FOLDER, "run"));
      expect((await start(words).ended).code).toBe(0);
      expect(readdirSync(join(FOLDER, "run")).toSorted()).toEqual(["result.json", "scenario.yaml"]);
      expect(resultOf("run")).toEqual(whole);
    },
    PATIENCE,
  );
});

function resultOf(name: string): unknown {
  const { engine, ...document }: { engine: object } = JSON.parse(
    readFileSync(join(FOLDER, name, "result.json"), "utf8"),
  );
  return { ...document, engine: { ...engine, cpuSeconds: 0, wallSeconds: 0 } };
}

describe("A thread that dies in a sweep", () => {
  for (const [die, text] of [
    ["exit", /^sim: internal error, please report it with what follows\nError: A worker thread ended with code 7\n/],
    ["throw", /^sim: internal error, please report it with what follows\nError: no such port\n/],
    ["memory", /^sim: out of memory: a thread came to the limit of its heap; raise it, such as NODE_OPTIONS=/],
  ] as const) {
    it(
      `by ${die} ends it with 3, and what is finished is kept`,
      async () => {
        const environment = { DIE: die, DIE_AT: "5", NODE_OPTIONS: "--max-old-space-size=96" };
        const { code, err } = await start(sweep(die), environment).ended;
        expect(code).toBe(3);
        expect(err).toMatch(text);
        expect(err).toMatch(/\nreplay: npx --no sim run .* --replication 0\n/);
        const kept = pointsIn(die).length;
        expect(err).toMatch(new RegExp(`\\n${kept} of ${POINTS} points finished and kept in ${die}; the same command`));
        expect(kept).toBeGreaterThan(0);
        expect(draftsIn(die)).toEqual([]);
        expect(await start(sweep(die, "--resume")).ended).toEqual({ code: 0, err: "" });
        expect(bytesOf(die)).toEqual(bytesOf("whole"));
      },
      PATIENCE,
    );
  }
});

describe("A signal that asks for the end", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(
      `(${signal}) ends a sweep with 130, and --resume goes on`,
      async () => {
        const { child, ended } = start(sweep(signal));
        while (pointsIn(signal).length < 3 && child.exitCode === null) await setTimeout(1);
        child.kill(signal);
        const { code, err } = await ended;
        expect(code).toBe(130);
        const kept = pointsIn(signal).length;
        expect(err).toBe(
          `sim: interrupted: ${kept} of ${POINTS} points finished and kept in ${signal}; the same command with --resume goes on\n`,
        );
        expect(draftsIn(signal)).toEqual([]);
        expect(await start(sweep(signal, "--resume")).ended).toEqual({ code: 0, err: "" });
        expect(bytesOf(signal)).toEqual(bytesOf("whole"));
      },
      PATIENCE,
    );
  }
});

describe("A disk that is full, for every command that prints", () => {
  beforeAll(async () => {
    expect((await start(["run", SCENARIO, "--out", "result"]).ended).code).toBe(0);
  }, PATIENCE);

  for (const words of [
    `run ${SCENARIO}`,
    `run ${SCENARIO} --format json`,
    `sweep ${SCENARIO} --vary kernel=4.4.0,6.1`,
    "merge whole --out again",
    `diff ${SCENARIO} --b kernel=4.4.0`,
    `check ${SCENARIO}`,
    "import --commands",
    "ports --kernel 6.1 --connects 100",
    `explain ${SCENARIO} --probe 1`,
    `conform ${join(import.meta.dirname, "../conformance/6.1/C02.json")}`,
    "report result",
    "chart result",
    "schema",
    "completion bash",
    "init",
    "--help",
    "--version",
  ]) {
    it(
      `says so: sim ${words.replaceAll(FOLDER, "").replace(/\/\S*\/test\//, "test/")}`,
      () => {
        const script = `sim() { "${process.execPath}" "${BUILT_MAIN}" "$@"; }; set -o pipefail; rm -rf again`;
        const bash = (line: string) =>
          spawnSync("bash", ["-c", `${script}; ${line}`], { cwd: FOLDER, encoding: "utf8" });
        const usual = bash(`sim ${words} > out.txt`);
        expect([0, 1]).toContain(usual.status);
        const early = bash(`sim ${words} | head -c 1`);
        expect({ code: early.status, out: early.stdout.length, err: early.stderr }).toEqual({
          code: usual.status,
          out: 1,
          err: usual.stderr,
        });
        const full = bash(`sim ${words} > /dev/full`);
        expect(full.status).toBe(2);
        expect(full.stderr).toBe(
          `${usual.stderr}sim: Cannot write to the standard output: no space is left on the device; what stands there is not whole\n`,
        );
        const half = bash(`ulimit -f 0; sim ${words} > out.txt`);
        expect({ code: half.status, out: readFileSync(join(FOLDER, "out.txt"), "utf8") }).toEqual({ code: 2, out: "" });
      },
      PATIENCE,
    );
  }
});
