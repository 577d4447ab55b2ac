import { describe, expect, it } from "vitest";
import type { CliIo } from "../../src/app/cli/cli_io.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { initialScenario } from "../../src/scenario/init.ts";
import type { RunRequest } from "../../src/study/study_on_workers.ts";
import { studyHere } from "../study/study_here.ts";
import { memoryIo } from "./memory_io.ts";

// Goal: what a user sees of `sim diff` besides the finding: which runs are asked for, which exit code, which message.
// Method: a machine in memory, whose engine runs in this thread and remembers what it was asked.

const FILES = {
  "first.yaml": initialScenario(),
  "second.yaml": initialScenario().replace(/^about: .*$/m, "about: Another."),
};
const SHORT = "--replications 2 --duration 30s";

function engine(): { readonly asked: RunRequest[]; readonly runStudy: CliIo["runStudy"] } {
  const asked: RunRequest[] = [];
  return {
    asked,
    runStudy: async (request) => {
      asked.push(request);
      return studyHere(request);
    },
  };
}

async function diff(words: string, files: Readonly<Record<string, string>> = FILES) {
  const { asked, runStudy } = engine();
  const io = memoryIo(files, { runStudy });
  const code = await runCli(["diff", ...words.split(" ")], io);
  return { code, out: io.out(), err: io.err(), asked };
}

describe("sim diff", () => {
  it("runs A with B for its only variant, and prints the finding", async () => {
    const { code, out, err, asked } = await diff(`first.yaml --a kernel=5.15.24 --b kernel=6.1 --seed 7 ${SHORT}`);
    expect([code, err, asked.length]).toEqual([0, "", 1]);
    const [request] = asked;
    expect(request!.scenario).toMatchObject({ seed: "7", kernel: { build: "5.15.24" }, audit: undefined });
    expect(request!.scenario.variants).toMatchObject([{ settings: { kernel: "6.1" }, scenario: { seed: "7" } }]);
    expect(out).toContain(
      "\n\n  A                      the file with kernel=5.15.24; kernel 5.15.24, walk 5.12-5.17\n",
    );
  });

  it("gives the command that makes the same comparison", async () => {
    const { out } = await diff(`first.yaml --a kernel=5.15.24 --b kernel=6.1 --set nodeLocalDns=off ${SHORT}`);
    const command = /^npx --no sim diff(?:.|\n {4})*/m.exec(out)![0].replaceAll(/ \\\n +/g, " ");
    expect(command).toMatch(
      /^npx --no sim diff first\.yaml --a kernel=5\.15\.24 --b kernel=6\.1 --margin 20% --seed \S+ --set nodeLocalDns=off --replications 2 --duration 30s$/,
    );
  });

  it("keeps with --out the result and both scenarios, which give the same comparison again", async () => {
    const { asked, runStudy } = engine();
    const io = memoryIo(FILES, { runStudy });
    const again = (words: string): Promise<number> => runCli(["diff", ...words.split(" ")], io);
    expect(await again(`first.yaml --a kernel=5.15.24 --b kernel=6.1 --out kept ${SHORT}`)).toBe(0);
    expect(JSON.parse(io.files.get("kept/result.json")!)).toMatchObject({ format: "diff/1" });
    expect(await again("kept/a.yaml kept/b.yaml")).toBe(0);
    const [first, second] = asked.map(({ scenario }) => [scenario.kernel, scenario.variants[0]!.scenario.kernel]);
    expect(second).toEqual(first);
    expect(await again(`first.yaml --a kernel=5.15.24 --out kept`)).toBe(2);
    expect(io.err()).toBe('sim: Cannot use "kept": it holds a result already; name another folder\n');
  });

  it("prints one document diff/1 with --format json, which has the scenario's own settings and files", async () => {
    const { out } = await diff(`first.yaml second.yaml --b kernel=5.4.188 --format json --margin 5% ${SHORT}`);
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      format: "diff/1",
      settings: { replications: 2, durationSeconds: 30, margin: 0.05 },
      a: { name: "a", file: "first.yaml", settings: { overrides: { replications: "2", duration: "30s" } } },
      b: { name: "b", file: "second.yaml", settings: { kernel: "5.4.188", overrides: { kernel: "5.4.188" } } },
    });
  });

  it.each([
    ["first.yaml", "Cannot compare a scenario with itself: give --a or --b with PATH=VALUE, or name a second scenario"],
    ["first.yaml --b kernel", 'Cannot use --b "kernel": write PATH=VALUE, such as kernel=6.1'],
    [
      "first.yaml --a seed=1",
      'Cannot use --a "seed=1": boots are compared in pairs, and "seed" has no part in a side; --seed sets it for both',
    ],
    [
      "first.yaml --a audit.cause=x",
      'Cannot use --a "audit.cause=x": boots are compared in pairs, and "audit" has no part in a side',
    ],
    ["first.yaml --b kernel=6.1 --margin 0%", 'Cannot use --margin "0%": it must be a percentage from 0.1% to 100%'],
    ["first.yaml --b kernel=6.1 --margin 5", 'Cannot use --margin "5": it must be a percentage from 0.1% to 100%'],
    ["first.yaml --b kernel=6.1 --margin 5% --margin 6%", "Cannot use --margin 2 times: give it once"],
    [
      "first.yaml --b kernel=6.1 --replication 0",
      "Cannot use --replication here: it is an option of sim run and sim explain",
    ],
  ])("refuses the words %s", async (words, message) => {
    const { code, err } = await diff(words);
    expect([code, err]).toEqual([2, `sim: ${message}\nSee: sim diff --help\n`]);
  });

  it("refuses settings that come to the same node", async () => {
    const { code, err, asked } = await diff("first.yaml second.yaml --set kernel=6.1 --b kernel=6.1");
    expect([code, asked.length]).toEqual([2, 0]);
    expect(err).toBe(
      "sim: Cannot compare A and B: their settings come to the same node, so there is no difference to find\n",
    );
  });

  it("refuses files that cannot be paired, and says how to pair them", async () => {
    const other = FILES["first.yaml"].replace(/^seed: .*$/m, "seed: other").replace(/^duration: .*$/m, "duration: 7m");
    const { code, err } = await diff("first.yaml other.yaml --duration 5m", { ...FILES, "other.yaml": other });
    expect(code).toBe(2);
    expect(err).toMatch(
      /^sim: Cannot compare A and B boot by boot: seed is (\S+) in A and other in B; set it for both, such as --seed \1\n$/,
    );
  });

  it("points at the option that is wrong, and tells a problem of the file once", async () => {
    const files = { "bad.yaml": `${FILES["first.yaml"]}nonsense: 1\n` };
    const { code, err } = await diff("bad.yaml --b nodeLocalDn=off", files);
    expect(code).toBe(2);
    expect(err.match(/Cannot use the key "nonsense"/g)).toHaveLength(1);
    expect(err).toContain(
      '--b:1:1: Cannot set "nodeLocalDn": there is no such key in the scenario (did you mean "nodeLocalDns"?)\n' +
        "  1 | nodeLocalDn=off\n      ^^^^^^^^^^^\n",
    );
    expect(err).toContain("  to mend:  write --b nodeLocalDns=off\n2 problems; nothing was run\n");
  });

  it("names each file that is missing", async () => {
    const { code, err } = await diff("a.yaml b.yaml");
    expect(code).toBe(2);
    expect(err).toMatch(/^a\.yaml:1:1: .*\n(?:.*\n){2}b\.yaml:1:1: .*\n(?:.*\n){2}2 problems; nothing was run\n$/);
  });

  it.each([
    ["A", {}, "--kernel 5.15.24"],
    ["B", { settings: { kernel: "6.1" } }, "--kernel 6.1"],
  ])("prints the line that replays a broken invariant of %s", async (_side, carried, kernel) => {
    const io = memoryIo(FILES, {
      runStudy: async () => {
        throw Object.assign(new Error("broken"), { replication: 1, at: 2_500_000, ...carried });
      },
    });
    const code = await runCli(["diff", "first.yaml", "--a", "kernel=5.15.24", "--b", "kernel=6.1", "--seed", "s"], io);
    expect(code).toBe(3);
    expect(io.err()).toContain(
      `\nreplay: npx --no sim run first.yaml --seed s ${kernel} --replication 1 --until 2.500000s\n`,
    );
  });
});
