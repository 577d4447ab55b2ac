import { exponential } from "../../src/sim/distributions.ts";
import { RandomStream } from "../../src/sim/random.ts";
import { proportionInterval } from "../../src/study/intervals.ts";
import type { ReplicationCount } from "../../src/study/intervals.ts";

/** A made-up world: boots of equal size whose failure probability varies by a gamma distribution. */
export interface World {
  readonly boots: number;
  /** Expected failures of all boots together. */
  readonly failures: number;
  /** Shape of the gamma distribution (a whole number; the coefficient of variation is 1/sqrt(shape)); 0 = no spread. */
  readonly shape: number;
}

/** Probes of one boot: so many that a count is Poisson for the drawn probability. */
const PROBES = 100_000;

/** The share of synthetic experiments whose interval contains the true probability. */
export function coverage(world: World, experiments: number): number {
  const stream = new RandomStream(`coverage ${world.boots} ${world.failures} ${world.shape}`);
  const truth = world.failures / world.boots / PROBES;
  let covered = 0;
  for (let experiment = 0; experiment < experiments; experiment += 1) {
    const counts: ReplicationCount[] = [];
    for (let boot = 0; boot < world.boots; boot += 1) counts.push(drawBoot(stream, world));
    const { low, high } = proportionInterval(counts);
    if (low <= truth && truth <= high) covered += 1;
  }
  return covered / experiments;
}

function drawBoot(stream: RandomStream, world: World): ReplicationCount {
  const expected = world.failures / world.boots;
  let mean = world.shape === 0 ? expected : 0;
  for (let part = 0; part < world.shape; part += 1) mean += exponential(stream, expected / world.shape);
  let x = 0;
  for (let time = exponential(stream, 1); time <= mean; time += exponential(stream, 1)) x += 1;
  return { n: PROBES, x };
}
