import { assert } from "../sim/assert.ts";
import { normalQuantile, studentQuantile } from "./binomial.ts";
import type { Micros } from "../units.ts";
import { percent } from "./percent.ts";

/** When to stop adding replications. */
export interface StoppingRule {
  /** The half-width of the interval over the estimate at which it is narrow enough, above 0; 0.1 is ±10 %. */
  readonly precision: number;
  /** Simulated time of all replications of all settings together that is not exceeded, the first round apart. */
  readonly budget?: Micros;
  /** CPU seconds after which no round begins. Then the replications that are run depend on the machine. */
  readonly cpuBudgetSeconds?: number;
}

/** One of several looks at growing results. */
export interface Look {
  /** From 1. */
  readonly number: number;
  /** The level that this look's interval has, so that all looks together miss no more often than the stated one. */
  readonly level: number;
}

/** What a look has seen, all replications together. */
export interface LookResult {
  /** Which look it was, from 1, and the level that holds over all looks. */
  readonly number: number;
  readonly level: number;
  readonly replications: number;
  readonly probability: number;
  readonly low: number;
  readonly high: number;
  /** The exact value, where there is one. */
  readonly exact: number | undefined;
}

/** What has been spent, and what a replication of all settings costs. */
export interface Spending {
  /** Replications of the first round. */
  readonly first: number;
  /** Simulated time of one replication, summed over all settings. */
  readonly replicationTime: Micros;
  /** CPU seconds spent so far. */
  readonly cpuSeconds: number;
}

/** What follows from a look: stop, precise enough or not, or go on up to so many replications. */
export type StoppingDecision =
  | { readonly kind: "stop"; readonly isReached: boolean; readonly why: string }
  | { readonly kind: "more"; readonly replications: number };

/** Replications without a budget: so many times the first round. */
const ROUNDS_WITHOUT_BUDGET = 100;

/** A round adds at least a quarter, so that looks are few, and at most three times what there is, since widths are estimates. */
const LEAST_GROWTH = 1.25;
const MOST_GROWTH = 4;

/** The width that the next look will see is chance: so much more than what this look asks for. */
const RESERVE = 1.15;

/** Shares of the error: a little for the first look, which mostly shows how many boots it takes, and most for the second. */
const FIRST_SHARES: readonly number[] = [0.1, 0.7];
const LATER_SHARE = 0.2;

/** Replications of the first round: those of the scenario, and two at least, since one shows no spread. */
export function firstRound(replications: number): number {
  return Math.max(2, replications);
}

/**
 * The look of a number, from 1. The error of all looks, however many, is at most that of the level: the first spends a
 * tenth of it, the second seven tenths, and look k from the third on 0.2 / ((k - 2) (k - 1)); these shares add up to 1.
 */
export function lookOf(number: number, level: number): Look {
  assert(Number.isInteger(number) && number >= 1, "looks are counted from 1");
  const share = FIRST_SHARES[number - 1] ?? LATER_SHARE / ((number - 2) * (number - 1));
  return { number, level: 1 - (1 - level) * share };
}

/** What a look does to an interval's method, in words. */
export function lookWords({ number, level }: Look): string {
  return `; made at ${(100 * level).toFixed(2)} % at look ${number}, so that the stated level holds for whichever look is the last`;
}

/** The half-width of an interval over the estimate; Infinity where nothing failed. */
export function relativeHalfWidth({
  probability,
  low,
  high,
}: Pick<LookResult, "probability" | "low" | "high">): number {
  return probability === 0 ? Infinity : (high - low) / 2 / probability;
}

/**
 * Whether to go on after a look. The replications that are run follow from results only, never from the number of
 * workers or their speed, unless there is a budget of CPU seconds.
 */
export function decide(rule: StoppingRule, look: LookResult, spent: Spending): StoppingDecision {
  const width = relativeHalfWidth(look);
  const reached = `the interval is within ${percent(width)} of the estimate`;
  if (width <= rule.precision) return { kind: "stop", isReached: true, why: reached };
  if (look.probability === 0 && look.exact === 0) {
    return { kind: "stop", isReached: false, why: "the exact value is 0, and nothing failed" };
  }
  const { replications: done } = look;
  const ratio = (width * nextFactor(look)) / rule.precision;
  const asked = Math.ceil(done * RESERVE * Math.min(ratio * ratio, MOST_GROWTH));
  const wanted = Math.min(Math.max(asked, Math.ceil(done * LEAST_GROWTH)), done * MOST_GROWTH);
  const replications = Math.min(wanted, mostReplications(rule, done, spent));
  if (replications > done) return { kind: "more", replications };
  const seen = look.probability === 0 ? "no failure was seen" : `the interval is ±${percent(width)} wide`;
  return { kind: "stop", isReached: false, why: `the budget is spent, and ${seen}` };
}

/** By how much the next look's interval is narrower, or wider, than this one's with the same spread, for its level and more boots. */
function nextFactor({ number, level, replications }: LookResult): number {
  const now = studentQuantile((1 + lookOf(number, level).level) / 2, replications - 1);
  return normalQuantile((1 + lookOf(number + 1, level).level) / 2) / now;
}

/** How many replications the budget allows for; `done` or fewer when it is spent. */
function mostReplications({ budget, cpuBudgetSeconds }: StoppingRule, done: number, spent: Spending): number {
  const limits: number[] = [];
  if (budget !== undefined) limits.push(Math.floor(budget / spent.replicationTime));
  if (cpuBudgetSeconds !== undefined) limits.push(Math.floor((done * cpuBudgetSeconds) / spent.cpuSeconds));
  return limits.length === 0 ? spent.first * ROUNDS_WITHOUT_BUDGET : Math.min(...limits);
}
