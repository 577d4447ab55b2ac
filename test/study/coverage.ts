import { studentQuantile } from "../../src/study/binomial.ts";
import { proportionInterval } from "../../src/study/intervals.ts";
import type { SyntheticSource } from "./synthetic_boots.ts";

/** The share of synthetic studies, each of so many boots, whose 95 % interval contains the true probability. */
export function coverage(source: SyntheticSource, boots: number, studies: number): number {
  let covered = 0;
  for (let study = 0; study < studies; study += 1) {
    const counts = Array.from({ length: boots }, () => source.draw());
    const { low, high } = proportionInterval(counts, 0.95, source);
    if (low <= source.truth && source.truth <= high) covered += 1;
  }
  return covered / studies;
}

/** Failures that a study of so many boots expects, and how many independent ones they are worth. */
export function expectedFailures(source: SyntheticSource, boots: number): { failures: number; effective: number } {
  const failures = source.truth * source.probes * boots;
  return { failures, effective: failures / Math.max(1, source.designEffect) };
}

/** What a plain Student interval of the boots' proportions covers, for comparison. */
export function plainCoverage(source: SyntheticSource, boots: number, studies: number): number {
  const t = studentQuantile(0.975, boots - 1);
  let covered = 0;
  for (let study = 0; study < studies; study += 1) {
    const shares = Array.from({ length: boots }, () => {
      const { n, x } = source.draw();
      return x / n;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / boots;
    const variance = shares.reduce((sum, share) => sum + (share - mean) * (share - mean), 0) / (boots - 1);
    if (Math.abs(mean - source.truth) <= t * Math.sqrt(variance / boots)) covered += 1;
  }
  return covered / studies;
}
