import { assert } from "../sim/assert.ts";

/**
 * What an index asks of its table: the key of a row, which is two addresses, both ports in one word, and one more word (a
 * namespace or a protocol).
 */
export interface TupleRows {
  local(row: number): number;
  remote(row: number): number;
  ports(row: number): number;
  scope(row: number): number;
}

/** Both ports of a tuple in one word: the local (or source) port in the high half. */
export function packPorts(local: number, remote: number): number {
  return (local << 16) | remote;
}

/** The ports of the tuple in the other direction. */
export function reversePorts(ports: number): number {
  return (ports << 16) | (ports >>> 16);
}

/**
 * Finds a table's row by its 4-tuple: open addressing with linear probing, at most half full. It stores row numbers
 * only and compares keys in the table's own rows. Find, insert and remove are O(1) on average.
 */
export class TupleIndex {
  readonly #table: TupleRows;
  #rows: Int32Array;
  #mask: number;
  #count = 0;

  /** @param capacity rows to begin with, a power of two; the index doubles itself when half full. */
  constructor(table: TupleRows, capacity: number) {
    this.#table = table;
    this.#rows = new Int32Array(capacity * 2);
    this.#mask = capacity * 2 - 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Memory of the index, which has two places for each row that its table has room for, or more. */
  get bytes(): number {
    return this.#rows.byteLength;
  }

  /** The row with this key, or -1. */
  find(local: number, remote: number, ports: number, scope: number): number {
    const rows = this.#rows;
    const mask = this.#mask;
    const table = this.#table;
    let place = hashTuple(local, remote, ports, scope) & mask;
    for (;;) {
      const row = rows[place]! - 1;
      if (row < 0) return -1;
      if (
        table.ports(row) === ports &&
        table.remote(row) === remote &&
        table.local(row) === local &&
        table.scope(row) === scope
      ) {
        return row;
      }
      place = (place + 1) & mask;
    }
  }

  /** Adds a row whose key already stands in the table and is not in the index yet. */
  insert(row: number): void {
    if (this.#count * 2 >= this.#mask) this.#grow();
    this.#place(row);
    this.#count += 1;
  }

  /** Removes a row whose key still stands in the table. */
  remove(row: number): void {
    const rows = this.#rows;
    const mask = this.#mask;
    let hole = this.#home(row);
    while (rows[hole] !== row + 1) {
      assert(rows[hole] !== 0, "a row that is removed stands in the index");
      hole = (hole + 1) & mask;
    }
    let place = hole;
    for (;;) {
      place = (place + 1) & mask;
      const next = rows[place]!;
      if (next === 0) break;
      const home = this.#home(next - 1);
      // The row may fill the hole only if the hole lies on its way from its home place.
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        rows[hole] = next;
        hole = place;
      }
    }
    rows[hole] = 0;
    this.#count -= 1;
  }

  #home(row: number): number {
    const table = this.#table;
    return hashTuple(table.local(row), table.remote(row), table.ports(row), table.scope(row)) & this.#mask;
  }

  #place(row: number): void {
    let place = this.#home(row);
    while (this.#rows[place] !== 0) place = (place + 1) & this.#mask;
    this.#rows[place] = row + 1;
  }

  #grow(): void {
    const old = this.#rows;
    this.#rows = new Int32Array(old.length * 2);
    this.#mask = this.#rows.length - 1;
    for (const entry of old) if (entry !== 0) this.#place(entry - 1);
  }
}

/** Mixes a tuple's four words into one: unkeyed, since no one attacks a simulation's tables. */
export function hashTuple(local: number, remote: number, ports: number, scope: number): number {
  let hash = Math.imul(local ^ Math.imul(scope, 0x27d4eb2f), 0x9e3779b1);
  hash = Math.imul((hash ^ (hash >>> 15)) + remote, 0x85ebca77);
  hash = Math.imul((hash ^ (hash >>> 13)) + ports, 0xc2b2ae3d);
  return hash ^ (hash >>> 16);
}
