import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { CliIo } from "../../src/app/cli/cli_io.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { runText } from "../../src/report/run_text.ts";
import { initialScenario } from "../../src/scenario/init.ts";
import type { RunRequest } from "../../src/study/study_on_workers.ts";
import { seconds } from "../../src/units.ts";
import { failingRun } from "../report/run_documents.ts";
import { memoryIo, memoryTerminal } from "./memory_io.ts";

// Goal: what a user sees of `sim` besides the figures: which stream, which exit code, which message.
// Method: the commands run on a machine in memory, whose engine answers with a made-up document, never, or with an error.
// That the real engine stands behind the command is the smoke test's matter.

const FILES = { "first.yaml": initialScenario() };
const run = (words: string, io: CliIo): Promise<number> => runCli(words.split(" "), io);

/** An engine that remembers what it was asked. */
function recordingEngine(): { readonly asked: RunRequest[]; readonly runStudy: CliIo["runStudy"] } {
  const asked: RunRequest[] = [];
  return {
    asked,
    runStudy: async (request) => {
      asked.push(request);
      return { ...failingRun(), expectations: [] };
    },
  };
}

/** An engine that comes half way and then fails with the error that `fail` gives. */
function failingEngine(fail: () => Error): CliIo["runStudy"] {
  return async ({ onProgress }) => {
    onProgress?.({
      finishedReplications: 3,
      replications: 8,
      simulated: seconds(43_200),
      total: seconds(86_400),
      failed: 7,
    });
    throw fail();
  };
}

describe("sim run", () => {
  it("prints the report to stdout and nothing to stderr", async () => {
    const io = memoryIo(FILES);
    expect(await run("run first.yaml", io)).toBe(0);
    expect(io.out()).toBe(runText({ ...failingRun(), expectations: [] }, { color: false, columns: 100 }));
    expect(io.err()).toBe("");
  });

  it("prints one JSON document with --format json", async () => {
    const io = memoryIo(FILES);
    expect(await run("run first.yaml --format json", io)).toBe(0);
    expect(JSON.parse(io.out())).toEqual({ ...failingRun(), expectations: [] });
  });

  it("ends with 1 when an expectation does not hold, and prints all the same", async () => {
    const io = memoryIo(FILES, { runStudy: async () => failingRun() });
    expect(await run("run first.yaml", io)).toBe(1);
    expect(io.out()).toContain("✗ restarts.count: want equal to 1, got 0");
  });

  it("hands the engine the checked scenario, the file's digest and the overrides that applied", async () => {
    const { asked, runStudy } = recordingEngine();
    const io = memoryIo(FILES, { runStudy });
    expect(await run("run first.yaml --set kernel=6.1 --kernel 5.4.188 --seed 007 --replications 3", io)).toBe(0);
    expect(asked).toMatchObject([
      {
        file: "first.yaml",
        digest: io.digest(initialScenario()),
        overrides: { kernel: "5.4.188", seed: "007", replications: "3" },
        scenario: { seed: "007", replications: 3 },
        jobs: 2,
      },
    ]);
  });

  it("uses one worker per core, at most one per replication, and one for a replay", async () => {
    const { asked, runStudy } = recordingEngine();
    const io = memoryIo(FILES, { runStudy, cores: 64 });
    await run("run first.yaml --replications 3", io);
    await run("run first.yaml --replications 3 --jobs 2", io);
    await run("run first.yaml --replications 3 --replication 2 --until 1m", io);
    expect(asked.map(({ jobs }) => jobs)).toEqual([3, 2, 1]);
    expect(asked[2]).toMatchObject({ replication: 2, until: seconds(60) });
  });

  it("refuses a missing file", async () => {
    const io = memoryIo();
    expect(await run("run nowhere.yaml", io)).toBe(2);
    expect(io.err()).toMatch(/^nowhere\.yaml:1:1: Cannot read the scenario: there is no such file\n/);
    expect(io.err()).toMatch(/1 problem; nothing was run\n$/);
    expect(io.out()).toBe("");
  });

  it("shows every diagnostic of a wrong scenario and asks nothing of the engine", async () => {
    const { asked, runStudy } = recordingEngine();
    const io = memoryIo({ "bad.yaml": "kernal: 5.4.188\ndurations: 1h\n" }, { runStudy });
    expect(await run("run bad.yaml", io)).toBe(2);
    expect(io.err()).toMatch(/^bad\.yaml:1:1: .*"kernal"/);
    expect(io.err()).toMatch(/\nbad\.yaml:2:1: .*"durations"/);
    expect(asked).toEqual([]);
  });

  it("refuses a wrong path of --set", async () => {
    const io = memoryIo(FILES);
    expect(await run("run first.yaml --set kubeProxi.version=1.18.20", io)).toBe(2);
    expect(io.err()).toContain("kubeProxi");
  });

  it("refuses a replication that the scenario does not have", async () => {
    const io = memoryIo(FILES);
    expect(await run("run first.yaml --replications 8 --replication 8", io)).toBe(2);
    expect(io.err()).toBe("sim: Cannot run replication 8: there are 8, counted from 0; raise --replications\n");
  });

  it("refuses a warm-up that leaves nothing of a boot", async () => {
    const io = memoryIo(FILES);
    expect(await run("run first.yaml --duration 2m --warm-up 2m", io)).toBe(2);
    expect(io.err()).toBe(
      "sim: Cannot leave out the first 2 minutes: a boot is simulated for 2 minutes; raise --duration\n",
    );
  });

  it("names enough replications in the replay line of a boot that a precision has added", async () => {
    const bug = Object.assign(new Error("broken"), { replication: 30, at: 1_000_000 });
    const io = memoryIo(FILES, { runStudy: () => Promise.reject(bug) });
    expect(await run("run first.yaml --precision 10%", io)).toBe(3);
    expect(io.err()).toContain("--replications 31 --replication 30 --until 1.000000s\n");
  });

  it("ends a bug with 3, the stack and the line that replays it", async () => {
    const bug = Object.assign(new Error("assertion failed: a port has one owner"), { replication: 5, at: 12_345_678 });
    const io = memoryIo(FILES, { runStudy: failingEngine(() => bug) });
    expect(await run("run first.yaml --seed 42", io)).toBe(3);
    expect(io.err()).toMatch(/^sim: internal error, .*\nError: assertion failed: a port has one owner\n {4}at /);
    expect(io.err()).toMatch(/\nreplay: npx --no sim run first\.yaml --seed 42 --replication 5 --until 12\.345678s\n$/);
    expect(io.out()).toBe("");
  });

  it.each([
    [
      "in the event in which it broke",
      { event: 1234, handler: { handler: "packet/arrives", argument: 7 } },
      'in event 1234 "packet/arrives" (7)',
      "",
    ],
    ["with closer checks where it was found between two events", { event: 1234 }, "after event 1234", " --paranoid"],
  ])("says where a bug is and replays it %s", async (_place, carried, where, closer) => {
    const bug = Object.assign(new Error("Broken invariant: a"), { replication: 5, at: 12_345_678, ...carried });
    const io = memoryIo(FILES, { runStudy: failingEngine(() => bug) });
    expect(await run("run first.yaml --seed 42 --warm-up 2s", io)).toBe(3);
    expect(io.err().split("\n").slice(-3)).toEqual([
      `where: first.yaml, seed "42", replication 5, 12.345678s, ${where}`,
      `replay: npx --no sim run first.yaml --seed 42 --replication 5 --until 12.345678s --warm-up 2.000000s${closer}`,
      "",
    ]);
  });

  it("asks the engine to be paranoid, and replays such a run as one", async () => {
    const { asked, runStudy } = recordingEngine();
    const io = memoryIo(FILES, { runStudy });
    await run("run first.yaml --paranoid", io);
    expect(asked).toMatchObject([{ paranoid: true }]);
    const broken = Object.assign(new Error("broken"), { replication: 0, at: 5 });
    const failing = memoryIo(FILES, { runStudy: failingEngine(() => broken) });
    await run("run first.yaml --seed 42 --paranoid", failing);
    expect(failing.err()).toContain("--seed 42 --replication 0 --until 0.000005s --paranoid\n");
  });

  it("spreads over the boots of all variants, and replays a variant by its settings", async () => {
    const settings = { "kubeProxy.version": "1.18.20" };
    const bug = Object.assign(new Error("broken"), { replication: 5, at: 1_000_000, settings });
    const variants = "variants:\n  before: { kubeProxy.version: 1.18.20 }\n  same: {}\n";
    const asked: RunRequest[] = [];
    const io = memoryIo(
      { "varied.yaml": initialScenario() + variants },
      {
        cores: 64,
        runStudy: async (request) => {
          asked.push(request);
          throw bug;
        },
      },
    );
    expect(await run("run varied.yaml --replications 7", io)).toBe(3);
    expect(asked.map(({ jobs }) => jobs)).toEqual([21]);
    expect(io.err()).toContain("--replications 7 --set kubeProxy.version=1.18.20 --replication 5 --until 1.000000s\n");
  });

  it("ends an interrupt with 130 and says how far it came", async () => {
    const interrupt = new AbortController();
    const runStudy = failingEngine(() => {
      interrupt.abort();
      return new DOMException("interrupted", "AbortError");
    });
    const io = memoryIo(FILES, { runStudy, signal: interrupt.signal });
    expect(await run("run first.yaml", io)).toBe(130);
    expect(io.err()).toBe(
      "sim: interrupted: 3 of 8 replications finished, 12 hours of 24 hours simulated; nothing was printed\n",
    );
  });

  it("shows progress on a terminal only, and not with --quiet", async () => {
    const shown = async (words: string, isTerminal: boolean): Promise<string> => {
      const stderr = { ...memoryTerminal(), isTerminal };
      const runStudy = failingEngine(() => new Error("end"));
      await run(words, memoryIo(FILES, { stderr, runStudy }));
      return stderr.written.join("");
    };
    expect(await shown("run first.yaml", true)).toContain("\r3/8 replications");
    expect(await shown("run first.yaml", false)).not.toContain("\r");
    expect(await shown("run first.yaml --quiet", true)).not.toContain("\r");
  });

  it("uses colours on a terminal unless NO_COLOR or a dumb terminal forbids them", async () => {
    const isPainted = async (environment: Record<string, string>): Promise<boolean> => {
      const stdout = memoryTerminal();
      await run("run first.yaml", memoryIo(FILES, { stdout, environment }));
      const text = stdout.written.join("");
      return text !== stripVTControlCharacters(text);
    };
    expect(await isPainted({})).toBe(true);
    expect(await isPainted({ NO_COLOR: "" })).toBe(true);
    expect(await isPainted({ NO_COLOR: "1" })).toBe(false);
    expect(await isPainted({ TERM: "dumb" })).toBe(false);
  });
});

describe("sim init", () => {
  it("writes a scenario that runs", async () => {
    const io = memoryIo();
    expect(await run("init mine.yaml", io)).toBe(0);
    expect(io.out()).toBe("");
    expect(io.err()).toBe("wrote mine.yaml; next: npx --no sim run mine.yaml\n");
    expect(await run("run mine.yaml", io)).toBe(0);
  });

  it("prints the scenario without a file", async () => {
    const io = memoryIo();
    expect(await run("init", io)).toBe(0);
    expect(io.out()).toBe(initialScenario());
  });

  it("never overwrites", async () => {
    const io = memoryIo({ "mine.yaml": "about: mine\n" });
    expect(await run("init mine.yaml", io)).toBe(2);
    expect(io.err()).toMatch(/^sim: Cannot write "mine\.yaml": it exists already/);
    expect(io.files.get("mine.yaml")).toBe("about: mine\n");
  });
});

describe("sim schema", () => {
  it("prints a JSON Schema", async () => {
    const io = memoryIo();
    expect(await run("schema", io)).toBe(0);
    expect(JSON.parse(io.out())).toMatchObject({ $schema: expect.stringContaining("draft-07"), type: "object" });
  });
});

describe("sim", () => {
  it("prints help to stdout with 0, and wrong usage to stderr with 2", async () => {
    const io = memoryIo();
    expect(await run("--help", io)).toBe(0);
    expect(io.out()).toMatch(/^sim <command>/);
    expect(io.err()).toBe("");
    expect(await run("rnu", io)).toBe(2);
    expect(io.err()).toBe('sim: Unknown command "rnu"; did you mean run?\nSee: sim --help\n');
  });

  it("reports a bug outside the engine too", async () => {
    const readFile = async (): Promise<never> => {
      throw new Error("unforeseen");
    };
    const io = memoryIo({}, { readFile });
    expect(await run("run first.yaml", io)).toBe(3);
    expect(io.err()).toMatch(/^sim: internal error, .*\nError: unforeseen/);
  });
});
