/**
 * The largest whole number that divides both; of two whole numbers from 0 of which one may be 0, and then the other one.
 * O(logarithm of the smaller).
 *
 * Source: lib/math/gcd.c gcd, v6.1.
 */
export function greatestCommonDivisor(a: number, b: number): number {
  let divisor = a;
  let rest = b;
  while (rest !== 0) {
    const next = divisor % rest;
    divisor = rest;
    rest = next;
  }
  return divisor;
}
