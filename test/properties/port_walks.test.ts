import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PARITY_LETTERS, PortBench, setCursor, walkAt, WALK_LETTERS } from "../support/port_bench.ts";

// Goal: no walk ever misses a usable port, gives an unusable one, or moves its cursor in vain.
// Method: every subset of taken ports of a range of ten, every walk, several starts; then random ranges and ports.

const LOW = 40000;
const SIZE = 10;
const RANGE = { low: LOW, high: LOW + SIZE - 1 };
// Hash and cursor are both set to it. None wraps at 2^32 inside a turn: there walks A and B1 jump, as the kernel does.
const STARTS = [0, 1, 2, 5, 9, 2147483637];

/** The taken ports of subset number `subset`: one bit a port. */
function portsOf(subset: number): number[] {
  return [...Array(SIZE).keys()].filter((bit) => (subset & (1 << bit)) !== 0).map((bit) => LOW + bit);
}

describe("Every walk over every subset of ten ports", () => {
  it.each(WALK_LETTERS)("walk %s finds a usable port exactly if there is one", (letter) => {
    const bench = new PortBench();
    const walk = walkAt(letter, 0, 0);
    const wrong: object[] = [];
    bench.own(portsOf(1023));
    for (let subset = 0; subset < 1024; subset += 1) {
      bench.taken.clear();
      bench.take(portsOf(subset));
      for (const start of STARTS) {
        setCursor(walk, start, start);
        const port = bench.search(walk, { ...RANGE, hash: start });
        const isRight = subset === 1023 ? port === -1 : port >= LOW && port < LOW + SIZE && !bench.taken.has(port);
        if (!isRight) wrong.push({ subset, start, port });
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(PARITY_LETTERS)(
    "walk %s keeps to the parity of the low bound as long as one such port is usable",
    (letter) => {
      const wrong: object[] = [];
      for (const low of [40000, 40001]) {
        const bench = new PortBench();
        const walk = walkAt(letter, 0, 0);
        const all = portsOf(1023).map((port) => port - LOW + low);
        bench.own(all);
        for (let subset = 0; subset < 1024; subset += 1) {
          bench.taken.clear();
          bench.take(all.filter((_port, bit) => (subset & (1 << bit)) !== 0));
          const hasOwnParity = (subset & 0b0101010101) !== 0b0101010101;
          for (const start of STARTS) {
            setCursor(walk, start, start);
            const port = bench.search(walk, { low, high: low + 9, hash: start });
            const isRight = port === -1 || ((port - low) % 2 === 0) === hasOwnParity;
            if (!isRight) wrong.push({ low, subset, start, port });
          }
        }
        expect(bench.search(walkAt(letter, 0, 0), { low, high: low + 9, hash: 0 })).toBe(-1);
      }
      expect(wrong).toEqual([]);
    },
  );

  it.each(WALK_LETTERS)("walk %s leaves its cursor alone when it finds nothing", (letter) => {
    for (const start of STARTS) {
      const bench = new PortBench();
      bench.take(portsOf(1023));
      const walk = walkAt(letter, start, start, [0]);
      expect(bench.searchAll(walk, { ...RANGE, hash: start }, 3)).toEqual([-1, -1, -1]);
      bench.taken.clear();
      const found = bench.searchAll(walk, { ...RANGE, hash: start }, 3);
      expect(found).toEqual(bench.searchAll(walkAt(letter, start, start, [0]), { ...RANGE, hash: start }, 3));
    }
  });
});

describe("Every walk over random ranges", () => {
  const ranges = fc.record({
    low: fc.integer({ min: 1, max: 65_000 }),
    size: fc.integer({ min: 1, max: 200 }),
    start: fc.nat({ max: 4294967295 }),
    cursor: fc.nat({ max: 4294967295 }),
  });

  it.each(WALK_LETTERS)("walk %s visits every port of an even range once per turn, and no other", (letter) => {
    fc.assert(
      fc.property(ranges, ({ low, size, start, cursor }) => {
        const high = Math.min(low + 2 * size - 1, 65_535);
        const even = (high - low + 1) % 2 === 0 ? high : high - 1;
        fc.pre(even > low && start + cursor < 4294967296 - 65536);
        const all = Array.from({ length: even - low + 1 }, (_, offset) => low + offset);
        const bench = new PortBench();
        bench.take(all);
        expect(bench.search(walkAt(letter, start, cursor), { low, high: even, hash: start })).toBe(-1);
        expect(bench.asked.toSorted((a, b) => a - b)).toEqual(all);
        expect(bench.examined).toBe(all.length);
      }),
      { numRuns: 60 },
    );
  });

  it.each(WALK_LETTERS)("walk %s visits no port of an odd range twice, and leaves out one at most", (letter) => {
    fc.assert(
      fc.property(ranges, ({ low, size, start, cursor }) => {
        const high = low + 2 * size;
        fc.pre(high <= 65_535 && start + cursor < 4294967296 - 65536);
        const bench = new PortBench();
        bench.take(Array.from({ length: high - low + 1 }, (_, offset) => low + offset));
        bench.search(walkAt(letter, start, cursor), { low, high, hash: start });
        expect(bench.asked.every((port) => port >= low && port <= high)).toBe(true);
        expect(new Set(bench.asked).size).toBeGreaterThanOrEqual(
          high - low - (PARITY_LETTERS.includes(letter) ? 1 : -1),
        );
      }),
      { numRuns: 60 },
    );
  });

  const kinds = fc.array(fc.constantFrom("free", "other", "reserved", "closed", "taken"), {
    minLength: 1,
    maxLength: 60,
  });

  it.each(WALK_LETTERS)("walk %s never gives a reserved, closed or taken port", (letter) => {
    fc.assert(
      fc.property(kinds, fc.nat({ max: 100_000 }), fc.integer({ min: 2, max: 8 }), (ports, hash, count) => {
        const low = 30_000;
        const of = (kind: string): number[] =>
          [...ports.keys()].filter((port) => ports[port] === kind).map((p) => p + low);
        const bench = new PortBench();
        bench.reserve(of("reserved").join(","));
        bench.close(of("closed"));
        bench.take(of("taken"));
        bench.own(of("other"));
        const usable = new Set([...of("free"), ...of("other")]);
        const walk = walkAt(letter, hash, 0);
        const found = bench.searchAll(walk, { low, high: low + ports.length - 1, hash }, count, true);
        const given = found.filter((port) => port >= 0);
        expect(given.every((port) => usable.has(port))).toBe(true);
        expect(new Set(given).size).toBe(given.length);
        // The parity walks leave out one port of an odd range.
        const isWhole = ports.length % 2 === 0 || !PARITY_LETTERS.includes(letter);
        expect(given.length).toBeGreaterThanOrEqual(Math.min(count, usable.size - (isWhole ? 0 : 1)));
      }),
      { numRuns: 80 },
    );
  });
});

describe("The first usable port behind unusable ones", () => {
  /** How often each port is found when every cursor is as likely as every other. */
  function weights(bench: PortBench, low: number, high: number): Map<number, number> {
    const counts = new Map<number, number>();
    const walk = walkAt("C2", 0, 0);
    for (let cursor = 0; cursor < high - low + 1; cursor += 2) {
      setCursor(walk, 0, cursor);
      const port = bench.search(walk, { low, high, hash: 0 });
      counts.set(port, (counts.get(port) ?? 0) + 1);
    }
    return counts;
  }

  it("has 26 of 50 shares behind 25 reserved ports of its parity, every other port one", () => {
    const bench = new PortBench();
    bench.reserve("32800-32849");
    const counts = weights(bench, 32768, 32867);
    expect(counts.get(32850)).toBe(26);
    counts.delete(32850);
    expect([...counts.values()]).toEqual(Array(24).fill(1));
  });

  it("has k + 1 shares behind k unusable ports, wherever they lie and whatever made them unusable", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("free", "reserved", "taken"), { minLength: 2, maxLength: 40 }), (kinds) => {
        fc.pre(kinds.includes("free"));
        const low = 50_000;
        const bench = new PortBench();
        const evens = kinds.map((_, index) => low + 2 * index);
        bench.reserve(evens.filter((_, index) => kinds[index] === "reserved").join(","));
        bench.take(evens.filter((_, index) => kinds[index] === "taken"));
        const counts = weights(bench, low, low + 2 * kinds.length - 1);
        for (const [index, kind] of kinds.entries()) {
          if (kind !== "free") continue;
          let before = 0;
          while (kinds[(index - before - 1 + kinds.length) % kinds.length] !== "free") before += 1;
          expect(counts.get(low + 2 * index)).toBe(before + 1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
