import type { Port } from "../../units.ts";

const PORT_COUNT = 65_536;

/** The ports port, port + step, …, `most` in number; none is above 65,535. */
export interface PortRun {
  readonly port: Port;
  readonly step: 1 | 2;
  readonly most: number;
}

/** A set of ports, one bit each: 8 KiB. */
export class PortBits {
  readonly #words = new Int32Array(PORT_COUNT / 32);

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
    for (const [place, word] of others.#words.entries()) this.#words[place] = this.#words[place]! | word;
  }

  has(port: Port): boolean {
    return (this.#words[port >> 5]! & (1 << (port & 31))) !== 0;
  }

  set(port: Port): void {
    this.#words[port >> 5] = this.#words[port >> 5]! | (1 << (port & 31));
  }

  clear(port: Port): void {
    this.#words[port >> 5] = this.#words[port >> 5]! & ~(1 << (port & 31));
  }

  /** How many ports of a run, from its first on, are in this set or in the other. O(ports / 32). */
  setRun({ port, step, most }: PortRun, other: PortBits): number {
    const lane = port % 2 === 0 ? 0x5555_5555 : 0xaaaa_aaaa;
    const wanted = step === 2 ? lane : -1;
    const firstWord = port >> 5;
    const lastWord = (port + step * (most - 1)) >> 5;
    for (let word = firstWord; word <= lastWord; word += 1) {
      let missing = ~(this.#words[word]! | other.#words[word]!) & wanted;
      if (word === firstWord) missing &= -1 << (port & 31);
      if (missing === 0) continue;
      const first = 32 * word + 31 - Math.clz32(missing & -missing);
      return Math.min((first - port) / step, most);
    }
    return most;
  }
}
