import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveKernel } from "../../src/kernel/eras.ts";
import type { KernelEra, PortWalkName } from "../../src/kernel/kernel_era.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { AllocatorTraffic, type ConnectSource } from "../../src/study/allocator_traffic.ts";
import { exactProbability } from "../../src/study/exact_probability.ts";
import { exactRuns, type ExactRunsInput } from "../../src/study/exact_runs.ts";

const NOTHING_ELSE = { periods: [], randomPerSecond: 0 };

/** 18 NodePorts beside each other, and one pod that is probed every 10 s. */
function clustered(walk: PortWalkName, changes: Partial<ExactRunsInput> = {}): ExactRunsInput {
  return {
    walk,
    range: [1024, 65000],
    isReserved: () => false,
    isHeld: () => false,
    nodePorts: Array.from({ length: 18 }, (_, place) => 30080 + place),
    periodSeconds: 10,
    sameDestination: NOTHING_ELSE,
    otherDestinations: [],
    ...changes,
  };
}

function consecutive(input: ExactRunsInput): readonly number[] {
  const runs = exactRuns(input);
  if ("declined" in runs) throw new Error(runs.declined);
  return runs.consecutive;
}

/** Restarts of 100 pods in a week, where a third failure in a row restarts. */
function restartsPerNodeWeek(input: ExactRunsInput): number {
  const shares = [...consecutive(input), 0];
  let runs = 0;
  for (let length = 3; length < shares.length; length += 3) runs += shares[length - 1]! - shares[length]!;
  return (100 * 7 * 86_400 * runs) / input.periodSeconds;
}

function times<Item>(count: number, item: Item): readonly Item[] {
  return Array.from({ length: count }, () => item);
}

describe("exactRuns of 18 adjacent NodePorts", () => {
  const twoProbes = { periods: [10, 10], randomPerSecond: 0 };
  const node = { sameDestination: { periods: [10], randomPerSecond: 0 }, otherDestinations: times(99, twoProbes) };

  it("gives about 304 restarts a node-week with a cursor of 256 and two probes a pod every 10 s", () => {
    expect(Math.abs(restartsPerNodeWeek(clustered("5.12-5.17", node)) - 304)).toBeLessThan(8);
  });

  it("gives none where the whole machine moves one cursor", () => {
    for (const walk of ["3.10", "4.2-4.5", "4.6-5.11"] as const) {
      expect(restartsPerNodeWeek(clustered(walk, node))).toBe(0);
    }
  });

  it("gives the cube of 9 in 31,988 on 5.18+ with one probe an epoch, and hundreds with three", () => {
    expect(consecutive(clustered("5.18+"))[2]! / (9 / 31_988) ** 3).toBeCloseTo(1, 10);
    expect(restartsPerNodeWeek(clustered("5.18+", node))).toBeCloseTo(1.35e-4, 6);
    expect(Math.round(restartsPerNodeWeek(clustered("5.18+", { periodSeconds: 3 })) / 10)).toBe(32);
    expect(Math.round(restartsPerNodeWeek(clustered("5.18+", { periodSeconds: 1 })) / 50)).toBe(33);
  });

  it("has at most nine failures in a row when nobody else moves the cursor", () => {
    const shares = consecutive(clustered("5.12-5.17"));
    expect(shares).toHaveLength(10);
    expect(shares[8]).toBeCloseTo((1 / 31_988) * (15 / 16) ** 8, 15);
  });
});

describe("exactRuns of NodePorts 30080, 30082 and 30084 on 5.18+", () => {
  it("is (3/255904)(3/31988) for three probes 5 s apart, not the cube of 3/31988", () => {
    const shares = consecutive(clustered("5.18+", { nodePorts: [30080, 30082, 30084], periodSeconds: 5 }));
    expect(shares[2]! / ((3 / 255_904) * (3 / 31_988))).toBeCloseTo(1, 12);
  });
});

describe("exactRuns declines", () => {
  const held = (port: number): boolean => port >= 29000 && port < 30080;

  it("a reserved block on a cursor that others move", () => {
    expect(exactRuns(clustered("4.6-5.11", { isReserved: held }))).toEqual({
      declined: expect.stringContaining("skipping it moves the cursor that all destinations share"),
    });
  });

  it("connects to the probed destination at random times on 5.18+", () => {
    expect(exactRuns(clustered("5.18+", { sameDestination: { periods: [], randomPerSecond: 2.7 } }))).toEqual({
      declined:
        "something connects to a probed destination at random times, and moves its cursor by a random number of connects",
    });
  });

  it("connects to the probed destination at fractions of a second on 5.18+", () => {
    expect(exactRuns(clustered("5.18+", { sameDestination: { periods: [0.3], randomPerSecond: 0 } }))).toEqual({
      declined: "something connects to a probed destination at times that are no whole seconds apart",
    });
  });

  it("a walk on which every probe fails", () => {
    expect(exactRuns(clustered("3.10", { range: [30080, 30097] }))).toEqual({
      declined: "more than 192 probes of a series may fail in a row",
    });
  });
});

/** A kernel build for each walk. */
const BUILDS = {
  "3.10": "3.10.108",
  "4.2-4.5": "4.4.11",
  "4.6-5.11": "5.4.188",
  "5.12-5.17": "5.15.24",
  "5.18+": "6.1",
} as const;

function eraOf(walk: PortWalkName): KernelEra {
  const kernel = resolveKernel({ build: BUILDS[walk] });
  if (!("era" in kernel)) throw new Error(`a kernel with the walk ${walk} is known`);
  return kernel.era;
}

const other = fc.record({
  periods: fc.array(fc.constantFrom(2, 5, 10, 15), { maxLength: 2 }),
  randomPerSecond: fc.constantFrom(0, 0, 0.3),
});

/** A small range, so that failures in a row are frequent. */
const configuration = fc.record({
  walk: fc.constantFrom("3.10", "4.2-4.5", "4.6-5.11", "5.12-5.17", "5.18+"),
  low: fc.integer({ min: 1000, max: 1001 }),
  size: fc.integer({ min: 20, max: 90 }),
  unusable: fc.uniqueArray(fc.nat({ max: 89 }), { maxLength: 30 }),
  block: fc.nat({ max: 60 }),
  blockSize: fc.nat({ max: 16 }),
  scattered: fc.uniqueArray(fc.nat({ max: 89 }), { maxLength: 6 }),
  periodSeconds: fc.constantFrom(1, 2, 3, 5, 10),
  own: fc.array(fc.constantFrom(2, 5, 10), { maxLength: 1 }),
  others: fc.array(other, { maxLength: 3 }),
  crowd: fc.constantFrom(0, 0, 30),
});

function sourcesOf(input: ExactRunsInput): readonly ConnectSource[] {
  const keeps = { keepsSeconds: 0, failureKeepsSeconds: 0 };
  const from = (destination: number, traffic: ExactRunsInput["sameDestination"]): ConnectSource[] => [
    ...traffic.periods.map((seconds) => ({ destination, every: { seconds }, ...keeps })),
    ...(traffic.randomPerSecond > 0 ? [{ destination, every: { perSecond: traffic.randomPerSecond }, ...keeps }] : []),
  ];
  return [
    { destination: 0, every: { seconds: input.periodSeconds }, ...keeps },
    ...from(0, input.sameDestination),
    ...input.otherDestinations.flatMap((traffic, place) => from(place + 1, traffic)),
  ];
}

const BOOTS = 40;
const PROBES = 60;

/** How often 1, 2 and 3 probes in a row failed: a share for each boot. */
function simulated(input: ExactRunsInput): readonly (readonly number[])[] {
  const stream = new RandomStreams("exact runs", 0).stream("traffic");
  const traffic = new AllocatorTraffic({ ...input, era: eraOf(input.walk), sources: sourcesOf(input) });
  const shares: number[][] = [[], [], []];
  for (let boot = 0; boot < BOOTS; boot += 1) {
    traffic.boot(stream);
    const outcomes = Array.from({ length: PROBES }, () => traffic.nextProbe());
    for (const [place, share] of shares.entries()) {
      const windows = outcomes
        .slice(place)
        .filter((_, first) => outcomes.slice(first, first + place + 1).every(Boolean));
      share.push(windows.length / (PROBES - place));
    }
  }
  return shares;
}

// Goal: enumeration and simulation agree. Method: 200 random configurations, 40 boots of 60 probes each through the
// kernel's walks; the mean over boots of each share lies within 6 of its own standard errors of the exact value.
describe("exactRuns against the allocator", () => {
  it("is what 200 random configurations show, for one, two and three probes in a row", () => {
    let agreed = 0;
    fc.assert(
      fc.property(configuration, (small) => {
        const { walk, low, size, block, blockSize, periodSeconds } = small;
        const isUnusable = (port: number): boolean => walk === "5.18+" && small.unusable.includes(port - low);
        const ports = [...small.scattered, ...Array.from({ length: blockSize }, (_, place) => block + place)];
        const input: ExactRunsInput = {
          walk,
          range: [low, low + size - 1],
          isReserved: (port) => port % 3 === 0 && isUnusable(port),
          isHeld: (port) => port % 3 !== 0 && isUnusable(port),
          nodePorts: ports.filter((offset) => offset < size).map((offset) => low + offset),
          periodSeconds,
          sameDestination: { periods: small.own, randomPerSecond: 0 },
          otherDestinations: [...small.others, ...times(small.crowd, { periods: [periodSeconds], randomPerSecond: 0 })],
        };
        const exact = exactRuns(input);
        fc.pre("consecutive" in exact);
        if (!("consecutive" in exact)) return;
        for (const [place, shares] of simulated(input).entries()) {
          const mean = shares.reduce((sum, share) => sum + share, 0) / BOOTS;
          const squares = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0);
          const value = exact.consecutive[place] ?? 0;
          // Where few boots saw any, their spread says little: a binomial one stands in for it.
          const error = Math.sqrt(Math.max(squares / (BOOTS - 1), (value * (1 - value)) / PROBES) / BOOTS);
          expect(Math.abs(mean - value)).toBeLessThanOrEqual(6 * error + 1e-12);
        }
        agreed += 1;
      }),
      { numRuns: 200, seed: 5, endOnFailure: true },
    );
    expect(agreed).toBe(200);
  });
});

/** What is read of a recorded case. */
interface StormCase {
  readonly setup: {
    readonly namespaces: { readonly node: { readonly ipvs: readonly { readonly ports?: readonly number[] }[] } };
  };
  readonly observed: { readonly storm: { readonly connects: number; readonly failures: number } };
  readonly laws: readonly { readonly law: string; readonly low?: number; readonly high?: number }[];
}

describe("the exact probability of a recorded storm", () => {
  it("lies within what a 6.1 kernel counted over 5,000 connects, one at a time", () => {
    const file = new URL("../conformance/6.1/S1_seq.json", import.meta.url);
    const recorded: StormCase = JSON.parse(readFileSync(file, "utf8"));
    const { connects, failures } = recorded.observed.storm;
    const exact = exactProbability({
      walk: "5.18+",
      range: [30000, 33999],
      isReserved: () => false,
      isHeld: () => false,
      nodePorts: recorded.setup.namespaces.node.ipvs.flatMap(({ ports = [] }) => ports),
      probesPerEpochAtMostOne: false,
    });
    if ("declined" in exact) throw new Error(exact.declined);
    const expected = connects * exact.probability;
    const law = recorded.laws.find((one) => one.law === "failures_within");
    expect(expected).toBeGreaterThanOrEqual(law?.low ?? NaN);
    expect(expected).toBeLessThanOrEqual(law?.high ?? NaN);
    expect(Math.abs(failures - expected)).toBeLessThan(3 * Math.sqrt(expected));
  });
});
