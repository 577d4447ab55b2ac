import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_PORTS, PortBlocks, type PortRun } from "../../../src/kernel/ports/port_blocks.ts";

/** Blocks of ports, of one parity or of both: some fill many words, some a part of one. */
const BLOCK = fc.record({
  first: fc.integer({ min: 0, max: 6000 }),
  size: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1000, max: 5000 })),
  step: fc.constantFrom(1, 1, 2),
});
const SET = fc.array(BLOCK, { maxLength: 3 });
const LEFT_OUT = fc.array(fc.integer({ min: 0, max: 8000 }), { maxLength: 8 });

/** The ports of blocks, with some of them taken out again: as the set under test and as a plain one. */
function setsOf(
  blocks: readonly { first: number; size: number; step: number }[],
  leftOut: readonly number[],
): { readonly bits: PortBlocks; readonly plain: ReadonlySet<number> } {
  const bits = new PortBlocks();
  const plain = new Set<number>();
  for (const { first, size, step } of blocks)
    for (let port = first; port < first + size; port += step) {
      bits.set(port);
      plain.add(port);
    }
  for (const port of leftOut) {
    bits.clear(port);
    plain.delete(port);
  }
  return { bits, plain };
}

/** A run's first ports that one of the sets has, asked for one by one. */
function countOneByOne({ port, step, most }: PortRun, sets: readonly ReadonlySet<number>[]): number {
  let count = 0;
  while (count < most && sets.some((set) => set.has(port + step * count))) count += 1;
  return count;
}

describe("PortBlocks", () => {
  it("finds as long a run in three sets together as one finds port by port", () => {
    const run = fc.record<PortRun>({
      port: fc.integer({ min: 0, max: 7000 }),
      step: fc.constantFrom(1, 2),
      most: fc.integer({ min: 1, max: 5000 }),
    });
    fc.assert(
      fc.property(fc.tuple(SET, SET, SET), LEFT_OUT, run, (blocksOfSets, leftOut, request) => {
        const sets = blocksOfSets.map((blocks, index) => setsOf(blocks, index === 1 ? [] : leftOut));
        const [a, b, c] = sets.map(({ bits }) => bits);
        expect(a!.setRun(request, b!, c!)).toBe(
          countOneByOne(
            request,
            sets.map(({ plain }) => plain),
          ),
        );
      }),
      { numRuns: 80 },
    );
  });

  it("goes over a run that ends with port 65,535, and not beyond", () => {
    const bits = PortBlocks.of((port) => port >= 40_000);
    const most = 65_536 - 40_000;
    expect(bits.setRun({ port: 40_000, step: 1, most }, NO_PORTS, NO_PORTS)).toBe(most);
    expect(bits.setRun({ port: 40_001, step: 2, most: most / 2 }, NO_PORTS, NO_PORTS)).toBe(most / 2);
  });

  it("names its ports in ascending order", () => {
    fc.assert(
      fc.property(SET, LEFT_OUT, (blocks, leftOut) => {
        const { bits, plain } = setsOf(blocks, leftOut);
        expect([...bits.ports()]).toEqual([...plain].toSorted((a, b) => a - b));
      }),
      { numRuns: 10 },
    );
  });
});
