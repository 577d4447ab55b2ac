import { assert } from "../../sim/assert.ts";

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = wordsOf(`
  428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5
  d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174
  e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
  983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967
  27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85
  a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
  19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3
  748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2
`);

/** The same of the square roots of the first eight primes. */
const INITIAL_STATE = wordsOf("6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19");

const BLOCK = 64;

/**
 * SHA-256 (FIPS 180-4) of a text of ASCII characters: kube-proxy makes the names of its chains from it.
 *
 * @returns 32 bytes.
 */
export function sha256(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    assert(code < 128, "the text is ASCII");
    bytes[index] = code;
  }
  return sha256OfBytes(bytes);
}

/**
 * SHA-256 (FIPS 180-4) of bytes.
 *
 * @returns 32 bytes.
 */
export function sha256OfBytes(content: Uint8Array): Uint8Array {
  const bytes = padded(content);
  const state = Int32Array.from(INITIAL_STATE);
  for (let start = 0; start < bytes.length; start += BLOCK) absorb(state, bytes, start);
  const digest = new Uint8Array(32);
  const view = new DataView(digest.buffer);
  state.forEach((word, index) => view.setInt32(4 * index, word));
  return digest;
}

/** The content, a one bit, zeros, and the length in bits, so that whole blocks come out. */
function padded(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((content.length + 9) / BLOCK) * BLOCK);
  bytes.set(content);
  bytes[content.length] = 0x80;
  // A content of 4 MiB has fewer bits than fit into the lower word of the length.
  new DataView(bytes.buffer).setUint32(bytes.length - 4, 8 * content.length);
  return bytes;
}

/** The words of the block that is being absorbed; one digest is made at a time. */
const WORDS = new Int32Array(BLOCK);

function absorb(state: Int32Array, bytes: Uint8Array, start: number): void {
  fillWords(bytes, start);
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  let [e, f, g, h] = [state[4]!, state[5]!, state[6]!, state[7]!];
  for (let round = 0; round < BLOCK; round += 1) {
    const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + sum1 + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[round]! + WORDS[round]!) | 0;
    const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  const worked = [a, b, c, d, e, f, g, h];
  for (let index = 0; index < state.length; index += 1) state[index] = state[index]! + worked[index]!;
}

function fillWords(bytes: Uint8Array, start: number): void {
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < 16; index += 1) WORDS[index] = view.getInt32(start + 4 * index);
  for (let index = 16; index < BLOCK; index += 1) {
    const early = WORDS[index - 15]!;
    const late = WORDS[index - 2]!;
    const small0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const small1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    WORDS[index] = WORDS[index - 16]! + small0 + WORDS[index - 7]! + small1;
  }
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function wordsOf(text: string): Int32Array {
  return Int32Array.from(text.trim().split(/\s+/), (word) => Number.parseInt(word, 16));
}
