import type { RandomStream } from "../../sim/random.ts";
import type { Ipv4, Port } from "../../units.ts";
import { KeyedHash } from "../keyed_hash.ts";

/** Destinations that are kept, a power of two: more than a node has probes. */
const PLACES_BITS = 8;

/** Words of a place: the four that were hashed, and the two halves of the result. */
const WORDS = 6;

/** Stands where a destination port would, and is none. */
const NOBODY = -1;

/**
 * The port hash, with the results of the last destinations kept: a node connects to the same ones again and again, and
 * the hash changes with the epoch only.
 *
 * Source: net/core/secure_seq.c secure_ipv4_port_ephemeral, v6.1.
 */
export class PortHashes {
  readonly #hash: KeyedHash;
  readonly #places = new Int32Array(WORDS << PLACES_BITS);
  /** The low 32 bits of the last result, signed. */
  low = 0;
  /** The high 32 bits of the last result, signed. */
  high = 0;

  /** @param secret of the boot. */
  constructor(secret: RandomStream) {
    this.#hash = new KeyedHash(secret);
    for (let at = 0; at < this.#places.length; at += WORDS) this.#places[at + 2] = NOBODY;
  }

  /** Hashes a destination, as seen from a source in an epoch, and leaves the result in `low` and `high`. */
  compute(saddr: Ipv4, daddr: Ipv4, dport: Port, epoch: number): void {
    const places = this.#places;
    const at = WORDS * (Math.imul(daddr ^ (dport << 15), 0x9e3779b1) >>> (32 - PLACES_BITS));
    const isKept =
      places[at] === (saddr | 0) &&
      places[at + 1] === (daddr | 0) &&
      places[at + 2] === dport &&
      places[at + 3] === (epoch | 0);
    if (!isKept) {
      this.#hash.compute(saddr, daddr, dport, epoch);
      places[at] = saddr;
      places[at + 1] = daddr;
      places[at + 2] = dport;
      places[at + 3] = epoch;
      places[at + 4] = this.#hash.low;
      places[at + 5] = this.#hash.high;
    }
    this.low = places[at + 4]!;
    this.high = places[at + 5]!;
  }
}
