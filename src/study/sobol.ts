import { assert } from "../sim/assert.ts";

/** One dimension: the degree and inner coefficients of a primitive polynomial modulo 2, and its first direction numbers. */
interface Dimension {
  readonly coefficients: number;
  readonly directions: readonly number[];
}

/**
 * The second and later dimensions, of S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional
 * projections", SIAM J. Sci. Comput. 30 (2008), set D(6). The degree is the number of directions.
 */
const DIMENSIONS: readonly Dimension[] = [
  { coefficients: 0, directions: [1] },
  { coefficients: 1, directions: [1, 3] },
  { coefficients: 1, directions: [1, 3, 1] },
  { coefficients: 2, directions: [1, 1, 1] },
  { coefficients: 1, directions: [1, 1, 3, 3] },
  { coefficients: 4, directions: [1, 3, 5, 13] },
  { coefficients: 2, directions: [1, 1, 5, 5, 17] },
  { coefficients: 4, directions: [1, 1, 5, 5, 5] },
  { coefficients: 7, directions: [1, 1, 7, 11, 19] },
];

/** How many dimensions a Sobol sequence can have here. */
export const MOST_SOBOL_DIMENSIONS = DIMENSIONS.length + 1;

const BITS = 32;

/**
 * One dimension of a Sobol sequence: any 2^k points from the start hold one in each of 2^k equal stretches, and pairs of
 * dimensions fill the square evenly.
 *
 * @param dimension from 0 to `MOST_SOBOL_DIMENSIONS` - 1.
 * @param count at most 2^32 points.
 * @param shift 32 bits that are exclusive-ored into each point (a digital shift), which keeps its evenness.
 * @returns multiples of 2^-32 from 0 to below 1, in the order of the Gray code. O(count).
 */
export function sobolColumn(dimension: number, count: number, shift = 0): Float64Array {
  assert(dimension >= 0 && dimension < MOST_SOBOL_DIMENSIONS, "the dimension of a Sobol sequence is tabulated");
  const numbers = directionNumbers(dimension);
  const points = new Float64Array(count);
  let point = shift | 0;
  for (let index = 0; index < count; index += 1) {
    points[index] = (point >>> 0) / 4_294_967_296;
    // The lowest bit that is 0 tells where the Gray codes of this number and the next one differ.
    point ^= numbers[lowestZero(index)]!;
  }
  return points;
}

/** The direction numbers of a dimension as fractions of 2^32. */
function directionNumbers(dimension: number): Int32Array {
  const numbers = new Int32Array(BITS);
  const table = DIMENSIONS[dimension - 1];
  for (let bit = 0; bit < BITS; bit += 1) {
    const degree = table?.directions.length ?? 0;
    if (table === undefined || bit < degree) {
      numbers[bit] = (table?.directions[bit] ?? 1) << (BITS - 1 - bit);
      continue;
    }
    let number = numbers[bit - degree]! ^ (numbers[bit - degree]! >>> degree);
    for (let term = 1; term < degree; term += 1) {
      if (((table.coefficients >>> (degree - 1 - term)) & 1) === 1) number ^= numbers[bit - term]!;
    }
    numbers[bit] = number;
  }
  return numbers;
}

function lowestZero(index: number): number {
  let bit = 0;
  for (let rest = index; rest % 2 === 1; rest = (rest - 1) / 2) bit += 1;
  return bit;
}
