import { describe, expect, it } from "vitest";
import type { ExchangeConstants, ExchangeFacts } from "../../../src/kernel/flow/exchange_facts.ts";
import { ExchangeShape } from "../../../src/kernel/flow/exchange_shape.ts";

const CONSTANTS: ExchangeConstants = {
  duration: 60,
  finishes: 20,
  connects: 20,
  synArrives: 10,
  events: 6,
  schedule: undefined,
  packets: [6],
  rises: [
    { place: 0, values: [1, 2] },
    { place: 4, values: [3, 4] },
  ],
  waits: [],
  entries: [],
  ipvs: undefined,
  translated: undefined,
};

/** A connection whose two numbers lie so far above the client's and the server's initial ones. */
function watched(client: number, server: number, above: readonly [number, number]): ExchangeFacts {
  const sequences = [client + above[0], server + above[1]];
  return { constants: CONSTANTS, initial: [client, server], sequences, isAlone: true };
}

describe("ExchangeShape", () => {
  it("is known once three connections have followed one rule, whichever flows they are of", () => {
    const shape = new ExchangeShape(CONSTANTS);
    const facts = [watched(10, 500, [1, 2]), watched(77, 900, [1, 2]), watched(31, 20, [1, 2])];
    expect(facts.map((each) => shape.learn(each))).toEqual([false, false, true]);
    expect(shape.learn(watched(5, 6, [1, 2]))).toBe(true);
  });

  it("says nothing of a connection that does not follow the rules", () => {
    const shape = new ExchangeShape(CONSTANTS);
    for (const initial of [10, 77, 31]) shape.learn(watched(initial, 3 * initial, [1, 2]));
    expect(shape.learn(watched(5, 6, [1, 3]))).toBe(false);
  });

  it("is never known where connections follow no rule", () => {
    const shape = new ExchangeShape(CONSTANTS);
    const facts = [1, 2, 3, 4].map((above) => watched(7 * above * above, 500 - above, [above, 2]));
    expect(facts.map((each) => shape.learn(each))).toEqual([false, false, false, false]);
    expect(() => shape.rules).toThrow("a shape has rules once enough of its connections have been watched");
  });

  it("is that of connections in whichever namespaces meters rise, but not by however much", () => {
    const shape = new ExchangeShape(CONSTANTS);
    const [first, second] = CONSTANTS.rises;
    expect(shape.isOf({ ...CONSTANTS, rises: [first!, { ...second!, place: 9 }] })).toBe(true);
    expect(shape.isOf({ ...CONSTANTS, rises: [first!, { ...second!, values: [3, 5] }] })).toBe(false);
    expect(shape.isOf({ ...CONSTANTS, rises: [first!] })).toBe(false);
  });
});
