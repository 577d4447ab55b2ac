/** A set of rows of a table, a bit each: of a table there may be a million rows, and a Set takes 32 bytes for each. */
export class RowSet {
  readonly #words: Int32Array;
  #size = 0;

  /** @param extent rows of the table: 0 to `extent` - 1 can be members. */
  constructor(extent: number) {
    this.#words = new Int32Array((extent + 31) >>> 5);
  }

  get size(): number {
    return this.#size;
  }

  has(row: number): boolean {
    return (this.#words[row >>> 5]! & (1 << (row & 31))) !== 0;
  }

  /** Adds a row. @returns whether it was no member yet. */
  add(row: number): boolean {
    if (this.has(row)) return false;
    this.#words[row >>> 5]! |= 1 << (row & 31);
    this.#size += 1;
    return true;
  }
}
