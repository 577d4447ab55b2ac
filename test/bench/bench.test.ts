import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type ComparedResults, compareResults } from "./against.ts";
import type { BenchCase, Unit } from "./bench_case.ts";
import { type BenchDocument, readBenchDocument, resultLines } from "./bench_document.ts";
import { parseBenchOptions } from "./bench_options.ts";
import { againstText, benchText } from "./bench_text.ts";
import { judgeBounds } from "./bounds.ts";
import { CASES } from "./cases.ts";
import { holdOnEventLoop, holdOnHeapInC } from "./cases/hold_model.ts";
import { useSources } from "./engine.ts";
import { loadScenario, MeasuredNode } from "./load.ts";
import { figuresOf, PERFORMANCE_PAGE } from "./performance_page.ts";

// Goal: the suite measures what it says, compares without crying wolf, and every case still runs.
// Method: made-up results for all that judges figures; small runs of cases for all that yields them. No time is judged.

useSources();
const ROOT = join(import.meta.dirname, "../..");
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-bench-"));

afterAll(() => rmSync(FOLDER, { recursive: true }));

/** A result of one case with one point per entry, each of one figure `cost`. */
function result(
  points: Record<string, readonly number[]>,
  { unit = "ns/event", name = "made-up" }: { readonly unit?: Unit; readonly name?: string } = {},
): BenchDocument {
  return {
    format: "bench/1",
    portfall: "0.1.0",
    machine: { cpu: "a processor", cores: 2, memoryGiB: 4, platform: "linux x64" },
    node: "v20.0.0",
    size: "full",
    rounds: Object.values(points)[0]!.length,
    cases: [
      {
        name,
        points: Object.entries(points).map(([point, values]) => ({
          name: point,
          figures: [{ measure: name === "yardstick" ? "step" : "cost", unit, values: [...values] }],
        })),
      },
    ],
  };
}

function withYardstick(document: BenchDocument, steps: readonly number[]): BenchDocument {
  const yardstick = result({ walk: steps }, { unit: "ns/step", name: "yardstick" });
  return { ...document, cases: [...yardstick.cases, ...document.cases] };
}

const verdicts = ({ comparisons }: ComparedResults): string[] => comparisons.map(({ verdict }) => verdict);

describe("compareResults", () => {
  const before = result({ a: [100, 101, 102, 103, 104] });

  it("calls a figure slower if all rounds are above all earlier ones", () => {
    const compared = compareResults(result({ a: [110, 112, 114, 116, 118] }), before);
    expect(verdicts(compared)).toEqual(["slower by 12 %"]);
    expect(compared.comparisons[0]!.ratio.low).toBeCloseTo(110 / 104);
  });

  it("calls nothing slower of which one round overlaps", () => {
    expect(verdicts(compareResults(result({ a: [104, 150, 150, 150, 150] }), before))).toEqual([""]);
  });

  it("judges what is better when there is more of it by its cost", () => {
    const rate = (values: number[]): BenchDocument => result({ a: values }, { unit: "connections/s" });
    expect(verdicts(compareResults(rate([50, 50, 50]), rate([100, 100, 100])))).toEqual(["slower by 100 %"]);
    expect(verdicts(compareResults(rate([100, 100, 100]), rate([50, 50, 50])))).toEqual(["faster by 50 %"]);
  });

  it("calls memory larger, whatever the machine", () => {
    const bytes = (value: number): BenchDocument => result({ a: [value, value, value] }, { unit: "bytes" });
    const now = withYardstick(bytes(66), [4, 4, 4]);
    expect(verdicts(compareResults(now, withYardstick(bytes(64), [2, 2, 2])))).toEqual([
      "slower by 100 %",
      "larger by 3.1 %",
    ]);
  });

  it("takes out of times by how much the machine itself is slower", () => {
    const compared = compareResults(
      withYardstick(result({ a: [200, 201, 203] }), [4, 4, 4]),
      withYardstick(result({ a: [100, 101, 102] }), [2, 2, 2]),
    );
    expect(verdicts(compared)).toEqual(["slower by 100 %", ""]);
    expect(compared.warnings).toEqual([
      "The machine itself is 100 % slower than it was (yardstick); ratios of times are divided by that.",
    ]);
  });

  it("says nothing about a single round", () => {
    const compared = compareResults(result({ a: [900] }), result({ a: [100] }));
    expect(verdicts(compared)).toEqual([""]);
    expect(compared.warnings).toEqual([
      "With fewer than three rounds nobody can tell a change from noise; 5 and more are better.",
    ]);
  });

  it("says that results of other machines, versions of Node and sizes are others", () => {
    const other: BenchDocument = {
      ...before,
      node: "v24.1.0",
      size: "quick",
      machine: { ...before.machine, cpu: "another" },
    };
    expect(compareResults(before, other).warnings).toEqual([
      "The earlier result comes from another machine (another, linux x64).",
      "The earlier result comes from Node v24.1.0; this is v20.0.0.",
      "One result is of --quick runs and the other is not: do not compare them.",
    ]);
  });

  it("is told in a table with its worst words", () => {
    const compared = compareResults(result({ a: [110, 112, 114, 116, 118] }), before);
    expect(againstText(compared, "old.json")).toBe(
      [
        "  case     point  figure     before        now            ratio  spread        verdict",
        "  made-up  a      cost          102        114  ns/event  1.118  1.06 to 1.18  slower by 12 %",
        "Against old.json (ratio of costs, above 1 is worse): of 1 figures 1 are worse, 0 better, beyond the noise of both.",
        "",
      ].join("\n"),
    );
  });
});

describe("judgeBounds", () => {
  const bound = {
    says: "b : a",
    figure: { point: "b", measure: "cost" },
    over: { point: "a", measure: "cost" },
    atMost: 2,
  };
  const made: BenchCase = { name: "made-up", about: "Nothing.", points: [], bounds: [bound] };

  it("takes ratios within rounds, then their median", () => {
    // The medians of a and b have the ratio 3; round by round the ratios are 1, 2 and 8.
    const [judged] = judgeBounds(result({ a: [30, 10, 5], b: [30, 20, 40] }), [made]);
    expect(judged).toMatchObject({ spread: { median: 2, low: 1, high: 8 }, holds: true, limit: "at most 2" });
  });

  it("says what does not hold, in the table and at its end", () => {
    const text = benchText(result({ a: [10], b: [21] }), [made]);
    expect(text).toContain("  b : a        2.1      at most 2: DOES NOT HOLD\n");
    expect(text).toContain("1 limits: 0 hold, 1 does not:\n  made-up: b : a: 2.1, at most 2\n");
  });

  it("says it on the page, too", () => {
    const page = figuresOf(result({ a: [10, 10], b: [21, 23] }), [made]);
    expect(page).toContain("| made-up | b : a | 2.2  | 2.1 to 2.3 | at most 2 | **no** |\n");
    expect(page).toContain("### made-up\n\nNothing.\n\n| point |");
    expect(page).toContain("| b | cost | 22 | ns/event | 21 to 23 |");
  });

  it("leaves out bounds on figures that were not measured", () => {
    expect(judgeBounds(result({ a: [1] }), [made])).toEqual([]);
  });
});

describe("parseBenchOptions", () => {
  const problem = (line: string): string => {
    const asked = parseBenchOptions(line.split(" "));
    return asked.do === "refuse" ? asked.problem : asked.do;
  };

  it.each([
    ["12h 5", 'Cannot use "12h": cases are named with --only, and --help shows all options'],
    ["--onyl hold", "Cannot use --onyl: did you mean --only?"],
    ["--only", "Cannot use --only without a value: write --only NAME[,NAME]"],
    ["--only hodl", 'Cannot measure the case "hodl": did you mean hold?'],
    ["--only hold,nothing-like-it", 'Cannot measure the case "nothing-like-it": --list names all cases'],
    ["--rounds 0", "Cannot use --rounds 0: write a whole number from 1 to 1000"],
    ["--rounds 3 --rounds 4", "Cannot take --rounds twice: give it once"],
    ["--quick=yes", "Cannot take a value for --quick: write --quick alone"],
    ["--fail-above 10", "Cannot use --fail-above by itself: say with --against FILE what is compared"],
    ["--against a --fail-above ten", "Cannot use --fail-above ten: write a whole number of per cent, such as 10"],
    ["--from a --rounds 3", "Cannot use --rounds with --from: nothing is measured, leave one of them out"],
    ["--write-page --quick", "Cannot write the page from a part of the suite: leave out --only and --quick"],
  ])("refuses %s", (line, expected) => {
    expect(problem(line)).toBe(expected);
  });

  it("takes cases in the order of the table, and five rounds", () => {
    const asked = parseBenchOptions(["--only=w2,incident", "--against", "a.json", "--fail-above", "10%"]);
    expect(asked).toEqual({
      do: "measure",
      options: {
        cases: ["incident", "w2"],
        rounds: 5,
        isQuick: false,
        writesPage: false,
        builds: false,
        against: "a.json",
        failAbove: 10,
      },
    });
  });
});

describe("resultLines", () => {
  it("prints the round in the middle of each peer and size", () => {
    const line = (cpu: number) => ({ w: "W2", peer: "portfall packet", n: 10, ops: 10, cpu, packets: 100, rss_kb: 7 });
    expect(resultLines([[line(3)], [line(1)], [line(2)]])).toEqual([
      'RESULT {"w":"W2","peer":"portfall packet","n":10,"ops":10,"cpu":2,"packets":100,"rss_kb":7}',
    ]);
  });
});

describe("The page of figures", () => {
  it("has each case and each limit of the suite", () => {
    const page = readFileSync(PERFORMANCE_PAGE, "utf8");
    const said = CASES.flatMap(({ name, about, bounds }) => [
      `### ${name}\n`,
      about,
      ...bounds.map(({ says }) => says),
    ]);
    expect(said.filter((text) => !page.includes(text))).toEqual([]);
  });
});

describe("The cases", () => {
  it("have names of their own, and so have their points", () => {
    const names = CASES.flatMap(({ name, points }) => [name, ...points.map((point) => `${name}: ${point.name}`)]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("bound figures of points that they have", () => {
    const unknown = CASES.flatMap(({ name, points, bounds }) =>
      bounds
        .flatMap(({ figure, over }) => (over === undefined ? [figure] : [figure, over]))
        .filter(({ point }) => !points.some((one) => one.name === point))
        .map(({ point }) => `${name}: ${point}`),
    );
    expect(unknown).toEqual([]);
  });

  it("do the same in the event loop as in C", async () => {
    const size = { pending: 100, warmUp: 500, events: 5_000 };
    const loop = await holdOnEventLoop(size);
    const heap = await holdOnHeapInC(size);
    if (heap === undefined) console.warn("no C compiler (cc): the hold model in C is not compared");
    const same = ({ events, lastArgument, lastTime }: typeof loop) => ({ events, lastArgument, lastTime });
    expect(same(loop).events).toBeGreaterThan(4_000);
    expect(same(loop)).toEqual(same(heap ?? loop));
  });

  it("exchange ten packets on each connection of W2", async () => {
    const node = await MeasuredNode.boot(loadScenario({ rate: 250, destinations: 4 }));
    node.run(1);
    const { connections, packets } = node.run(4);
    // Only connections that cross the edges of these four seconds have fewer.
    expect(connections).toBeGreaterThan(800);
    expect(packets / connections).toBeCloseTo(10, 1);
  }, 60_000);

  it.each([
    ["conntrack-table", "conntrack, 1,000 entries"],
    ["conntrack-table", "Map, 1,000 entries"],
    ["ipvs-table", "IPVS, 1,000 entries"],
    ["observers", "packets"],
    ["exact", "5.18+"],
  ])(
    "yield finite figures: %s, %s",
    async (name, pointName) => {
      const point = CASES.find((one) => one.name === name)!.points.find((one) => one.name === pointName)!;
      const { rows } = await point.measure(0.005);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter(({ value }) => !Number.isFinite(value) || value <= 0)).toEqual([]);
    },
    60_000,
  );

  it("run as a program that writes its figures and compares them", () => {
    const [file, before] = [join(FOLDER, "result.json"), join(FOLDER, "before.json")];
    writeFileSync(before, JSON.stringify(result({ walk: [2, 3, 4] }, { unit: "ns/step", name: "yardstick" })));
    const words = ["--quick", "--only", "yardstick", "--json", file, "--against", before];
    const node = [process.execPath, "--import", "tsx", "test/bench/bench.ts", ...words] as const;
    const { status, stdout } = spawnSync(node[0], node.slice(1), { cwd: ROOT, encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout).toContain("yardstick: The machine by itself");
    expect(stdout).toContain("of 1 figures 0 are worse, 0 better, beyond the noise of both.");
    const read = readBenchDocument(readFileSync(file, "utf8"));
    expect(read).toMatchObject({ format: "bench/1", size: "quick", rounds: 1, cases: [{ name: "yardstick" }] });
  }, 60_000);
});
