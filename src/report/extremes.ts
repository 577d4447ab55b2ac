/**
 * The largest of the numbers, however many they are: as arguments of one call some 100,000 of them would be too many.
 *
 * @returns -Infinity if there are none.
 */
export function largestOf(numbers: Iterable<number>): number {
  let largest = -Infinity;
  for (const number of numbers) largest = Math.max(largest, number);
  return largest;
}

/** The least of the numbers, however many they are. @returns Infinity if there are none. */
export function leastOf(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}
