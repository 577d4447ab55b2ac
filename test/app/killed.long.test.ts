import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RandomStreams } from "../../src/sim/random.ts";
import { POINTS, ProgramFolder } from "./program_folder.ts";

// Goal: whatever moment `kill -9` hits, nothing is lost, nothing is doubled, and what is there in the end has the bytes of
// an undisturbed run.
// Method: the program that was built last, in processes of its own. Each kill falls at a moment that the seed draws:
// anywhere in the time of a sweep, or right behind a change in the folder of points, so that many hit a file that is being
// written. A script in each thread counts the boots that it is given.

const SEED = "killed";
const KILLS = 100;
/** A machine that does other things as well gives a process a fraction of a core. */
const PATIENCE = 7_200_000;

const folder = new ProgramFolder();

/** Milliseconds of an undisturbed sweep. */
let length = 0;

beforeAll(async () => {
  const begin = performance.now();
  await folder.done(folder.sweepWords("whole"));
  length = performance.now() - begin;
}, PATIENCE);

afterAll(() => folder.remove());

/** Waits until the folder of points has so many changes more, drafts among them, or `signal` says that there will be none. */
async function changesIn(out: string, count: number, signal: AbortSignal): Promise<void> {
  const points = join(folder.path, out, "points");
  const names = (): number => (folder.has(`${out}/points`) ? readdirSync(points).length : 0);
  let left = count;
  for (let last = names(); left > 0 && !signal.aborted;) {
    await setTimeout(0);
    const now = names();
    if (now !== last) left -= 1;
    last = now;
  }
}

/** Kills a process at a moment that chance draws. @returns whether that came before its end. */
async function isKilled(words: readonly string[], out: string, draw: number, wait: number): Promise<boolean> {
  const { child, ended } = folder.start(words);
  const over = new AbortController();
  const end = ended.finally(() => over.abort());
  if (draw < 0.3) await Promise.race([end, setTimeout(wait * length)]);
  else {
    await changesIn(out, 1 + Math.floor(((draw - 0.3) / 0.7) * 6), over.signal);
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
      const whole = folder.bytesOf("whole");
      const boots = folder.bootCount();
      expect(boots).toBe(POINTS);
      let [kills, sweeps, whileWriting, whilePointsWereWritten, beforeManifest] = [0, 0, 0, 0, 0];
      for (; kills < KILLS; sweeps += 1) {
        const out = `sweep${sweeps}`;
        const words = folder.sweepWords(out, "--resume");
        let kept: readonly string[] = [];
        while (kills < KILLS && (await isKilled(words, out, random.uniform(), random.uniform()))) {
          kills += 1;
          const drafts = folder.draftsIn(out);
          if (drafts.length > 0) whileWriting += 1;
          if (drafts.some((path) => path.startsWith("points"))) whilePointsWereWritten += 1;
          if (!folder.has(`${out}/manifest.json`)) beforeManifest += 1;
          // What was finished stays, with the bytes that it has in the end.
          const points = folder.pointsIn(out);
          expect(points).toEqual(expect.arrayContaining([...kept]));
          for (const [path, text] of Object.entries(folder.bytesOf(out)))
            expect([path, text]).toEqual([path, whole[path]]);
          kept = points;
        }
        await folder.done(words);
        expect(folder.bytesOf(out)).toEqual(whole);
        expect(folder.draftsIn(out)).toEqual([]);
        rmSync(join(folder.path, out), { recursive: true });
      }
      const redone = folder.bootCount() - boots - sweeps * POINTS;
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
      for (const shard of [1, 2]) await folder.done(folder.sweepWords(`shard${shard}`, "--shard", `${shard}/2`));
      const words = ["merge", "shard1", "shard2", "--out", "merged"];
      for (let kill = 1; kill <= 15; kill += 1) {
        const { child, ended } = folder.start(words);
        const over = new AbortController();
        const end = ended.finally(() => over.abort());
        if (kill % 3 === 0) await Promise.race([end, setTimeout(random.uniform() * length)]);
        else await changesIn("merged", 1 + random.below(POINTS), over.signal);
        child.kill("SIGKILL");
        await end;
        // Five kills one after the other, then its end.
        if (kill % 5 !== 0) continue;
        if (!folder.has("merged/result.json")) await folder.done(words);
        expect(folder.bytesOf("merged")).toEqual(folder.bytesOf("whole"));
        expect(folder.draftsIn("merged")).toEqual([]);
        rmSync(join(folder.path, "merged"), { recursive: true });
      }
    },
    PATIENCE,
  );

  it(
    "at 15 moments of a run leaves its result whole or not at all",
    async () => {
      const random = new RandomStreams(SEED, 0).stream("runs");
      const words = ["run", folder.scenario, "--out", "run"];
      const begin = performance.now();
      await folder.done(words);
      const time = performance.now() - begin;
      const whole = folder.resultOf("run");
      rmSync(join(folder.path, "run"), { recursive: true });
      for (let kill = 0; kill < 15; kill += 1) {
        const { child, ended } = folder.start(words);
        await Promise.race([ended, setTimeout((0.5 + 0.5 * random.uniform()) * time)]);
        child.kill("SIGKILL");
        await ended;
        if (!folder.has("run/result.json")) continue;
        expect(folder.resultOf("run")).toEqual(whole);
        rmSync(join(folder.path, "run"), { recursive: true });
      }
      mkdirSync(join(folder.path, "run"), { recursive: true });
      await folder.done(words);
      expect(readdirSync(join(folder.path, "run")).toSorted()).toEqual(["result.json", "scenario.yaml"]);
      expect(folder.resultOf("run")).toEqual(whole);
    },
    PATIENCE,
  );
});
