import type { Port } from "../../units.ts";

const PORT_COUNT = 65_536;

/** The words of all sets in which there never was a port. */
const NO_WORDS = new Int32Array(PORT_COUNT / 32);

/** A set of ports, one bit each: 8 KiB once there was one in it, since most of a node's namespaces use none. */
export class PortBits {
  #words = NO_WORDS;

  /** Adds the ports of another set. */
  addAll(others: PortBits): void {
    this.#own();
    for (const [place, word] of others.#words.entries()) this.#words[place] = this.#words[place]! | word;
  }

  has(port: Port): boolean {
    return (this.#words[port >> 5]! & (1 << (port & 31))) !== 0;
  }

  set(port: Port): void {
    this.#own();
    this.#words[port >> 5] = this.#words[port >> 5]! | (1 << (port & 31));
  }

  clear(port: Port): void {
    if (this.#words === NO_WORDS) return;
    this.#words[port >> 5] = this.#words[port >> 5]! & ~(1 << (port & 31));
  }

  /** The 32 ports from 32 × place on, the lowest in the lowest bit. */
  word(place: number): number {
    return this.#words[place]!;
  }

  #own(): void {
    if (this.#words === NO_WORDS) this.#words = new Int32Array(PORT_COUNT / 32);
  }

  /** The ports of the set, in ascending order. */
  *ports(): Generator<Port> {
    for (let port = 0; port < PORT_COUNT; port += 1) {
      if ((port & 31) === 0 && this.#words[port >> 5] === 0) port += 31;
      else if (this.has(port)) yield port;
    }
  }
}
