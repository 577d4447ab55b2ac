import { DOUBLE_ZERO } from "../sim/double_zero.ts";
import type { RandomStream } from "../sim/random.ts";

/**
 * A keyed pseudo-random function of four words with a 64-bit result: the stand-in for the kernel's MD5 (up to 4.10)
 * and siphash (later). Only its equality structure matters: the same key and words give the same result, and another
 * boot secret gives an unrelated one.
 *
 * Not modelled: the bits of the kernel's own functions, which depend on a secret that nobody can read anyway.
 */
export class KeyedHash {
  readonly #key0: number;
  readonly #key1: number;
  /** The low 32 bits of the last result, unsigned. */
  low = DOUBLE_ZERO;
  /** The high 32 bits of the last result, unsigned. */
  high = DOUBLE_ZERO;

  /** Draws the key: once per boot. */
  constructor(secret: RandomStream) {
    this.#key0 = secret.int32();
    this.#key1 = secret.int32();
  }

  /** Computes the hash of four words and leaves it in `low` and `high`. */
  compute(a: number, b: number, c: number, d: number): void {
    let x = mix(this.#key0 ^ Math.imul(a, 0x9e3779b1));
    let y = mix(this.#key1 ^ Math.imul(b, 0x85ebca77));
    x = mix((x + y) ^ Math.imul(c, 0xc2b2ae3d));
    y = mix((y ^ x) + Math.imul(d, 0x27d4eb2f));
    x = mix((x + y) ^ this.#key1);
    y = mix((y ^ x) + this.#key0);
    this.low = x >>> 0;
    this.high = y >>> 0;
  }
}

function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
