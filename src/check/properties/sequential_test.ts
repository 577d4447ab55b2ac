import { assert } from "../../sim/assert.ts";

/** What a sequential test has come to so far. */
export type SequentialVerdict = "above" | "below" | "undecided";

/** Shares of the stake that are bet against the limit from below; several, because nobody knows the true share. */
const BETS: readonly number[] = [0.05, 0.2, 0.5, 0.9];

/**
 * A sequential test whether the mean of independent shares (each from 0 to 1) is above or below a limit. It bets on both
 * sides: under "at most the limit" the stake of the one is a non-negative martingale at most, and so reaches
 * 1 / `falseAlarm` with a probability of `falseAlarm` at most, however often one looks (Ville's inequality; betting as in
 * Waudby-Smith and Ramdas 2023). Within one share anything may depend on anything, so a share is that of a whole boot.
 * "undecided" is an answer.
 *
 * @example
 * ```ts
 * const test = new SequentialTest({ limit: 0.1, falseAlarm: 0.01 });
 * for (let boot = 0; boot < 50; boot += 1) test.add(0);
 * console.log(test.verdict); // undecided
 * ```
 */
export class SequentialTest {
  readonly #limit: number;
  readonly #goal: number;
  readonly #above = BETS.map(() => 1);
  readonly #below = BETS.map(() => 1);
  #count = 0;

  /** @param options.limit between 0 and 1, both excluded. @param options.falseAlarm of each side, such as 0.01. */
  constructor({ limit, falseAlarm }: { readonly limit: number; readonly falseAlarm: number }) {
    assert(limit > 0 && limit < 1 && falseAlarm > 0 && falseAlarm < 1, "a limit and a false-alarm rate are shares");
    this.#limit = limit;
    this.#goal = 1 / falseAlarm;
  }

  /** Takes the next share. */
  add(share: number): void {
    assert(share >= 0 && share <= 1, "a share is from 0 to 1");
    this.#count += 1;
    for (const [index, bet] of BETS.entries()) {
      this.#above[index] = this.#above[index]! * (1 + bet * (share / this.#limit - 1));
      this.#below[index] = this.#below[index]! * (1 + (bet * (this.#limit - share)) / (1 - this.#limit));
    }
  }

  /** Shares taken so far. */
  get count(): number {
    return this.#count;
  }

  get verdict(): SequentialVerdict {
    if (mean(this.#above) >= this.#goal) return "above";
    return mean(this.#below) >= this.#goal ? "below" : "undecided";
  }
}

function mean(stakes: readonly number[]): number {
  return stakes.reduce((sum, stake) => sum + stake, 0) / stakes.length;
}
