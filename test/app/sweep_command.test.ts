import { describe, expect, it } from "vitest";
import type { CliIo } from "../../src/app/cli/cli_io.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { sweepProgressText } from "../../src/app/cli/sweep_command.ts";
import { initialScenario } from "../../src/scenario/init.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { failingRun } from "../report/run_documents.ts";
import { memoryIo } from "./memory_io.ts";
import type { MemoryIo } from "./memory_io.ts";

// Goal: what a user of `sim sweep` and `sim merge` sees, and what lies in the folders, besides the figures.
// Method: the commands run on a machine in memory whose engine answers at once with a made-up document.

const FILES = { "first.yaml": initialScenario() };
const KERNELS = "sweep first.yaml --vary kernel=5.4.188,6.1,6.12";
const run = (words: string, io: CliIo): Promise<number> => runCli(words.split(" "), io);

/** A machine that holds what another one wrote, with any part replaced. */
function laterIo(earlier: MemoryIo, parts: Partial<CliIo> = {}): MemoryIo {
  return memoryIo(Object.fromEntries(earlier.files), parts);
}

function filesIn(io: MemoryIo, folder: string): Record<string, string> {
  const found = [...io.files].filter(([path]) => path.startsWith(`${folder}/`) && !path.endsWith("/timings.json"));
  return Object.fromEntries(found.map(([path, text]) => [path.slice(folder.length), text]));
}

/** The document with which the machine's engine answers. */
const madeUp = (): RunDocument => ({ ...failingRun(), expectations: [] });

/** An engine that answers for some runs and then fails. */
function engineFor(count: number, fail: () => Error): CliIo["runStudy"] {
  let left = count;
  return async () => {
    left -= 1;
    if (left < 0) throw fail();
    return madeUp();
  };
}

describe("sim sweep", () => {
  it("prints the table, and one document sweep/1 with --format json", async () => {
    const io = memoryIo(FILES);
    expect(await run(KERNELS, io)).toBe(0);
    expect(io.out()).toContain("point   kernel     probes  failed  probability");
    expect(io.err()).toBe("");
    const json = memoryIo(FILES);
    expect(await run(`${KERNELS} --format json`, json)).toBe(0);
    expect(JSON.parse(json.out())).toMatchObject({
      format: "sweep/1",
      points: [
        { point: 1, values: { kernel: "5.4.188" } },
        { point: 2, values: { kernel: "6.1" } },
        { point: 3, values: { kernel: "6.12" } },
      ],
    });
  });

  it("hands precision and warm-up on to every point, and does not resume with others", async () => {
    const asked: unknown[] = [];
    const io = memoryIo(FILES, {
      runStudy: async ({ warmUp, stopping }) => {
        asked.push({ warmUp, stopping });
        return madeUp();
      },
    });
    const command = `${KERNELS} --set duration=1h --precision 10% --warm-up 4m --out d`;
    expect(await run(command, io)).toBe(0);
    expect(asked).toEqual(Array.from({ length: 3 }, () => ({ warmUp: 240_000_000, stopping: { precision: 0.1 } })));
    expect(JSON.parse(io.files.get("d/manifest.json")!)).toMatchObject({
      settings: { precision: "10%", "warm-up": "4m" },
    });
    const later = laterIo(io);
    expect(await run(`${command.replace("10%", "5%")} --resume`, later)).toBe(2);
    expect(later.err()).toBe('sim: Cannot resume the sweep in "d": it was run with other options\n');
  });

  it("lets points choose their estimator where a precision is asked for, the false alarms shared by all of them", async () => {
    const chances: unknown[] = [];
    const parts: Partial<CliIo> = {
      runStudy: async ({ falseAlarm }) => {
        chances.push(falseAlarm);
        return madeUp();
      },
    };
    const io = memoryIo(FILES, parts);
    expect(await run(`${KERNELS} --precision 10% --out d --shard 1/3`, io)).toBe(0);
    expect(chances).toEqual([0.01 / 3]);
    expect(JSON.parse(io.files.get("d/manifest.json")!)).toMatchObject({
      settings: { precision: "10%", estimator: "auto" },
    });
    chances.length = 0;
    expect(await run(`${KERNELS} --precision 10% --estimator packet`, memoryIo(FILES, parts))).toBe(0);
    expect(await run(KERNELS, memoryIo(FILES, parts))).toBe(0);
    expect(chances).toEqual(Array.from({ length: 6 }, () => undefined));
  });

  it("sends every packet where that is asked for, and says so of each point", async () => {
    const asked: unknown[] = [];
    const parts: Partial<CliIo> = {
      runStudy: async ({ isPacketByPacket }) => {
        asked.push(isPacketByPacket);
        return madeUp();
      },
    };
    const io = memoryIo(FILES, parts);
    expect(await run(`${KERNELS} --estimator packet --out d --shard 1/3`, io)).toBe(0);
    expect(await run(`${KERNELS} --estimator flow --out e --shard 1/3`, io)).toBe(0);
    expect(asked).toEqual([true, undefined]);
    const estimatorOf = (folder: string): unknown => {
      const file = [...io.files].find(([path]) => path.startsWith(`${folder}/points/`));
      return JSON.parse(file![1]).estimator;
    };
    expect([estimatorOf("d"), estimatorOf("e")]).toEqual([
      { name: "packet", why: "simulated as asked" },
      { name: "flow", why: "simulated as asked" },
    ]);
  });

  it("refuses a choice without a precision", async () => {
    const io = memoryIo(FILES);
    expect(await run(`${KERNELS} --estimator auto`, io)).toBe(2);
    expect(io.err()).toContain(
      "Cannot use --estimator auto alone: say with --precision how well each point is to be known",
    );
  });

  it("refuses a warm-up that is as long as a boot of one of its points", async () => {
    const io = memoryIo(FILES);
    expect(await run("sweep first.yaml --vary duration=2h,1h --warm-up 60m", io)).toBe(2);
    expect(io.err()).toBe(
      "sim: Point 2: Cannot leave out the first 1 hour: a boot is simulated for 1 hour; raise --duration\n",
    );
  });

  it("writes result, manifest, tables, scenario, times and one file for each point", async () => {
    const io = memoryIo(FILES);
    expect(await run(`${KERNELS} --set duration=1h --out d`, io)).toBe(0);
    expect([...io.files.keys()].filter((path) => path.startsWith("d/")).toSorted()).toEqual([
      "d/manifest.json",
      "d/points.csv",
      "d/points.parquet",
      "d/points/00001.json",
      "d/points/00002.json",
      "d/points/00003.json",
      "d/result.json",
      "d/scenario.yaml",
      "d/timings.json",
    ]);
    expect(io.files.get("d/scenario.yaml")).toContain("duration: 1h");
  });

  it("keeps every time, machine and number of jobs out of all files but timings.json", async () => {
    const slow = memoryIo(FILES, {
      runtime: "Node 24 on darwin arm64",
      cores: 16,
      clock: () => 12_345,
      runStudy: async () => ({ ...madeUp(), engine: { ...failingRun().engine, wallSeconds: 99, cpuSeconds: 88 } }),
    });
    const quick = memoryIo(FILES);
    await run(`${KERNELS} --out d --jobs 3`, slow);
    await run(`${KERNELS} --out d`, quick);
    expect(filesIn(slow, "d")).toEqual(filesIn(quick, "d"));
    expect(JSON.parse(slow.files.get("d/timings.json") ?? "")).toMatchObject({
      jobs: 3,
      runtime: "Node 24 on darwin arm64",
    });
  });

  it("writes over no sweep unasked", async () => {
    const io = memoryIo(FILES);
    await run(`${KERNELS} --out d`, io);
    const again = laterIo(io);
    expect(await run(`${KERNELS} --out d`, again)).toBe(2);
    expect(again.err()).toBe(
      'sim: Cannot use "d": it holds a sweep with 3 finished points; add --resume to go on, or name another folder\n',
    );
  });

  it("uses no folder that holds something else", async () => {
    const io = memoryIo({ ...FILES, "d/letter.txt": "x" });
    expect(await run(`${KERNELS} --out d`, io)).toBe(2);
    expect(io.err()).toBe('sim: Cannot use "d": it holds files, and none is the manifest of a sweep\n');
  });

  it("keeps finished points when it is interrupted, and resumes to the same bytes", async () => {
    const interrupted = new AbortController();
    const runStudy = engineFor(1, () => {
      interrupted.abort();
      return new DOMException("", "AbortError");
    });
    const io = memoryIo(FILES, { signal: interrupted.signal, runStudy });
    expect(await run(`${KERNELS} --out d --jobs 1`, io)).toBe(130);
    expect(io.err()).toBe(
      "sim: interrupted: 1 of 3 points finished and kept in d; the same command with --resume goes on\n",
    );
    let runs = 0;
    const resumed = laterIo(io, { runStudy: async () => ((runs += 1), madeUp()) });
    expect(await run(`${KERNELS} --out d --resume`, resumed)).toBe(0);
    expect(runs).toBe(2);
    const whole = memoryIo(FILES);
    await run(`${KERNELS} --out d`, whole);
    expect(filesIn(resumed, "d")).toEqual(filesIn(whole, "d"));
  });

  it("keeps finished points when the disk is full", async () => {
    const io = memoryIo(FILES);
    const writeWholeFile: CliIo["writeWholeFile"] = async (path, content) =>
      path.endsWith("00002.json") ? "no space is left on the device" : io.writeWholeFile(path, content);
    expect(await run(`${KERNELS} --out d --jobs 1`, { ...io, writeWholeFile })).toBe(2);
    expect(io.err()).toMatch(
      /^sim: Cannot write "d\/points\/00002.json": no space is left on the device\n[12] of 3 points finished and kept in d; the same command with --resume goes on\n$/,
    );
    expect(io.files.has("d/points/00001.json")).toBe(true);
  });

  it("names a file that is no point of this sweep", async () => {
    const io = memoryIo(FILES);
    await run(`${KERNELS} --out d`, io);
    io.files.set("d/points/00002.json", io.files.get("d/points/00001.json")!);
    expect(await run(`${KERNELS} --out d --resume`, io)).toBe(2);
    expect(io.err()).toBe('sim: Cannot read "d/points/00002.json": it belongs to another sweep or another point\n');
  });

  it("prints the line that replays a broken point, and what is kept", async () => {
    const fail = (): Error => Object.assign(new Error("Broken invariant: x"), { replication: 3, at: 5_000_000 });
    const io = memoryIo(FILES, { runStudy: engineFor(0, fail) });
    expect(await run(`${KERNELS} --seed 7`, io)).toBe(3);
    expect(io.err()).toContain(
      "replay: npx --no sim run first.yaml --seed 7 --kernel 5.4.188 --replication 3 --until 5.000000s",
    );
    expect(io.err()).toContain("0 of 3 points finished; nothing is kept without --out\n");
  });

  it.each([
    ["sweep first.yaml", "sim: Cannot sweep without a path to vary: add --vary PATH=A,B,C\n"],
    [
      "sweep first.yaml --vary about=a,b",
      'sim: Cannot sweep over "about": it varies nothing, each of its values gives the same scenario\n',
    ],
    [
      "sweep first.yaml --vary kernel=5.10,6.1 --kernel 5.4",
      'sim: Cannot both set and vary "kernel": leave out one of the two\n',
    ],
    [
      `${KERNELS} --out d --shard slurm`,
      "sim: Cannot use --shard slurm: SLURM_ARRAY_TASK_ID is not in the environment; it is for a job array (sbatch --array=1-N)\n",
    ],
  ])("refuses %j and runs nothing", async (words, message) => {
    const io = memoryIo(FILES, {
      runStudy: async () => {
        throw new Error("nothing may be run");
      },
    });
    expect(await run(words, io)).toBe(2);
    expect(io.err()).toBe(message);
  });
});

describe("sim merge", () => {
  const SHARDS = [1, 2, 3];

  /** A machine with the folders s1, s2 … of a sweep's shards. */
  async function shards(words = KERNELS, parts: Partial<CliIo> = {}): Promise<MemoryIo> {
    const io = memoryIo(FILES, parts);
    for (const shard of SHARDS) expect(await run(`${words} --shard ${shard}/3 --out s${shard}`, io)).toBe(0);
    return io;
  }

  it("gives the bytes of one machine", async () => {
    const io = await shards();
    expect(await run("merge s3 s1 s2 --out whole", io)).toBe(0);
    const single = memoryIo(FILES);
    await run(`${KERNELS} --out whole`, single);
    expect(filesIn(io, "whole")).toEqual(filesIn(single, "whole"));
  });

  it("says of a shard that it is one", async () => {
    const io = await shards();
    expect(JSON.parse(io.files.get("s2/result.json") ?? "")).toMatchObject({
      shard: { index: 2, count: 3 },
      points: [{ point: 2 }],
    });
  });

  it("takes a shard twice if both have the same bytes", async () => {
    const io = await shards();
    await run(`${KERNELS} --shard 2/3 --out again`, io);
    expect(await run("merge s1 s2 again s3 --out whole", io)).toBe(0);
  });

  it("names a missing shard, and one that is not finished", async () => {
    const io = await shards();
    expect(await run("merge s1 s3 --out whole", io)).toBe(2);
    io.files.delete("s2/points/00002.json");
    expect(await run("merge s1 s2 s3 --out whole", io)).toBe(2);
    expect(io.err()).toBe(
      'sim: Cannot merge: shard 2/3 missing\nsim: Cannot merge: "s2" is shard 2/3 and lacks 1 point; finish it with --resume\n',
    );
    expect(filesIn(io, "whole")).toEqual({});
  });

  it("refuses shards of different sweeps, versions and builds", async () => {
    const io = await shards();
    await run("sweep first.yaml --vary kernel=5.4.188,6.1,6.6 --shard 2/3 --out other", io);
    await run(`${KERNELS} --shard 2/3 --out newer`, { ...io, version: "0.2.0" });
    await run(`${KERNELS} --shard 2/3 --out built`, { ...io, buildDigest: async () => "sha256:other" });
    for (const folder of ["other", "newer", "built"])
      expect(await run(`merge s1 ${folder} s3 --out whole`, io)).toBe(2);
    expect(io.err()).toBe(
      'sim: Cannot merge "other" with "s1": it varies other paths or values\n' +
        'sim: Cannot merge "newer" with "s1": it was made by portfall 0.2.0, the other by 0.1.0\n' +
        'sim: Cannot merge "built" with "s1": it was made by another build of portfall 0.1.0\n',
    );
  });

  it("refuses two results for one point, an empty folder, and a target that is in use", async () => {
    const io = await shards();
    const other = await shards(KERNELS, { runStudy: async () => ({ ...failingRun(), warnings: ["other"] }) });
    for (const [path, text] of other.files) if (path.startsWith("s2/")) io.files.set(`x${path.slice(2)}`, text);
    expect(await run("merge s1 s2 x s3 --out whole", io)).toBe(2);
    expect(await run("merge s1 nowhere --out whole", io)).toBe(2);
    expect(await run("merge s1 s2 s3 --out s1", io)).toBe(2);
    expect(io.err()).toBe(
      'sim: Cannot merge "x" with "s2": they differ at point 2\n' +
        'sim: Cannot merge "nowhere": there is no sweep in it\n' +
        'sim: Cannot use "s1": it holds a sweep already; name another folder\n',
    );
  });

  it("resumes no other shard or sweep", async () => {
    const io = await shards();
    expect(await run(`${KERNELS} --shard 1/3 --out s2 --resume`, io)).toBe(2);
    expect(await run(`${KERNELS} --seed 2 --shard 2/3 --out s2 --resume`, io)).toBe(2);
    expect(io.err()).toBe(
      'sim: Cannot resume the sweep in "s2": it is shard 2/3, not 1/3\n' +
        'sim: Cannot resume the sweep in "s2": its points were chosen by another design or seed\n',
    );
  });
});

describe("sim run --out", () => {
  it("writes the document it prints and the scenario as run", async () => {
    const io = memoryIo(FILES);
    expect(await run("run first.yaml --kernel 6.1 --format json --out d/", io)).toBe(0);
    expect(io.files.get("d/result.json")).toBe(io.out());
    expect(io.files.get("d/scenario.yaml")).toMatch(/^kernel: "6\.1"/m);
  });

  it("writes over no result", async () => {
    const io = memoryIo({ ...FILES, "d/result.json": "{}" });
    expect(await run("run first.yaml --out d", io)).toBe(2);
    expect(io.err()).toBe('sim: Cannot use "d": it holds a result already; name another folder\n');
  });

  it("says so when the disk is full", async () => {
    const io = memoryIo(FILES, { writeWholeFile: async () => "no space is left on the device" });
    expect(await run("run first.yaml --out d", io)).toBe(2);
    expect(io.err()).toBe('sim: Cannot write "d/scenario.yaml": no space is left on the device\n');
  });
});

describe("sweepProgressText", () => {
  it("says how long the rest takes, by the share that is done", () => {
    expect(sweepProgressText({ finishedPoints: 12, points: 60, done: 0.25 }, 60)).toBe(
      "12/60 points, about 3 minutes left",
    );
    expect(sweepProgressText({ finishedPoints: 0, points: 60, done: 0 }, 0)).toBe("0/60 points");
  });
});
