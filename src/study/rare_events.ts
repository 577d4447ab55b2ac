import { assert } from "../sim/assert.ts";
import { type RandomStream, RandomStreams } from "../sim/random.ts";
import { AllocatorTraffic, Tilt, type AllocatorState, type AllocatorTrafficInput } from "./allocator_traffic.ts";
import { studentQuantile } from "./binomial.ts";
import type { IntervalDocument } from "./run_document.ts";

/** How to estimate the probability that probes fail in a row. */
export interface RareRunInput extends AllocatorTrafficInput {
  /** How many consecutive probes fail, from 1. */
  readonly length: number;
  /** Look only at runs that begin with the first probe of an epoch of 10 s. */
  readonly isFromEpochStart?: boolean;
  readonly seed: string;
  /** Trials of each level in each batch. */
  readonly trials: number;
  /** Independent batches, whose spread gives the interval: 2 or more, 20 if left out. */
  readonly batches?: number;
  /** Boots among the trials of a batch's first level; 10 if left out. */
  readonly boots?: number;
  /** Seconds before the first probe that counts, once a boot; twice the longest that a port is kept if left out. */
  readonly warmUpSeconds?: number;
}

/** An estimate by splitting. */
export interface RareRunEstimate {
  readonly probability: number;
  readonly interval: IntervalDocument;
  /** The mean share of hits at each level: of first probes, of second ones after a first that failed … */
  readonly levels: readonly number[];
  /** As many runs, each seen by itself, would tell as much. */
  readonly effectiveSampleSize: number;
  /** As many probes of a plain simulation would tell as much; `null` if no run was seen. */
  readonly crudeTrials: number | null;
  /** Connects that were simulated. */
  readonly connects: number;
  readonly warnings: readonly string[];
}

/** States that a level hands to the next; more hits take their places at random. */
const STATES_MOST = 4_096;

/** Below so many effective runs the interval itself is uncertain. */
const EFFECTIVE_LEAST = 100;

/**
 * Estimates the probability that `length` consecutive probes of a series fail, by fixed-effort splitting on the port
 * allocator: level k starts from states in which k probes have failed and asks for one failure more. On 5.18+ new epochs start
 * near a NodePort half the time, and likelihood ratios make up for it. The product of the levels' shares is unbiased in each
 * batch, and the batches are independent, each with random streams of its own.
 *
 * It serves where enumeration does not: traffic at random times to the probed destination, ports kept in TIME_WAIT,
 * reserved blocks on a shared cursor. Costs trials × batches × length connects, times the connects between two probes,
 * times the number of sources.
 *
 * @example
 * ```ts
 * const kernel = resolveKernel({ build: "5.15.24" });
 * if (!kernel.ok) throw new Error(kernel.problem);
 * const estimate = rareRun({
 *   era: kernel.era,
 *   range: [1024, 65000],
 *   isReserved: () => false,
 *   isHeld: () => false,
 *   nodePorts: [30080, 30082, 30084],
 *   sources: [{ destination: 0, every: { seconds: 5 }, keepsSeconds: 0, failureKeepsSeconds: 0 }],
 *   length: 3,
 *   seed: "example",
 *   trials: 2_000,
 * });
 * console.log(estimate.probability > 1e-5, estimate.probability < 1e-4); // true true
 * ```
 */
export function rareRun(input: RareRunInput): RareRunEstimate {
  const { batches = 20, length, trials, seed } = input;
  assert(length >= 1 && trials >= 1, "a run has a length, and levels have trials");
  assert(batches >= 2, "a spread needs two batches");
  const products: number[] = [];
  const reached = Array.from({ length }, () => 0);
  const traffic = new AllocatorTraffic(input);
  for (let batch = 0; batch < batches; batch += 1) {
    const own = new Batch(input, traffic, new RandomStreams(seed, batch)).run();
    products.push(own.at(-1) ?? 0);
    for (const [level, share] of own.entries()) reached[level] = reached[level]! + share / batches;
  }
  const levels = reached.map((share, level) => (level === 0 ? share : share === 0 ? 0 : share / reached[level - 1]!));
  return { ...estimateOf(products, reached, batches * trials), levels, connects: traffic.connects };
}

/** One batch of trials. */
class Batch {
  readonly #input: RareRunInput;
  readonly #traffic: AllocatorTraffic;
  readonly #chance: RandomStream;
  readonly #selection: RandomStream;

  constructor(input: RareRunInput, traffic: AllocatorTraffic, random: RandomStreams) {
    this.#input = input;
    this.#traffic = traffic;
    this.#chance = random.stream("rare-events/traffic");
    this.#selection = random.stream("rare-events/selection");
  }

  /** `reached[k]` estimates the probability that k + 1 probes fail in a row. */
  run(): readonly number[] {
    const { length, trials } = this.#input;
    const reached = Array.from({ length }, () => 0);
    let states: AllocatorState[] = [];
    let product = 1;
    for (let level = 0; level < length; level += 1) {
      const before = states;
      if (level > 0 && before.length === 0) break;
      states = [];
      let hits = 0;
      let weight = 0;
      for (let trial = 0; trial < trials; trial += 1) {
        const isHit = level === 0 ? this.#firstProbe(trial) : this.#probeAfter(before);
        if (!isHit) continue;
        hits += 1;
        weight += this.#traffic.weight;
        if (level + 1 < length) this.#keepState(states, hits);
      }
      // States are taken up with equal chances and bring their weight along.
      reached[level] = (product * weight) / trials;
      product *= hits / trials;
    }
    return reached;
  }

  /** A probe in the long run of a boot. */
  #firstProbe(trial: number): boolean {
    const { trials, boots = 10, sources, isFromEpochStart = false } = this.#input;
    const traffic = this.#traffic;
    if (trial % Math.ceil(trials / boots) === 0) {
      const keptMost = Math.max(...sources.map((one) => Math.max(one.keepsSeconds, one.failureKeepsSeconds)));
      traffic.tilt = Tilt.OFF;
      traffic.boot(this.#chance);
      traffic.warmUp(this.#input.warmUpSeconds ?? 2 * keptMost);
      // The weight of one epoch is the whole weight only where no earlier epoch bears on a probe.
      if (traffic.isForgetful) traffic.tilt = Tilt.ONE_EPOCH;
    }
    for (;;) {
      const isHit = traffic.nextProbe();
      if (!isFromEpochStart || traffic.wasFirstOfEpoch) return isHit;
    }
  }

  #probeAfter(states: readonly AllocatorState[]): boolean {
    this.#traffic.tilt = Tilt.ALL_EPOCHS;
    this.#traffic.restore(states[this.#selection.below(states.length)]!);
    return this.#traffic.nextProbe();
  }

  /** Keeps a state, or once the place is full, with the chance that leaves every hit equally likely to be kept. */
  #keepState(states: AllocatorState[], hits: number): void {
    if (states.length < STATES_MOST) {
      states.push(this.#traffic.save());
      return;
    }
    const place = this.#selection.below(hits);
    if (place < STATES_MOST) states[place] = this.#traffic.save();
  }
}

const LEVEL = 0.95;

function estimateOf(
  products: readonly number[],
  reached: readonly number[],
  trialsInAll: number,
): Omit<RareRunEstimate, "levels" | "connects"> {
  const count = products.length;
  const mean = products.reduce((sum, product) => sum + product, 0) / count;
  if (mean === 0) return nothingSeen(reached, trialsInAll);
  const variance = products.reduce((sum, product) => sum + (product - mean) * (product - mean), 0) / (count - 1);
  const standardError = Math.sqrt(variance / count);
  const half = standardError * studentQuantile((1 + LEVEL) / 2, count - 1);
  const effective =
    variance === 0 ? trialsInAll : Math.min(trialsInAll, (mean * mean) / (standardError * standardError));
  const warnings: string[] = [];
  if (effective < EFFECTIVE_LEAST)
    warnings.push(
      `The effective sample is ${effective.toPrecision(2)} runs, fewer than ${EFFECTIVE_LEAST}: the interval is uncertain too. Use more trials.`,
    );
  const empty = products.filter((product) => product === 0).length;
  if (empty > 0) warnings.push(`${empty} of ${count} batches saw no run: the trials of a level are too few.`);
  return {
    probability: mean,
    interval: {
      low: Math.max(0, mean - half),
      high: Math.min(1, mean + half),
      level: LEVEL,
      method: `Student's t over ${count} independent batches of fixed-effort splitting`,
    },
    effectiveSampleSize: effective,
    crudeTrials: (effective * (1 - mean)) / mean,
    warnings,
  };
}

/** No run in any batch: the level at which the trials ended bounds the probability. */
function nothingSeen(reached: readonly number[], trialsInAll: number): Omit<RareRunEstimate, "levels" | "connects"> {
  const seen = reached.filter((share) => share > 0).at(-1) ?? 1;
  // Three in so many trials: with a share of that size one run would have been seen with 95 % probability.
  const high = Math.min(1, seen * (3 / trialsInAll));
  return {
    probability: 0,
    interval: { low: 0, high, level: LEVEL, method: "rule of three at the first level without a hit" },
    effectiveSampleSize: 0,
    crudeTrials: null,
    warnings: ["No batch saw a run: the upper bound takes the levels before as they were estimated. Use more trials."],
  };
}
