/** The order of two texts by their UTF-16 code units, the same on each machine. @returns below 0, 0 or above 0, as sort asks. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
