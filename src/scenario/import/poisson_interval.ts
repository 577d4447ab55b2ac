/** The standard normal quantile that leaves 2.5 % on either side. */
const Z95 = 1.959964;

/**
 * The 95 % interval of the mean of a Poisson variable of which one value was seen: Byar's approximation to the exact
 * interval, within 0.5 % of it from 5 on.
 *
 * @param count 0 or more.
 */
export function poissonInterval(count: number): readonly [low: number, high: number] {
  const above = count + 1;
  const high = above * cube(1 - 1 / (9 * above) + Z95 / (3 * Math.sqrt(above)));
  if (count === 0) return [0, high];
  return [count * cube(1 - 1 / (9 * count) - Z95 / (3 * Math.sqrt(count))), high];
}

function cube(base: number): number {
  const kept = Math.max(0, base);
  return kept * kept * kept;
}
