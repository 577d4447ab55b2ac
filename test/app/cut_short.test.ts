import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { memoryIo, type MemoryIo } from "./memory_io.ts";

// Goal: whatever write a kill or a full disk cuts a command short at, the next one finds a folder that it can go on with
// and comes to the bytes of an undisturbed run.
// Method: the commands run on a machine in memory whose disk takes so many files and then no more, for each such number.
// There a write is whole or not done at all; that this is so on a disk is the matter of write_whole.test.ts.

type Files = Readonly<Record<string, string>>;

const FIRST = `kernel: "6.1"
duration: 1m
node: { interfaces: [{ name: eth0, addresses: [10.0.0.5/24] }] }
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs }
`;
const SCENARIO: Files = { "first.yaml": FIRST };
const SWEEP = "sweep first.yaml --vary kernel=5.4.188,4.4.0 --jobs 1";
const SPACE = "no space is left on the device";

class Killed extends Error {}

/** A machine whose disk takes `writes` files; then the program is killed, or the disk is full. */
function machine(files: Files, writes = Infinity, end: "kill" | "full" = "kill"): MemoryIo {
  let count = 0;
  const io = memoryIo(files);
  const take = <Rest extends readonly unknown[]>(write: (...rest: Rest) => Promise<string | undefined>) => {
    return async (...rest: Rest): Promise<string | undefined> => {
      count += 1;
      if (count <= writes) return write(...rest);
      if (end === "full") return SPACE;
      throw new Killed("killed");
    };
  };
  return { ...io, writeWholeFile: take(io.writeWholeFile), writeNewFile: take(io.writeNewFile) };
}

/** Runs a command; what is on the disk afterwards, without the times, which nothing compares. */
async function after(words: string, io: MemoryIo): Promise<{ readonly code: number; readonly files: Files }> {
  const code = await runCli(words.split(" "), io);
  return { code, files: Object.fromEntries([...io.files].filter(([path]) => !path.endsWith("/timings.json"))) };
}

/** How many files a command writes. */
async function writesOf(words: string, files: Files): Promise<number> {
  const io = machine(files);
  await runCli(words.split(" "), io);
  return io.files.size - Object.keys(files).length;
}

async function shards(): Promise<Files> {
  const first = await after(`${SWEEP} --shard 1/2 --out one`, machine(SCENARIO));
  return (await after(`${SWEEP} --shard 2/2 --out two`, machine(first.files))).files;
}

describe("A command that is cut short", () => {
  for (const [name, words, next] of [
    ["sweep", `${SWEEP} --out kept`, `${SWEEP} --out kept --resume`],
    ["sweep of a shard", `${SWEEP} --shard 2/2 --out kept`, `${SWEEP} --shard 2/2 --out kept --resume`],
    ["run", "run first.yaml --out kept", "run first.yaml --out kept"],
    ["diff", "diff first.yaml --b kernel=4.4.0 --out kept", "diff first.yaml --b kernel=4.4.0 --out kept"],
  ] as const) {
    it(`leaves a folder of ${name} with which the next one comes to the same files`, async () => {
      const whole = await after(words, machine(SCENARIO));
      const writes = await writesOf(words, SCENARIO);
      expect(writes).toBeGreaterThan(1);
      for (let cut = 0; cut < writes; cut += 1) {
        const left = await after(words, machine(SCENARIO, cut));
        const resumed = await after(next, machine(left.files));
        expect(resumed, `killed after ${cut} files`).toEqual(whole);
      }
    });
  }

  it("leaves a folder of merge with which the same merge comes to the same files", async () => {
    const given = await shards();
    const words = "merge one two --out kept";
    const whole = await after(words, machine(given));
    const writes = await writesOf(words, given);
    expect(writes).toBe(2 + 5);
    for (let cut = 0; cut < writes; cut += 1) {
      const left = await after(words, machine(given, cut));
      expect(await after(words, machine(left.files)), `killed after ${cut} files`).toEqual(whole);
    }
  });

  it("is told what is kept when the disk is full, and ends with 2", async () => {
    const words = `${SWEEP} --out kept`;
    const io = machine(SCENARIO, 3, "full");
    expect(await runCli(words.split(" "), io)).toBe(2);
    expect(io.out()).toBe("");
    expect(io.err()).toBe(
      `sim: Cannot write "kept/points/00002.json": ${SPACE}\n` +
        "1 of 2 points finished and kept in kept; the same command with --resume goes on\n",
    );
  });

  it("prints nothing and ends with 2 at whatever file of a sweep the disk is full", async () => {
    const words = `${SWEEP} --out kept`;
    const writes = await writesOf(words, SCENARIO);
    for (let cut = 0; cut < writes; cut += 1) {
      const io = machine(SCENARIO, cut, "full");
      expect(await runCli(words.split(" "), io), `full after ${cut} files`).toBe(2);
      expect(io.out()).toBe("");
      expect(io.err()).toMatch(/^sim: Cannot write "kept\/[^"]+": no space is left on the device\n/);
    }
  });
});

describe("The folder of --out", () => {
  it("is tried before anything is simulated", async () => {
    for (const words of ["run first.yaml --out kept", "diff first.yaml --b kernel=4.4.0 --out kept"]) {
      let studies = 0;
      const io = {
        ...machine(SCENARIO, 0, "full"),
        runStudy: async () => Promise.reject(new Error(`${(studies += 1)}`)),
      };
      expect(await runCli(words.split(" "), io)).toBe(2);
      expect(studies).toBe(0);
    }
  });

  it("keeps a scenario that is not the one of this run", async () => {
    const io = machine({ "first.yaml": FIRST, "scenario.yaml": FIRST });
    expect(await runCli("run scenario.yaml --seed 7 --out .".split(" "), { ...io, readFile: atRoot(io) })).toBe(2);
    expect(io.err()).toBe(
      'sim: Cannot use ".": its scenario.yaml is not that of this run; name another folder, or remove the file\n',
    );
    expect(io.files.get("scenario.yaml")).toBe(FIRST);
  });

  it("is refused to a sweep if it is a file", async () => {
    const io = machine({ ...SCENARIO, kept: "" });
    expect(await runCli(`${SWEEP} --out kept`.split(" "), io)).toBe(2);
    expect(io.err()).toBe('sim: Cannot use "kept": it is a file; name a folder\n');
  });

  it("gets back at the end of a sweep what somebody has removed meanwhile", async () => {
    const whole = await after(`${SWEEP} --out kept`, machine(SCENARIO));
    const io = machine(SCENARIO);
    const { runStudy } = io;
    let studies = 0;
    const removing: MemoryIo = {
      ...io,
      runStudy: async (request) => {
        studies += 1;
        if (studies === 2) for (const path of io.files.keys()) if (path.startsWith("kept/")) io.files.delete(path);
        return runStudy(request);
      },
    };
    expect(await after(`${SWEEP} --out kept`, removing)).toEqual(whole);
  });

  it("names a damaged point and how to mend it", async () => {
    const { files } = await after(`${SWEEP} --out kept`, machine(SCENARIO));
    const io = machine({ ...files, "kept/points/00002.json": "" });
    expect(await runCli(`${SWEEP} --out kept --resume`.split(" "), io)).toBe(2);
    expect(io.err()).toBe(
      'sim: Cannot read "kept/points/00002.json": it is no JSON; a file that portfall writes is there whole or not at all; ' +
        "remove it, and --resume runs its point again\n",
    );
  });
});

/** Reads `./x` as `x`, as a disk does. */
function atRoot(io: MemoryIo): MemoryIo["readFile"] {
  return (path) => io.readFile(path.replace(/^\.\//, ""));
}

describe("A file that changes behind a command's back", () => {
  const CHECK =
    "check a.conf --kernel 5.4.188 --mode ipvs --node-port-range 20000-40000 --node-ports 30000 --fix --write";
  const CONF = "net.ipv4.ip_local_port_range = 1024 65000\n";

  it("is not overwritten by sim check --fix --write", async () => {
    const io = machine({ "a.conf": CONF });
    let readings = 0;
    const changing: MemoryIo = {
      ...io,
      readFile: async (path) => {
        readings += 1;
        if (readings === 2) io.files.set(path, "# mine\n");
        return io.readFile(path);
      },
    };
    expect(await runCli(CHECK.split(" "), changing)).toBe(2);
    expect(io.err()).toBe('sim: Cannot write "a.conf": it was changed meanwhile; run the command again\n');
    expect(io.files.get("a.conf")).toBe("# mine\n");
  });
});
