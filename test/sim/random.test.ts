import { describe, expect, it } from "vitest";
import { RandomStream, RandomStreams } from "../../src/sim/random.ts";

function draws(stream: RandomStream, count = 8): number[] {
  return Array.from({ length: count }, () => stream.int32());
}

/** Correlation of two long sequences of uniform numbers. */
function correlation(a: RandomStream, b: RandomStream, count: number): number {
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  return (12 * sum) / count;
}

describe("RandomStreams", () => {
  it("gives the same numbers for the same seed, replication and path, however often it is asked", () => {
    const streams = new RandomStreams("seed", 3);
    const first = draws(streams.stream("kubelet/phase"));
    draws(streams.stream("another"), 100);
    expect(draws(streams.stream("kubelet/phase"))).toEqual(first);
    expect(draws(new RandomStreams("seed", 3).stream("kubelet/phase"))).toEqual(first);
  });

  it("gives other numbers for another seed, replication or path", () => {
    const all = [
      new RandomStreams("seed", 1).stream("path"),
      new RandomStreams("seed", 2).stream("path"),
      new RandomStreams("seed2", 1).stream("path"),
      new RandomStreams("seed", 1).stream("path2"),
      new RandomStreams("see", 1).stream("dpath"),
      new RandomStreams("seed", 11).stream("path"),
      new RandomStreams("seed1", 1).stream("path"),
    ].map((stream) => draws(stream).join());
    expect(new Set(all).size).toBe(all.length);
  });

  it("gives one of several alike entities the streams of its own path", () => {
    const streams = new RandomStreams("seed", 1);
    expect(draws(streams.within("node-1").stream("x"))).toEqual(draws(streams.stream("node-1/x")));
    expect(draws(streams.within("node-1").stream("1x"))).not.toEqual(draws(streams.within("node-11").stream("x")));
    expect(draws(streams.within("a").within("b").stream("x"))).toEqual(draws(streams.stream("a/b/x")));
  });

  it("gives uncorrelated streams to neighbouring names", () => {
    const streams = new RandomStreams("seed", 0);
    for (let pod = 0; pod < 20; pod += 1) {
      const value = correlation(streams.stream(`pod-${pod}`), streams.stream(`pod-${pod + 1}`), 2500);
      // The standard deviation is 1/50: five of them.
      expect(Math.abs(value)).toBeLessThan(0.1);
    }
  });
});

describe("RandomStream", () => {
  it("gives known answers, so that results stay comparable between versions", () => {
    expect(draws(new RandomStream("portfall"), 4)).toEqual([-663983337, 710242267, 603784582, -1408074851]);
    const stream = new RandomStream("portfall");
    expect(Array.from({ length: 6 }, () => stream.below(1000))).toEqual([845, 165, 140, 672, 318, 675]);
  });

  it("gives multiples of 2^-32 in [0, 1)", () => {
    const stream = new RandomStream("uniform");
    for (let draw = 0; draw < 1000; draw += 1) {
      const value = stream.uniform();
      expect(value >= 0 && value < 1 && Number.isInteger(value * 4294967296)).toBe(true);
    }
  });

  it("tells what comes next without taking it", () => {
    const stream = new RandomStream("peek");
    const plain = new RandomStream("peek");
    const first = plain.uniform();
    expect([stream.peek(), stream.peek(), stream.uniform()]).toEqual([first, first, first]);
    stream.peek();
    expect(stream.below(1000)).toBe(plain.below(1000));
    stream.peek();
    expect(draws(stream)).toEqual(draws(plain));
  });

  it("tells what comes later without taking anything", () => {
    const [stream, plain] = [new RandomStream("peek"), new RandomStream("peek")];
    const later = [stream.peek(3), stream.peek(1), stream.peek(2)];
    const next = Array.from({ length: 4 }, () => plain.uniform());
    expect(later).toEqual([next[3], next[1], next[2]]);
    expect(Array.from({ length: 4 }, () => stream.uniform())).toEqual(next);
    expect(draws(stream)).toEqual(draws(plain));
  });

  it("gives each whole number below a bound about equally often, and no other", () => {
    const stream = new RandomStream("below");
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 80_000; draw += 1) {
      const value = stream.below(8);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // 7 degrees of freedom: 29.9 is exceeded once in 10,000.
    expect(chiSquare).toBeLessThan(29.9);
  });
});
