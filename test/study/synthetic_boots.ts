import { exponential, ln } from "../../src/sim/distributions.ts";
import { RandomStream } from "../../src/sim/random.ts";
import type { ReplicationCount } from "../../src/study/intervals.ts";
import { ParityHintWalk, ParityTableWalk } from "../../src/kernel/ports/port_walks.ts";
import { PortBench, setCursor } from "../support/port_bench.ts";

/** A source of boots whose failure probability is known, without packets. */
export interface SyntheticSource {
  readonly name: string;
  readonly truth: number;
  /** Probes of one boot. */
  readonly probes: number;
  /** Between-boot variance over that of independent probes. */
  readonly designEffect: number;
  /** Whether a run of this kind would be told that destinations may lock together. */
  readonly mayLock: boolean;
  /** How many failures come in a row, seen from a failure. */
  readonly clump: number;
  /** The share of boots that fail at all, where a world is known of which studies draw their boots. */
  readonly failingBoots?: number;
  draw(): ReplicationCount;
}

/** Probes that fail independently, each with probability `p`; so many in a boot that `failures` are expected of it. */
export function independentProbes(p: number, failures: number): SyntheticSource {
  const probes = Math.max(1, Math.round(failures / p));
  const stream = new RandomStream(`independent ${p} ${failures}`);
  const spacing = ln(1 - p);
  const draw = (): ReplicationCount => {
    let x = 0;
    // The gap to the next failure is geometric.
    for (let at = 0; ; x += 1) {
      at += 1 + Math.floor(ln(1 - stream.uniform()) / spacing);
      if (at > probes) return { n: probes, x };
    }
  };
  return { name: `independent, p = ${p}`, truth: p, probes, designEffect: 1, mayLock: false, clump: 1, draw };
}

/** Boots whose own failure probability varies as an exponential variate does: the standard deviation is the mean. */
export function exponentialBoots(failures: number): SyntheticSource {
  const probes = 1_000_000;
  const stream = new RandomStream(`exponential ${failures}`);
  const draw = (): ReplicationCount => {
    const mean = exponential(stream, failures);
    let x = 0;
    for (let time = exponential(stream, 1); time <= mean; time += exponential(stream, 1)) x += 1;
    return { n: probes, x };
  };
  const [truth, designEffect] = [failures / probes, 1 + failures];
  return { name: "boots that vary by their mean", truth, probes, designEffect, mayLock: false, clump: 1, draw };
}

/** Periodic probes of many destinations over one port cursor. */
export interface SharedCursor {
  readonly name: string;
  readonly destinations: number;
  readonly periods: number;
  readonly nodePorts: readonly number[];
  readonly reserved: string;
  /** Connects at random starts in one period are 0 to twice this. */
  readonly churn: number;
  readonly mayLock: boolean;
  /** Ports from 32768 on; an even number. */
  readonly size: number;
}

const LOW = 32_768;
const USUAL_SIZE = 28_232;

/**
 * A world of `boots` boots of the walk `4.6-5.11`, simulated once: fresh hashes and cursor each. A study draws boots of
 * it with replacement, so the mean over the world is exactly what it estimates.
 */
export function sharedCursor(setting: SharedCursor, boots: number): SyntheticSource {
  const starts = startTable(setting);
  const stream = new RandomStream(setting.name);
  const counts = Array.from({ length: boots }, () => bootOfSharedCursor(setting, starts, stream));
  return resampled(setting.name, setting.destinations * setting.periods, counts, setting.mayLock);
}

/**
 * The same for the walk `5.12-5.17`, whose destinations have cursors of their own, with NodePorts in one cluster: a
 * destination that comes to it fails many times in a row.
 */
export function clusteredNodePorts(boots: number): SyntheticSource {
  const [destinations, probes, first, last] = [20, 2_000, 40_000, 40_034];
  const bench = new PortBench();
  const runs = { failures: 0, squares: 0 };
  const counts = Array.from({ length: boots }, (_, boot) => {
    const stream = new RandomStream(`clustered ${boot}`);
    const walk = new ParityTableWalk({ tableBits: 8, noise: stream, hasRandomIncrements: false });
    let x = 0;
    for (let destination = 0; destination < destinations; destination += 1) {
      const hash = stream.below(2 ** 32);
      let run = 0;
      for (let probe = 0; probe < probes; probe += 1) {
        const port = bench.search(walk, { low: LOW, high: LOW + USUAL_SIZE - 1, hash });
        if (port >= first && port <= last) run += 1;
        else if (run > 0) {
          runs.failures += run;
          runs.squares += run * run;
          x += run;
          run = 0;
        }
      }
      x += run;
    }
    return x;
  });
  const clump = runs.squares / runs.failures;
  const name = "own cursors (5.12-5.17), 18 adjacent NodePorts";
  return { ...resampled(name, destinations * probes, counts, false), clump };
}

/** What each start of the walk comes to, by the kernel's own search. */
interface StartTable {
  readonly moved: Uint16Array;
  readonly fails: Uint8Array;
}

function startTable({ reserved, nodePorts, size }: SharedCursor): StartTable {
  const bench = new PortBench();
  bench.reserve(reserved);
  const walk = new ParityHintWalk();
  const moved = new Uint16Array(size);
  const fails = new Uint8Array(size);
  for (let start = 0; start < size; start += 1) {
    setCursor(walk, 0, start);
    const port = bench.search(walk, { low: LOW, high: LOW + size - 1, hash: 0 });
    moved[start] = walk.hint - start;
    fails[start] = nodePorts.includes(port) ? 1 : 0;
  }
  return { moved, fails };
}

function bootOfSharedCursor(setting: SharedCursor, { moved, fails }: StartTable, stream: RandomStream): number {
  const { size } = setting;
  const hashes = Int32Array.from({ length: setting.destinations }, () => stream.below(size));
  let hint = stream.below(size);
  let failures = 0;
  for (let period = 0; period < setting.periods; period += 1) {
    for (let destination = 0; destination < hashes.length; destination += 1) {
      const start = (hint + hashes[destination]!) % size;
      failures += fails[start]!;
      hint = (hint + moved[start]!) % size;
    }
    if (setting.churn === 0) continue;
    for (let others = stream.below(2 * setting.churn + 1); others > 0; others -= 1) {
      hint = (hint + moved[stream.below(size)]!) % size;
    }
  }
  return failures;
}

function resampled(name: string, probes: number, counts: readonly number[], mayLock: boolean): SyntheticSource {
  const stream = new RandomStream(`studies of ${name}`);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) * (count - mean), 0) / counts.length;
  return {
    name,
    truth: mean / probes,
    probes,
    designEffect: variance / (mean * (1 - mean / probes)),
    mayLock,
    clump: 1,
    failingBoots: counts.filter((count) => count > 0).length / counts.length,
    draw: () => ({ n: probes, x: counts[stream.below(counts.length)]! }),
  };
}

/** Seven NodePorts of the parity that the walk searches. */
const SEVEN = [33_000, 36_704, 40_000, 41_234, 45_678, 50_002, 60_000];
const BLOCK = "38000-39999";

/** Shared cursors that depend in every way that we know of. */
export const SHARED_CURSORS: readonly SharedCursor[] = [
  named("shared cursor, no churn", { destinations: 99, periods: 1_000 }),
  named("shared cursor, no churn, 2.5 rounds of all ports", {
    destinations: 99,
    periods: 1_250,
    nodePorts: [32_800, 32_802, 33_000, 33_100, 33_336, 33_500, 33_700],
    size: 1_000,
  }),
  named("shared cursor, no churn, 88 destinations (common factor 4)", { destinations: 88, periods: 1_100 }),
  named("shared cursor, no churn, 3,529 destinations (common factor)", {
    destinations: 3_529,
    periods: 50,
    nodePorts: [40_000],
    mayLock: true,
  }),
  named("reserved block below a NodePort, no churn", { nodePorts: [40_000], reserved: BLOCK, mayLock: true }),
  named("reserved block below a NodePort, churn", { nodePorts: [40_000], reserved: BLOCK, churn: 27, mayLock: true }),
  named("reserved block, NodePort elsewhere, no churn", { nodePorts: [50_000], reserved: BLOCK, mayLock: true }),
];

function named(name: string, changes: Partial<SharedCursor>): SharedCursor {
  const usual = {
    destinations: 100,
    periods: 1_000,
    nodePorts: SEVEN,
    reserved: "",
    churn: 0,
    mayLock: false,
    size: USUAL_SIZE,
  };
  return { ...usual, ...changes, name };
}
