import type { RandomStream } from "../../sim/random.ts";
import { KeyedHash } from "../keyed_hash.ts";

/** What a table of cursors needs of chance: its first contents, and the increments of its rows. */
export interface WalkNoise {
  /** Thirty-two random bits. */
  int32(): number;
  /** A whole number from 0 to `bound` - 1, for a row whose cursor stands at `cursor`; each `WalkDraw` is its own. */
  below(bound: number, row: number, cursor: number, draw: number): number;
}

/** What a walk draws a number for: how far it moves the cursor, or how far apart its candidates are. */
export const WalkDraw = { INCREMENT: 0, STEP: 1 } as const;

/**
 * The kernel's random increments, drawn for each row by itself: what one destination draws does not depend on who else
 * connects, so that two configurations can be compared on common random numbers.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v6.1: get_random_u32_below(), whose order nobody can foresee.
 */
export class CursorNoise implements WalkNoise {
  readonly #contents: RandomStream;
  readonly #increments: KeyedHash;
  #given: readonly number[] = [];
  #taken = 0;

  constructor(stream: RandomStream) {
    this.#increments = new KeyedHash(stream);
    this.#contents = stream;
  }

  int32(): number {
    return this.#contents.int32();
  }

  /** Has the draws come from a list that starts over at its end, for worked examples with given numbers. */
  giveDraws(draws: readonly number[]): void {
    this.#given = draws;
    this.#taken = 0;
  }

  below(bound: number, row: number, cursor: number, draw: number): number {
    if (this.#given.length > 0) return this.#nextGiven() % bound;
    this.#increments.compute(row, cursor, bound, draw);
    return Math.floor((this.#increments.low / 4294967296) * bound);
  }

  #nextGiven(): number {
    const draw = this.#given[this.#taken % this.#given.length]!;
    this.#taken += 1;
    return draw;
  }
}
