import { assert } from "../sim/assert.ts";
import { regularizedBeta } from "./binomial.ts";
import { sumOf } from "./sum.ts";

/** What one boot of a pilot counted, and the exact value for the NodePorts that it had. */
export interface PilotBoot {
  readonly probes: number;
  readonly failed: number;
  /** The exact probability that a probe fails. */
  readonly probability: number;
}

/** What a pilot says of exact values. */
export interface PilotVerdict {
  readonly failed: number;
  readonly expected: number;
  /** So many failures count as one; 1 or more. */
  readonly designEffect: number;
  readonly pValue: number;
}

/**
 * Tests exact values against a pilot: the exact two-sided binomial test of the failures of all boots (twice the smaller
 * tail), on effective counts, because probes of one boot are not independent. So many failures count as one as come
 * together by the enumeration (`clump`), or as the boots' counts vary around what is expected of each, whichever is more.
 *
 * @param clump how many failures come together, seen from one of them; 1 or more.
 */
export function pilotVerdict(boots: readonly PilotBoot[], clump: number): PilotVerdict {
  assert(boots.length >= 2 && clump >= 1, "a pilot has two boots or more, and a clump one failure");
  const probes = sumOf(boots, (boot) => boot.probes);
  const failed = sumOf(boots, (boot) => boot.failed);
  const expected = sumOf(boots, expectedOf);
  const designEffect = Math.max(clump, dispersionOf(boots, failed, expected));
  return { failed, expected, designEffect, pValue: pValueOf(failed, expected, probes, designEffect) };
}

function pValueOf(failed: number, expected: number, probes: number, designEffect: number): number {
  if (probes === 0 || failed === expected) return 1;
  // Nothing can fail, or nothing else can happen: one case to the contrary is enough.
  if (expected === 0 || expected === probes) return 0;
  const share = expected / probes;
  const [count, trials] = [failed / designEffect, probes / designEffect];
  const atLeast = failed === 0 ? 1 : regularizedBeta(share, count, trials - count + 1);
  const atMost = failed === probes ? 1 : 1 - regularizedBeta(share, count + 1, trials - count);
  return Math.min(1, 2 * Math.min(atLeast, atMost));
}

/** The variance of the boots' counts around what is expected of each, over that of a Poisson count; 1 where nothing failed. */
function dispersionOf(boots: readonly PilotBoot[], failed: number, expected: number): number {
  if (failed === 0 || expected === 0) return 1;
  // Around their own level: that this is another than expected is what the test is about.
  const ratio = failed / expected;
  const squares = sumOf(
    boots,
    (boot) => (boot.failed - ratio * expectedOf(boot)) * (boot.failed - ratio * expectedOf(boot)),
  );
  return Math.max(1, ((boots.length / (boots.length - 1)) * squares) / failed);
}

function expectedOf({ probes, probability }: PilotBoot): number {
  return probes * probability;
}
