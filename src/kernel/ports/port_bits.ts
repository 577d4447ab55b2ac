import type { Port } from "../../units.ts";

const PORT_COUNT = 65_536;
const WORD_COUNT = PORT_COUNT / 32;
const SUMMARY_COUNT = WORD_COUNT / 32;
/** The even ports of a word. */
const EVEN_LANE = 0x5555_5555;

/** The ports port, port + step, …, `most` in number; none is above 65,535. */
export interface PortRun {
  readonly port: Port;
  readonly step: 1 | 2;
  readonly most: number;
}

/** A set of ports, one bit each, and which words are full of even or of odd ones: 8.5 KiB. */
export class PortBits {
  readonly #words = new Int32Array(WORD_COUNT);
  /** One bit a word: all its even ports are in the set; in the second half, all its odd ones. */
  readonly #full = new Int32Array(2 * SUMMARY_COUNT);

  /** The ports that pass a test. */
  static of(isIn: (port: Port) => boolean): PortBits {
    const bits = new PortBits();
    for (let port = 0; port < PORT_COUNT; port += 1) if (isIn(port)) bits.set(port);
    return bits;
  }

  /** Adds the ports that have a 1 among `flags`, one flag a port. */
  addFlags(flags: Uint8Array): void {
    for (let port = flags.indexOf(1); port >= 0; port = flags.indexOf(1, port + 1)) this.set(port);
  }

  /** Adds the ports of another set. */
  addAll(others: PortBits): void {
    for (const port of others.ports()) this.set(port);
  }

  has(port: Port): boolean {
    return (this.#words[port >> 5]! & (1 << (port & 31))) !== 0;
  }

  set(port: Port): void {
    const place = port >> 5;
    const word = this.#words[place]! | (1 << (port & 31));
    this.#words[place] = word;
    const lane = EVEN_LANE << (port & 1);
    if ((word & lane) !== lane) return;
    const summary = summaryOf(port);
    this.#full[summary] = this.#full[summary]! | (1 << (place & 31));
  }

  clear(port: Port): void {
    const place = port >> 5;
    const summary = summaryOf(port);
    this.#words[place] = this.#words[place]! & ~(1 << (port & 31));
    this.#full[summary] = this.#full[summary]! & ~(1 << (place & 31));
  }

  /** The ports of the set, in ascending order. */
  *ports(): Generator<Port> {
    for (let port = 0; port < PORT_COUNT; port += 1) {
      if ((port & 31) === 0 && this.#words[port >> 5] === 0) port += 31;
      else if (this.has(port)) yield port;
    }
  }

  /**
   * How many ports of a run, from its first on, are in this set or in one of the others: O(ports / 32), and
   * O(ports / 1,024) where one of the sets has all of them.
   */
  setRun({ port, step, most }: PortRun, second: PortBits, third: PortBits): number {
    const wanted = step === 2 ? EVEN_LANE << (port & 1) : -1;
    const firstWord = port >> 5;
    const lastWord = (port + step * (most - 1)) >> 5;
    for (let word = firstWord; word <= lastWord; word += 1) {
      const full =
        this.#fullFor(word, port, step) | second.#fullFor(word, port, step) | third.#fullFor(word, port, step);
      const others = ~full & (-1 << (word & 31));
      if (others === 0) {
        word |= 31;
        continue;
      }
      word = (word & ~31) + lowestBit(others);
      if (word > lastWord) return most;
      let missing = ~(this.#words[word]! | second.#words[word]! | third.#words[word]!) & wanted;
      if (word === firstWord) missing &= -1 << (port & 31);
      if (missing !== 0) return Math.min((32 * word + lowestBit(missing) - port) / step, most);
    }
    return most;
  }

  /** Of the 32 words beside a word, itself among them, those that are full of the ports that a run goes over. */
  #fullFor(word: number, port: Port, step: 1 | 2): number {
    const summary = word >> 5;
    if (step === 2) return this.#full[summary + (port & 1) * SUMMARY_COUNT]!;
    return this.#full[summary]! & this.#full[summary + SUMMARY_COUNT]!;
  }
}

/** No port. Nobody adds one. */
export const NO_PORTS = new PortBits();

/** The place of the bit that says whether a port's word is full of ports of its parity. */
function summaryOf(port: Port): number {
  return (port >> 10) + (port & 1) * SUMMARY_COUNT;
}

/** The number of the lowest bit that is set, of those of a number that is not 0. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
