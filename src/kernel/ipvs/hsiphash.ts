const CONSTANTS = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n] as const;
const BITS = 64;
/** The length of the message, 4 bytes, in the highest byte of its only word. */
const LENGTH = 4n << 56n;

/**
 * SipHash-1-3 of one 32-bit word, cut to 32 bits, as 64-bit kernels hash under the name hsiphash.
 *
 * Source: lib/siphash.c hsiphash_1u32, v6.1.
 *
 * @param word unsigned.
 * @param key both halves of the key.
 */
export function hsiphash(word: number, key: bigint): number {
  const [c0, c1, c2, c3] = CONSTANTS;
  const message = LENGTH | BigInt(word);
  const state: State = { v0: c0 ^ key, v1: c1 ^ key, v2: c2 ^ key, v3: c3 ^ key ^ message };
  round(state);
  state.v0 ^= message;
  state.v2 ^= 0xffn;
  for (let count = 0; count < 3; count += 1) round(state);
  return Number(BigInt.asUintN(32, state.v0 ^ state.v1 ^ state.v2 ^ state.v3));
}

interface State {
  v0: bigint;
  v1: bigint;
  v2: bigint;
  v3: bigint;
}

function round(state: State): void {
  state.v0 = add(state.v0, state.v1);
  state.v1 = rotate(state.v1, 13n) ^ state.v0;
  state.v0 = rotate(state.v0, 32n);
  state.v2 = add(state.v2, state.v3);
  state.v3 = rotate(state.v3, 16n) ^ state.v2;
  state.v0 = add(state.v0, state.v3);
  state.v3 = rotate(state.v3, 21n) ^ state.v0;
  state.v2 = add(state.v2, state.v1);
  state.v1 = rotate(state.v1, 17n) ^ state.v2;
  state.v2 = rotate(state.v2, 32n);
}

function add(a: bigint, b: bigint): bigint {
  return BigInt.asUintN(BITS, a + b);
}

function rotate(value: bigint, count: bigint): bigint {
  return BigInt.asUintN(BITS, value << count) | (value >> (BigInt(BITS) - count));
}
