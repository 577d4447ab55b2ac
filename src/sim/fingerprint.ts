/** What `add` adds. */
const ONE = new Int32Array(1);

/**
 * A rolling 64-bit fingerprint of a sequence of integers, kept in two 32-bit halves so that no engine's floating point
 * takes part. Two sequences with one fingerprint are taken to be the same; it is no defence against an adversary.
 */
export class Fingerprint {
  #low = 0x9e3779b9 | 0;
  #high = 0x85ebca6b | 0;

  /** Adds one integer; only its value modulo 2^32 counts. */
  add(value: number): void {
    ONE[0] = value;
    this.addWords(ONE);
  }

  /** Adds each of some integers, in their order. */
  addWords(words: Int32Array): void {
    let low = this.#low;
    let high = this.#high;
    for (let place = 0; place < words.length; place += 1) {
      const word = words[place]!;
      low = (Math.imul(low ^ word, 0xcc9e2d51) + (high >>> 13)) | 0;
      high = Math.imul(high ^ low ^ (word >>> 7), 0x1b873593) ^ (low >>> 15);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Adds a moment or any other whole number up to 2^53: both its low and its high 32 bits count. */
  addWide(value: number): void {
    this.add(value);
    this.add(Math.floor(value / 4294967296));
  }

  /** Adds the characters of a text. */
  addText(text: string): void {
    for (let index = 0; index < text.length; index += 1) this.add(text.charCodeAt(index));
    this.add(text.length);
  }

  /** Sixteen hexadecimal digits. */
  hex(): string {
    return hex32(this.#high) + hex32(this.#low);
  }
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
