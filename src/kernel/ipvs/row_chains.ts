/**
 * A hash of a table's rows in chains, the newest row first. It stores row numbers only: the table tells each row's hash,
 * and it must not change while the row is linked. Two places for each row that the table has room for keep chains short.
 */
export class RowChains {
  #heads: Int32Array;
  #next: Int32Array;

  /** @param capacity rows that the table has room for, a power of two. */
  constructor(capacity: number) {
    this.#heads = new Int32Array(capacity * 2);
    this.#next = new Int32Array(capacity);
  }

  /** The newest row of a hash's chain, or -1. */
  first(hash: number): number {
    return this.#heads[hash & (this.#heads.length - 1)]! - 1;
  }

  /** The row behind this one, or -1. */
  behind(row: number): number {
    return this.#next[row]! - 1;
  }

  /** The rows of all chains. */
  *rows(): Generator<number> {
    for (const head of this.#heads) for (let row = head - 1; row >= 0; row = this.behind(row)) yield row;
  }

  link(row: number, hash: number): void {
    const place = hash & (this.#heads.length - 1);
    this.#next[row] = this.#heads[place]!;
    this.#heads[place] = row + 1;
  }

  unlink(row: number, hash: number): void {
    const place = hash & (this.#heads.length - 1);
    let at = this.#heads[place]! - 1;
    if (at === row) {
      this.#heads[place] = this.#next[row]!;
      return;
    }
    while (this.#next[at]! - 1 !== row) at = this.#next[at]! - 1;
    this.#next[at] = this.#next[row]!;
  }

  /** Makes room for twice as many rows; newer rows stand before older ones of the same chain again. */
  grow(hashOf: (row: number) => number): void {
    const heads = this.#heads;
    const next = this.#next;
    this.#heads = new Int32Array(heads.length * 2);
    this.#next = new Int32Array(next.length * 2);
    const chain: number[] = [];
    for (const head of heads) {
      for (let row = head - 1; row >= 0; row = next[row]! - 1) chain.push(row);
      for (let row = chain.pop(); row !== undefined; row = chain.pop()) this.link(row, hashOf(row));
    }
  }
}
