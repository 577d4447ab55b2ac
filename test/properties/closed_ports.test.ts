import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PortBench, type WalkLetter, WALK_LETTERS, walkAt } from "../support/port_bench.ts";

// Goal: a search passes over blocks of closed ports 32 at a time, and nobody can tell: it finds the same ports, counts
// the same candidates and leaves the same cursors as one that asks for each port.
// Method: random blocks of reserved, held and taken ports; the same searches on two walks, one of them without the blocks.

interface PortBlock {
  readonly first: number;
  readonly size: number;
  readonly kind: string;
}

interface SearchCase {
  readonly blocks: readonly PortBlock[];
  readonly low: number;
  readonly size: number;
  readonly hash: number;
  readonly cursor: number;
  readonly isOptionRange: boolean;
}

const BLOCK = fc.record<PortBlock>({
  first: fc.integer({ min: 2000, max: 2600 }),
  size: fc.integer({ min: 1, max: 300 }),
  kind: fc.constantFrom("reserved", "held", "taken", "used"),
});
const CASE = fc.record<SearchCase>({
  blocks: fc.array(BLOCK, { minLength: 1, maxLength: 6 }),
  low: fc.integer({ min: 1990, max: 2300 }),
  size: fc.integer({ min: 1, max: 700 }),
  hash: fc.nat({ max: 0xffff_ffff }),
  cursor: fc.nat({ max: 0xffff_ffff }),
  isOptionRange: fc.boolean(),
});

/** A namespace with these blocks. */
function benchWith(blocks: readonly PortBlock[]): PortBench {
  const bench = new PortBench();
  const ports = (kind: string): number[] =>
    blocks.flatMap((block) =>
      block.kind === kind ? Array.from({ length: block.size }, (_, place) => block.first + place) : [],
    );
  bench.reserve(ports("reserved").join(","));
  bench.close(ports("held"));
  bench.take(ports("taken"));
  bench.own(ports("used"));
  return bench;
}

/** What a bench's searches come to: ports, candidates, and the 4-tuples that were asked for, in order. */
function searches(bench: PortBench, letter: WalkLetter, request: SearchCase): object[] {
  const walk = walkAt(letter, request.hash, request.cursor);
  const { hash, isOptionRange, low, size } = request;
  return Array.from({ length: 6 }, () => {
    const port = bench.search(walk, { low, high: low + size - 1, hash, isOptionRange });
    // What it found is taken: by the next search it is a candidate in a block.
    const { examined, asked } = bench;
    if (port >= 0) bench.take([port]);
    return { port, examined, asked, cursor: walk.cursorOf(hash) };
  });
}

describe("A search that passes over blocks of closed ports", () => {
  it.each(WALK_LETTERS)("is told from one that asks for each port by nothing, on walk %s", (letter) => {
    fc.assert(
      fc.property(CASE, (request) => {
        const plain = benchWith(request.blocks);
        plain.asksForEach = true;
        expect(searches(benchWith(request.blocks), letter, request)).toEqual(searches(plain, letter, request));
      }),
      { numRuns: 60 },
    );
  });

  it("asks for few of 20,000 reserved ports, and counts them all", () => {
    const bench = new PortBench();
    bench.reserve("20000-39999");
    const walk = walkAt("B2", 0, 19_000);
    expect(bench.search(walk, { low: 1000, high: 64_999, hash: 0 })).toBe(40_000);
    expect([bench.examined, bench.questions]).toEqual([10_001, 2]);
  });
});
