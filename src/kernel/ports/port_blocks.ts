import type { Port } from "../../units.ts";
import { PortBits } from "./port_bits.ts";

const PORT_COUNT = 65_536;
const SUMMARY_COUNT = PORT_COUNT / 32 / 32;
/** The even ports of a word. */
const EVEN_LANE = 0x5555_5555;

/** The ports port, port + step, …, `most` in number; none is above 65,535. */
export class PortRun {
  port: Port = 0;
  step: 1 | 2 = 1;
  most = 0;
}

/** A set of ports in which searches pass over blocks: one bit each, and which words are full of even or of odd ones. */
export class PortBlocks {
  readonly #bits = new PortBits();
  /** One bit a word: all its even ports are in the set; in the second half, all its odd ones. */
  readonly #full = new Int32Array(2 * SUMMARY_COUNT);

  /** The ports that pass a test. */
  static of(isIn: (port: Port) => boolean): PortBlocks {
    const blocks = new PortBlocks();
    for (let port = 0; port < PORT_COUNT; port += 1) if (isIn(port)) blocks.set(port);
    return blocks;
  }

  /** Adds the ports that have a 1 among `flags`, one flag a port. */
  addFlags(flags: Uint8Array): void {
    for (let port = flags.indexOf(1); port >= 0; port = flags.indexOf(1, port + 1)) this.set(port);
  }

  has(port: Port): boolean {
    return this.#bits.has(port);
  }

  set(port: Port): void {
    this.#bits.set(port);
    const place = port >> 5;
    const lane = EVEN_LANE << (port & 1);
    if ((this.#bits.word(place) & lane) !== lane) return;
    this.#full[summaryOf(port)]! |= 1 << (place & 31);
  }

  clear(port: Port): void {
    this.#bits.clear(port);
    this.#full[summaryOf(port)]! &= ~(1 << ((port >> 5) & 31));
  }

  /** The ports of the set, in ascending order. */
  ports(): Generator<Port> {
    return this.#bits.ports();
  }

  /**
   * How many ports of a run, from its first on, are in this set or in one of the others: O(ports / 32), and
   * O(ports / 1,024) where one of the sets has all of them.
   */
  setRun({ port, step, most }: PortRun, second: PortBlocks, third: PortBlocks): number {
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
      let missing = ~(this.#bits.word(word) | second.#bits.word(word) | third.#bits.word(word)) & wanted;
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
export const NO_PORTS = new PortBlocks();

/** The place of the bit that says whether a port's word is full of ports of its parity. */
function summaryOf(port: Port): number {
  return (port >> 10) + (port & 1) * SUMMARY_COUNT;
}

/** The number of the lowest bit that is set, of those of a number that is not 0. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
