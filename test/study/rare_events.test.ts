import { describe, expect, it } from "vitest";
import { resolveKernel } from "../../src/kernel/eras.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { AllocatorTraffic, type ConnectSource } from "../../src/study/allocator_traffic.ts";
import { exactRuns } from "../../src/study/exact_runs.ts";
import { rareRun, type RareRunInput } from "../../src/study/rare_events.ts";

const KEEPS_NOTHING = { keepsSeconds: 0, failureKeepsSeconds: 0 };
const NODE_PORTS = [30080, 30082, 30084];

function probedEvery(seconds: number): ConnectSource {
  return { destination: 0, every: { seconds }, ...KEEPS_NOTHING };
}

/** One pod probed every 5 s, three NodePorts 2 ports apart. */
function threePorts(changes: Partial<RareRunInput> = {}, build = "6.1"): RareRunInput {
  const kernel = resolveKernel({ build });
  if (!("era" in kernel)) throw new Error(`kernel ${build} is known`);
  return {
    era: kernel.era,
    range: [1024, 65000],
    isReserved: () => false,
    isHeld: () => false,
    nodePorts: NODE_PORTS,
    sources: [probedEvery(5)],
    length: 3,
    seed: "three ports",
    trials: 4_000,
    ...changes,
  };
}

/** The share of probes that begin so many failures in a row, by plain simulation. */
function plainly(input: RareRunInput, probes: number): number {
  const traffic = new AllocatorTraffic(input);
  traffic.boot(new RandomStreams("plain", 0).stream("traffic"));
  let run = 0;
  let windows = 0;
  for (let probe = 0; probe < probes; probe += 1) {
    run = traffic.nextProbe() ? run + 1 : 0;
    if (run >= input.length) windows += 1;
  }
  return windows / probes;
}

describe("rareRun", () => {
  it("finds 1.0995e-9 within 10 %, where independence would give 8.2e-13", () => {
    const exact = (3 / 255_904) * (3 / 31_988);
    for (const isFromEpochStart of [true, false]) {
      const { probability, interval, warnings, effectiveSampleSize } = rareRun(threePorts({ isFromEpochStart }));
      expect(Math.abs(probability / exact - 1)).toBeLessThan(0.1);
      expect(interval.low).toBeLessThan(probability);
      expect(interval.high).toBeGreaterThan(probability);
      expect(effectiveSampleSize).toBeGreaterThan(100);
      expect(warnings).toEqual([]);
    }
  });

  it("goes down to 1e-13 for independent probes", () => {
    const input = threePorts({ sources: [probedEvery(10)], seed: "independent" });
    expect(rareRun(input).probability / (3 / 31_988) ** 3).toBeCloseTo(1, 1);
  });

  it("holds the exact value in its 95 % interval 35 times of 40 or more", () => {
    const exact = (3 / 255_904) * (3 / 31_988);
    const held = Array.from({ length: 40 }, (_, seed) => {
      const { low, high } = rareRun(threePorts({ seed: `coverage ${seed}`, trials: 400 })).interval;
      return low <= exact && exact <= high;
    });
    expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(35);
  });

  it("gives the same estimate for the same seed and another for another", () => {
    const estimate = (seed: string): number => rareRun(threePorts({ seed, trials: 500 })).probability;
    expect(estimate("a")).toBe(estimate("a"));
    expect(estimate("a")).not.toBe(estimate("b"));
  });

  it("agrees with enumeration on a cursor of 256 without re-salting", () => {
    const range = [1024, 1623] as const;
    const nodePorts = Array.from({ length: 12 }, (_, place) => 1100 + place);
    const input = threePorts({ range, nodePorts, seed: "table", trials: 3_000, boots: 3 }, "5.15.24");
    const exact = exactRuns({
      ...input,
      walk: "5.12-5.17",
      periodSeconds: 5,
      sameDestination: { periods: [], randomPerSecond: 0 },
      otherDestinations: [],
    });
    if ("declined" in exact) throw new Error(exact.declined);
    expect(rareRun(input).probability / exact.consecutive[2]!).toBeCloseTo(1, 1);
  });

  it("agrees with plain simulation where clients come at random times and TIME_WAIT keeps ports", () => {
    const sources: readonly ConnectSource[] = [
      { destination: 0, every: { seconds: 5 }, keepsSeconds: 60, failureKeepsSeconds: 1 },
      { destination: 0, every: { perSecond: 0.4 }, keepsSeconds: 60, failureKeepsSeconds: 3 },
    ];
    const nodePorts = Array.from({ length: 8 }, (_, place) => 1100 + 2 * place);
    const input = threePorts({ range: [1024, 1423], nodePorts, sources, length: 2, trials: 5_000 });
    const { probability } = rareRun(input);
    expect(Math.abs(probability / plainly(input, 200_000) - 1)).toBeLessThan(0.15);
  });

  it("warns when its effective sample is small", () => {
    const { warnings, effectiveSampleSize } = rareRun(threePorts({ trials: 40 }));
    expect(effectiveSampleSize).toBeLessThan(100);
    expect(warnings[0]).toMatch(
      /^The effective sample is [0-9.]+ runs, fewer than 100: the interval is uncertain too\./,
    );
  });

  it("bounds the probability when no run was seen", () => {
    const { probability, interval, crudeTrials, warnings } = rareRun(threePorts({ nodePorts: [30081], trials: 100 }));
    expect(probability).toBe(0);
    expect(interval).toMatchObject({
      low: 0,
      high: 3 / 2_000,
      method: "rule of three at the first level without a hit",
    });
    expect(crudeTrials).toBeNull();
    expect(warnings).toEqual([
      "No batch saw a run: the upper bound takes the levels before as they were estimated. Use more trials.",
    ]);
  });
});
