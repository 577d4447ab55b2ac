import seedrandom from "seedrandom";

/**
 * One named sequence of random numbers (Alea, 32 bits a draw). Streams of different names are independent, so that a
 * change of one entity leaves every other entity's draws in place.
 */
export class RandomStream {
  readonly #generate: () => number;
  /** The next numbers, those that somebody has looked at. */
  readonly #seen: number[] = [];

  constructor(key: string) {
    this.#generate = seedrandom.alea(key);
  }

  /** A multiple of 2^-32 in [0, 1). */
  uniform(): number {
    return this.#next();
  }

  /** A whole number from 0 to `bound` - 1; `bound` is at least 1 and at most 2^32. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  /** Thirty-two random bits as a signed integer. */
  int32(): number {
    return (this.#next() * 4_294_967_296) | 0;
  }

  /** What `uniform` is going to give after `before` other numbers. */
  peek(before = 0): number {
    while (this.#seen.length <= before) this.#seen.push(this.#generate());
    return this.#seen[before]!;
  }

  #next(): number {
    if (this.#seen.length === 0) return this.#generate();
    return this.#seen.shift()!;
  }
}

/** The named streams of one replication: each is keyed by seed, replication and path. */
export class RandomStreams {
  #prefix: string;

  constructor(seed: string, replication: number) {
    this.#prefix = `${seed}\u0000${replication}\u0000`;
  }

  /** The streams of one of several alike entities, such as a node: a path here is `path/PATH` there. */
  within(path: string): RandomStreams {
    const streams = new RandomStreams("", 0);
    streams.#prefix = `${this.#prefix}${path}/`;
    return streams;
  }

  /** A new stream that starts at its beginning: ask once per entity and purpose, where the entity is made. */
  stream(path: string): RandomStream {
    return new RandomStream(this.#prefix + path);
  }
}
