import { assert } from "./assert.ts";
import type { RandomStream } from "./random.ts";

const LN2_HIGH = 0.69314718036912381649; // ln 2 rounded to 32 bits, so that a multiple of it is exact
const LN2_LOW = 1.90821492927058770002e-10; // what is missing from it
const SQRT_HALF = Math.SQRT1_2;

/**
 * The natural logarithm with the same bits in every JavaScript engine: only `+ - * /` take part, whereas `Math.log`
 * differs between V8 versions. Within 2 ulp of the exact value for normal numbers.
 *
 * @param x greater than 0 and not subnormal.
 */
export function ln(x: number): number {
  assert(x >= 2.2250738585072014e-308 && x < Infinity, "ln takes a positive normal number");
  let mantissa = x;
  let exponent = 0;
  while (mantissa >= 4294967296) {
    mantissa /= 4294967296;
    exponent += 32;
  }
  while (mantissa < 2.3283064365386963e-10) {
    mantissa *= 4294967296;
    exponent -= 32;
  }
  while (mantissa >= 2 * SQRT_HALF) {
    mantissa /= 2;
    exponent += 1;
  }
  while (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  const ratio = (mantissa - 1) / (mantissa + 1); // |ratio| <= 0.1716, and ln(mantissa) = 2 atanh(ratio)
  const square = ratio * ratio;
  let tail = 0;
  for (let power = 23; power >= 3; power -= 2) tail = (tail + 1 / power) * square;
  return exponent * LN2_HIGH + (2 * ratio + (2 * ratio * tail + exponent * LN2_LOW));
}

/** An exponential variate with the given mean (any unit); at most 22.2 means, since a draw has 32 bits. */
export function exponential(stream: RandomStream, mean: number): number {
  return -mean * ln(1 - stream.uniform());
}

/**
 * The exponential function with the same bits in every JavaScript engine, like `ln`. Within 4e-16 of the exact value,
 * relatively; a result that would be subnormal is 0.
 *
 * @param x at most 709.
 */
export function exp(x: number): number {
  assert(x <= 709, "exp takes a number of at most 709");
  if (x < -708) return 0;
  let exponent = Math.round(x / (LN2_HIGH + LN2_LOW));
  const rest = x - exponent * LN2_HIGH - exponent * LN2_LOW; // |rest| <= 0.3466
  let tail = 0; // rest^2/2! + rest^3/3! + … by Horner's rule; the first term left out is below 1e-19
  for (let power = 15; power >= 2; power -= 1) tail = ((1 + tail) * rest) / power;
  let value = 1 + (rest + rest * tail);
  for (; exponent >= 32; exponent -= 32) value *= 4294967296;
  for (; exponent <= -32; exponent += 32) value /= 4294967296;
  for (; exponent > 0; exponent -= 1) value *= 2;
  for (; exponent < 0; exponent += 1) value /= 2;
  return value;
}
