import { describe, expect, it } from "vitest";
import { landingCounts } from "../../../src/app/web/port_landing.ts";

function landings(portWalk: string, range: readonly [number, number], closed: readonly number[]): number[] {
  return [...landingCounts({ range, portWalk, closed: new Set(closed) })];
}

describe("landingCounts", () => {
  it("gives one place to each port of the parity that comes first, and none to the others", () => {
    expect(landings("5.18+", [40000, 40007], [])).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    expect(landings("4.6-5.11", [40001, 40007], [])).toEqual([1, 0, 1, 0, 1, 0, 1]);
  });

  it("piles the places of closed ports on the first open port behind them, around the end as well", () => {
    expect(landings("5.18+", [40000, 40007], [40000, 40002])).toEqual([0, 0, 0, 0, 3, 0, 1, 0]);
    expect(landings("5.18+", [40000, 40007], [40004, 40006])).toEqual([3, 0, 1, 0, 0, 0, 0, 0]);
  });

  it("steps by one on 3.10, and by two through both parities of an odd range on 4.2 to 4.5", () => {
    expect(landings("3.10", [40000, 40004], [40001])).toEqual([1, 0, 2, 1, 1]);
    expect(landings("4.2-4.5", [40000, 40004], [40004])).toEqual([1, 2, 1, 1, 0]);
    expect(landings("4.2-4.5", [40000, 40005], [40004])).toEqual([2, 0, 1, 0, 0, 0]);
  });

  it("keeps all places, whatever is closed, unless all is", () => {
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    expect(sum(landings("5.12-5.17", [1024, 65000], [2048, 2050, 30000, 64998, 65000]))).toBe(31_989);
    expect(sum(landings("5.18+", [40000, 40003], [40000, 40002]))).toBe(0);
  });
});
