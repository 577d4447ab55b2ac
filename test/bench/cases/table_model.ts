import { assert } from "../../../src/sim/assert.ts";
import { cpuSecondsOf, type PointResult, type Row } from "../bench_case.ts";

/** A table under test; entries have numbers, and each number is one tuple. */
export interface TableUnderTest {
  /** @returns whether the entry of this number is there. */
  find(entry: number): boolean;
  insert(entry: number): void;
  remove(entry: number): void;
}

const TIMED = 400_000;

/** Inserts and removals are timed so many at a time: fewer would time the clock. */
const BATCH = 20_000;

/** Visits entries in a jumping order, as packets of many connections do: the step has no factor in common with 10^n. */
const STEP = 7_919;

/**
 * Fills a table with `count` entries and times what is done to one: to find it; to remove the oldest; to insert a new one;
 * and turnover, which is what a connection does to a table: the oldest goes after it was found, and a new one comes that was
 * looked for in vain.
 */
export function tableFigures(table: TableUnderTest, count: number, scale: number): PointResult {
  const operations = Math.round(TIMED * scale);
  const run = new TableRun(table, count);
  run.turnOver(operations);
  run.find(operations);
  const rows: Row[] = [];
  const add = (measure: string, seconds: number, times: number): void => {
    rows.push({ measure, unit: "ns/operation", value: (seconds / times) * 1e9 });
  };
  add(
    "find",
    cpuSecondsOf(() => run.find(operations)),
    operations,
  );
  add(
    "turnover",
    cpuSecondsOf(() => run.turnOver(operations)),
    operations,
  );
  const batch = Math.min(count >> 1, BATCH);
  const batches = Math.ceil(operations / batch);
  let removing = 0;
  let inserting = 0;
  for (let done = 0; done < batches; done += 1) {
    removing += cpuSecondsOf(() => run.remove(batch));
    inserting += cpuSecondsOf(() => run.insert(batch));
  }
  add("insert", inserting, batches * batch);
  add("remove", removing, batches * batch);
  return { rows };
}

/** A table whose entries are those from `#oldest` to before `#next`. */
class TableRun {
  readonly #table: TableUnderTest;
  readonly #count: number;
  #oldest = 0;
  #next = 0;
  #place = 0;

  constructor(table: TableUnderTest, count: number) {
    this.#table = table;
    this.#count = count;
    this.insert(count);
  }

  find(times: number): void {
    let found = 0;
    for (let time = 0; time < times; time += 1) {
      this.#place = (this.#place + STEP) % this.#count;
      if (this.#table.find(this.#oldest + this.#place)) found += 1;
    }
    assert(found === times, `all of ${times} entries are found, not ${found}`);
  }

  turnOver(times: number): void {
    let found = 0;
    for (let time = 0; time < times; time += 1) {
      if (this.#table.find(this.#oldest)) found += 1;
      this.remove(1);
      if (this.#table.find(this.#next)) found -= 1;
      this.insert(1);
    }
    assert(found === times, `${times} entries are found and no new one, not ${found}`);
  }

  insert(times: number): void {
    for (let time = 0; time < times; time += 1) {
      this.#table.insert(this.#next);
      this.#next += 1;
    }
  }

  remove(times: number): void {
    for (let time = 0; time < times; time += 1) {
      this.#table.remove(this.#oldest);
      this.#oldest += 1;
    }
  }
}

const LOCAL = 0x0a17_0001;
const REMOTE = 0x0a0a_0001;

/** The tuple of an entry: 28,232 source ports to each of as many destinations as it takes. */
export const tupleOf = {
  client: LOCAL,
  clientPort: (entry: number): number => 32_768 + (entry % 28_232),
  server: (entry: number): number => REMOTE + Math.floor(entry / 28_232),
  serverPort: 80,
};
