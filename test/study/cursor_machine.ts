import type { PortWalkName } from "../../src/kernel/kernel_era.ts";
import { RandomStream } from "../../src/sim/random.ts";
import type { ExactProbabilityInput } from "../../src/study/exact_probability.ts";

export const WALKS: readonly PortWalkName[] = ["3.10", "4.2-4.5", "4.6-5.11", "5.12-5.17", "5.18+"];

/** What one `connect()` came to: `port` is `undefined` for EADDRNOTAVAIL, `moved` is what the cursor gains. */
interface Connect {
  readonly port: number | undefined;
  readonly moved: number;
}

/**
 * The search of `__inet_hash_connect` in plain loops over ports, one destination, hash 0: slow, and written apart from
 * the enumeration that it checks.
 */
export class CursorMachine {
  readonly #input: ExactProbabilityInput;
  readonly #low: number;
  readonly #size: number;
  readonly #stream = new RandomStream("cursor machine");

  constructor(input: ExactProbabilityInput) {
    this.#input = input;
    this.#low = input.range[0];
    this.#size = input.range[1] - input.range[0] + 1;
  }

  /** Every offset that the first pass may start from, for walks from 4.6 on. */
  offsets(): readonly number[] {
    const remaining = this.#remaining();
    const found = new Set<number>();
    for (let cursor = 0; cursor < remaining; cursor += 1) found.add(cursor & ~1);
    return [...found];
  }

  fails(connect: Connect): boolean {
    return connect.port === undefined || this.#input.nodePorts.includes(connect.port);
  }

  connect(cursor: number): Connect {
    if (this.#input.walk === "3.10") return this.#oneByOne(cursor);
    if (this.#input.walk === "4.2-4.5") return this.#evenStart(cursor);
    return this.#byParity(cursor);
  }

  /** The share of failures among so many connects of one cursor, after as many to settle. */
  longRun(connects: number): number {
    // Both parities of the first cursor are averaged: the hash may be odd or even, and an odd size mixes them anyway.
    let failures = 0;
    for (const begin of [0, 1]) {
      let cursor = begin;
      for (let connect = 0; connect < 2 * connects; connect += 1) {
        const result = this.connect(cursor);
        if (connect >= connects && this.fails(result)) failures += 1;
        cursor += result.moved;
      }
    }
    return failures / (2 * connects);
  }

  /** The share of failures when each epoch starts anywhere and makes so many connects. */
  epochs(epochs: number, connects: number): number {
    let failures = 0;
    for (let epoch = 0; epoch < epochs; epoch += 1) {
      let cursor = this.#stream.below(2 ** 24 * this.#remaining());
      for (let connect = 0; connect < connects; connect += 1) {
        const result = this.connect(cursor);
        if (this.fails(result)) failures += 1;
        cursor += result.moved;
      }
    }
    return failures / (epochs * connects);
  }

  #oneByOne(cursor: number): Connect {
    for (let i = 1; i <= this.#size; i += 1) {
      const port = this.#low + ((i + cursor) % this.#size);
      if (this.#isUsable(port)) return { port, moved: i };
    }
    return { port: undefined, moved: 0 };
  }

  #evenStart(cursor: number): Connect {
    const offset = cursor & ~1;
    for (let i = 0; i < this.#size; i += 1) {
      const port = this.#low + ((i + offset) % this.#size);
      if (this.#isUsable(port)) return { port, moved: (i + 2) & ~1 };
    }
    return { port: undefined, moved: 0 };
  }

  #byParity(cursor: number): Connect {
    const remaining = this.#remaining();
    const high = this.#low + this.#size;
    const even = (cursor % remaining) & ~1;
    for (let offset = even; offset <= even + (remaining > 1 ? 1 : 0); offset += 1) {
      let port = this.#low + offset;
      for (let i = 0; i < remaining; i += 2, port += 2) {
        if (port >= high) port -= remaining;
        if (this.#isUsable(port)) return { port, moved: this.#afterSkip(i) };
      }
    }
    return { port: undefined, moved: 0 };
  }

  #afterSkip(i: number): number {
    if (this.#input.walk === "5.12-5.17" && i === 0 && this.#stream.below(16) === 0) return 4;
    if (this.#input.walk === "5.18+") return Math.max(i, 2 * this.#stream.below(8)) + 2;
    return i + 2;
  }

  #remaining(): number {
    return this.#size > 1 ? this.#size & ~1 : this.#size;
  }

  #isUsable(port: number): boolean {
    return !this.#input.isReserved(port) && !this.#input.isHeld(port);
  }
}
