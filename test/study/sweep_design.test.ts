import { describe, expect, it } from "vitest";
import type { Factor } from "../../src/study/factor.ts";
import { MOST_SOBOL_DIMENSIONS, sobolColumn } from "../../src/study/sobol.ts";
import { designPoints } from "../../src/study/sweep_design.ts";
import type { DesignRequest } from "../../src/study/sweep_design.ts";

const range = (path: string, high = 999): Factor => ({ kind: "range", path, low: 0, high, unit: "", decimals: 0 });
const list = (path: string, ...values: string[]): Factor => ({ kind: "values", path, values });

function points(request: Partial<DesignRequest>): readonly (readonly string[])[] {
  const chosen = designPoints({ design: "grid", factors: [], points: undefined, seed: "s", ...request });
  if (typeof chosen === "string") throw new Error(chosen);
  return chosen;
}

describe("sobolColumn", () => {
  it("starts with the points that are known of its first three dimensions", () => {
    const columns = [0, 1, 2].map((dimension) => [...sobolColumn(dimension, 8)]);
    expect(columns).toEqual([
      [0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125],
      [0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625],
      [0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375],
    ]);
  });

  it("puts one of 256 points into each stretch of 1/256, in every dimension and with any shift", () => {
    for (let dimension = 0; dimension < MOST_SOBOL_DIMENSIONS; dimension += 1) {
      for (const shift of [0, 0x5a5a_1234, -1]) {
        const stretches = new Set([...sobolColumn(dimension, 256, shift)].map((value) => Math.floor(value * 256)));
        expect(stretches.size, `dimension ${dimension}`).toBe(256);
      }
    }
  });

  it("fills each quarter of the square alike, for every pair of dimensions", () => {
    const columns = Array.from({ length: MOST_SOBOL_DIMENSIONS }, (_, dimension) => sobolColumn(dimension, 256));
    for (const [index, first] of columns.entries()) {
      for (const second of columns.slice(index + 1)) {
        const quarters = [0, 0, 0, 0];
        for (const [place, value] of first.entries()) {
          quarters[(value < 0.5 ? 0 : 1) + (second[place]! < 0.5 ? 0 : 2)]! += 1;
        }
        expect(quarters).toEqual([64, 64, 64, 64]);
      }
    }
  });
});

describe("designPoints", () => {
  it("gives a grid every combination, the last path fastest", () => {
    expect(points({ factors: [list("a", "1", "2"), list("b", "x", "y")] })).toEqual([
      ["1", "x"],
      ["1", "y"],
      ["2", "x"],
      ["2", "y"],
    ]);
  });

  it.each(["latin-hypercube", "sobol"] as const)(
    "gives a %s design one point in each stretch of every path",
    (design) => {
      const chosen = points({ design, points: 64, factors: [range("a", 63), range("b", 63), range("c", 63)] });
      for (const column of [0, 1, 2]) {
        expect(new Set(chosen.map((point) => point[column])).size).toBe(64);
      }
    },
  );

  it.each(["latin-hypercube", "sobol"] as const)(
    "leaves the values of a path in place when another one joins a %s",
    (design) => {
      const alone = points({ design, points: 16, factors: [range("a")] });
      const joined = points({ design, points: 16, factors: [range("a"), range("b")] });
      expect(joined.map(([a]) => a)).toEqual(alone.map(([a]) => a));
    },
  );

  it("draws other points from another seed, and the same from the same", () => {
    const of = (seed: string): unknown => points({ design: "latin-hypercube", points: 8, factors: [range("a")], seed });
    expect(of("x")).toEqual(of("x"));
    expect(of("x")).not.toEqual(of("y"));
  });

  it("keeps one of several points with the same values", () => {
    const chosen = points({ design: "sobol", points: 64, factors: [list("a", "1", "2"), list("b", "x", "y")] });
    expect(chosen.map(String).toSorted()).toEqual(["1,x", "1,y", "2,x", "2,y"]);
  });

  const many = list("a", ...Array.from({ length: 200 }, (_, value) => String(value)));
  it.each<[string, Partial<DesignRequest>]>([
    ["Cannot sweep without a path to vary: add --vary PATH=A,B,C", {}],
    [
      'Cannot vary "a" twice: name all its values behind one --vary',
      { factors: [list("a", "1", "2"), list("a", "3", "4")] },
    ],
    ["Cannot use --points with a grid: its values give the points", { factors: [list("a", "1", "2")], points: 4 }],
    ['Cannot vary "a" on a grid without its steps: write 0..999/STEPS', { factors: [range("a")] }],
    [
      "Cannot choose the points of a sobol design: say how many with --points",
      { factors: [range("a")], design: "sobol" },
    ],
    ["Cannot sweep 1 points: choose 2 to 10000", { factors: [range("a")], design: "sobol", points: 1 }],
    [
      "Cannot sweep more than 10000 points: use fewer values, or --design sobol --points N",
      { factors: [many, { ...many, path: "b" }] },
    ],
    [
      "Cannot vary 11 paths by a sobol design: 10 at most; use latin-hypercube",
      { factors: Array.from({ length: 11 }, (_, path) => range(String(path))), design: "sobol", points: 8 },
    ],
  ])("refuses: %s", (message, request) => {
    expect(designPoints({ design: "grid", factors: [], points: undefined, seed: "s", ...request })).toBe(message);
  });
});
