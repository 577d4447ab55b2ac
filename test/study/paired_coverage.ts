import { exponential } from "../../src/sim/distributions.ts";
import { RandomStream } from "../../src/sim/random.ts";
import { pairedDifference } from "../../src/study/paired_difference.ts";
import type { FigureKind, PairedBoot } from "../../src/study/paired_difference.ts";

/** A made-up pair of settings: the expected events of all boots together, on each side and on both at once. */
export interface PairedWorld {
  readonly boots: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** Events that the two sides have in common, as common random numbers give them. */
  readonly shared: number;
  /** Shape of the gamma distribution by which boots differ, alike on both sides; 0 = they do not. */
  readonly shape: number;
}

/** Trials of one boot, so many that counts are Poisson. */
const TRIALS = 100_000;

/** The share of synthetic comparisons whose interval contains the true difference. */
export function pairedCoverage(world: PairedWorld, kind: FigureKind, experiments: number): number {
  const { boots, onlyA, onlyB, shape } = world;
  const stream = new RandomStream(`paired coverage ${JSON.stringify(world)} ${kind}`);
  const truth = (onlyB - onlyA) / boots / TRIALS;
  let covered = 0;
  for (let experiment = 0; experiment < experiments; experiment += 1) {
    const pairs: PairedBoot[] = [];
    for (let boot = 0; boot < boots; boot += 1) pairs.push(drawBoot(stream, world, frailty(stream, shape)));
    const { low, high } = pairedDifference(pairs, kind).interval;
    if (low <= truth && truth <= high) covered += 1;
  }
  return covered / experiments;
}

function drawBoot(stream: RandomStream, { boots, onlyA, onlyB, shared }: PairedWorld, factor: number): PairedBoot {
  const both = poisson(stream, (factor * shared) / boots);
  const a = both + poisson(stream, (factor * onlyA) / boots);
  const b = both + poisson(stream, (factor * onlyB) / boots);
  return { a: { events: a, among: TRIALS }, b: { events: b, among: TRIALS } };
}

/** A gamma variable of mean 1. */
function frailty(stream: RandomStream, shape: number): number {
  let factor = shape === 0 ? 1 : 0;
  for (let part = 0; part < shape; part += 1) factor += exponential(stream, 1 / shape);
  return factor;
}

function poisson(stream: RandomStream, mean: number): number {
  let count = 0;
  for (let time = exponential(stream, 1); time <= mean; time += exponential(stream, 1)) count += 1;
  return count;
}
