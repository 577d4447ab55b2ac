import { describe, expect, it } from "vitest";
import {
  type EntryFacts,
  type ExchangeConstants,
  hasSameShape,
  isSameExchange,
  type WaitFacts,
} from "../../../src/kernel/flow/exchange_facts.ts";

// Goal: a connection that did anything else than another one is told from it, whatever the difference.
// Method: one connection with something of everything; each of its numbers is changed, one at a time, found by walking
// through it, so that a number that is added later is looked at, too.

const WAIT: WaitFacts = { side: "client", begins: 240, flags: 3 };
const ENTRY: EntryFacts = {
  netns: 0,
  tuples: "both",
  status: 14,
  state: 7,
  lastDirection: 0,
  lastInput: 2,
  retransmits: 0,
  expires: 120_000_240,
  timer: -1,
};
const DONE: ExchangeConstants = {
  duration: 300,
  finishes: 250,
  connects: 60,
  synArrives: 30,
  events: 12,
  schedule: { after: [20, 60], scheduledIn: [-1, 0], finish: 1, scheduledBeforeFinish: 0, wait: 0 },
  packets: [10, 0],
  rises: [
    { place: 0, values: [5, 0, 1] },
    { place: 3, values: [2, 2, 2] },
  ],
  waits: [WAIT],
  entries: [ENTRY],
  translated: 0,
  ipvs: {
    state: 5,
    flags: 3,
    begins: 10,
    expires: 120_000_240,
    traffic: { inPackets: 5, outPackets: 4, inBytes: 300, outBytes: 240 },
  },
};

/** A number in a connection: the names and indexes that lead to it. */
type Path = readonly (string | number)[];

function* numbersOf(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value === "number") yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) yield* numbersOf(part, [...path, name]);
}

/** The same connection but for one number, which is one more. */
function changed(value: unknown, [name, ...rest]: Path): unknown {
  if (name === undefined) return Number(value) + 1;
  const copy: Record<string, unknown> = Object.assign(Array.isArray(value) ? [] : {}, value);
  copy[name] = changed(copy[name], rest);
  return copy;
}

function with1More(path: Path): ExchangeConstants {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the form of what was copied
  return changed(DONE, path) as ExchangeConstants;
}

const PATHS = [...numbersOf(DONE)].map((path) => ({ path, name: path.join(".") }));

describe("isSameExchange", () => {
  it("says yes of a copy", () => {
    expect(isSameExchange(DONE, structuredClone(DONE))).toBe(true);
  });

  it.each(PATHS)("sees that $name differs", ({ path }) => {
    expect(isSameExchange(DONE, with1More(path))).toBe(false);
  });

  it("sees that one left behind less, or at the other side", () => {
    for (const other of [
      { ...DONE, waits: [] },
      { ...DONE, entries: [] },
      { ...DONE, entries: [ENTRY, ENTRY] },
      { ...DONE, packets: [10] },
      { ...DONE, schedule: undefined },
      { ...DONE, waits: [{ ...WAIT, side: "server" as const }] },
    ]) {
      expect(isSameExchange(DONE, other)).toBe(false);
      expect(isSameExchange(other, DONE)).toBe(false);
    }
  });
});

describe("hasSameShape", () => {
  it.each(PATHS)("looks at $name unless it is where meters rose", ({ path }) => {
    expect(hasSameShape(DONE, with1More(path))).toBe(path.at(-1) === "place");
  });
});
