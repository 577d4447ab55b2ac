/** So many zeros, for counts and shares to be added to. */
export function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
