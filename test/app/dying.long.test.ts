import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POINTS, ProgramFolder } from "./program_folder.ts";

// Goal: a thread that dies and a signal that asks for the end stop a sweep with the code and the words that are promised,
// what is finished is kept, and --resume comes to the bytes of an undisturbed one; what surrounds the program is not seen
// in a result.
// Method: the program that was built last, in processes of its own; a script in its threads makes one of them die.

const PATIENCE = 1_800_000;
const folder = new ProgramFolder();

beforeAll(() => folder.done(folder.sweepWords("whole")), PATIENCE);
afterAll(() => folder.remove());

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
        const { code, err } = await folder.start(folder.sweepWords(die), environment).ended;
        expect(code).toBe(3);
        expect(err).toMatch(text);
        expect(err).toMatch(/\nreplay: npx --no sim run .* --replication 0\n/);
        const kept = folder.pointsIn(die).length;
        expect(err).toMatch(new RegExp(`\\n${kept} of ${POINTS} points finished and kept in ${die}; the same command`));
        expect(kept).toBeGreaterThan(0);
        expect(folder.draftsIn(die)).toEqual([]);
        await folder.done(folder.sweepWords(die, "--resume"));
        expect(folder.bytesOf(die)).toEqual(folder.bytesOf("whole"));
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
        const { child, ended } = folder.start(folder.sweepWords(signal));
        while (folder.pointsIn(signal).length < 3 && child.exitCode === null) await setTimeout(1);
        child.kill(signal);
        const { code, err } = await ended;
        expect(code).toBe(130);
        const kept = folder.pointsIn(signal).length;
        expect(err).toBe(
          `sim: interrupted: ${kept} of ${POINTS} points finished and kept in ${signal}; the same command with --resume goes on\n`,
        );
        expect(folder.draftsIn(signal)).toEqual([]);
        await folder.done(folder.sweepWords(signal, "--resume"));
        expect(folder.bytesOf(signal)).toEqual(folder.bytesOf("whole"));
      },
      PATIENCE,
    );
  }
});

describe("What surrounds the program", () => {
  // Each clock of JavaScript's own leaps to and fro by up to 15 years.
  const clock =
    "data:text/javascript,const%20now=Date.now;let%20leap=0;Date.now=()=>now()+(leap=(leap*7919+104729)%251e12)-5e11";

  it(
    "changes no result: the locale, the time zone, missing folders, a clock that leaps",
    async () => {
      const seen = new Set<string>();
      for (const environment of [
        {},
        { HOME: "/nonexistent", TMPDIR: "/nonexistent" },
        { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", TZ: "Nowhere/Bad" },
        { LC_ALL: "ar_EG.UTF-8", TZ: "Pacific/Kiritimati" },
        { NODE_OPTIONS: `--import ${clock}` },
      ]) {
        expect(await folder.start(["run", folder.scenario, "--out", "around"], environment).ended).toEqual({
          code: 0,
          err: "",
        });
        seen.add(JSON.stringify(folder.resultOf("around")));
        rmSync(join(folder.path, "around"), { recursive: true });
      }
      expect(seen.size).toBe(1);
    },
    PATIENCE,
  );
});
