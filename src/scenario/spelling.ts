/**
 * How many letters must be inserted, dropped, changed or swapped with their neighbour to turn one word into the other.
 * O(length of a × length of b).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      let least = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, beforeLast[column - 2]! + 1);
      }
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

/** Letters of a word, and known words, that are looked at: a hint is not worth minutes. */
const LETTERS_MOST = 100;
const CANDIDATES_MOST = 1000;

/**
 * The known word that the user most likely meant: the nearest one, the first among equals, with at most a third of its
 * letters wrong (case does not count).
 *
 * @returns `undefined` if no word is near.
 */
export function closestWord(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  const wanted = word.slice(0, LETTERS_MOST).toLowerCase();
  for (const candidate of known.slice(0, CANDIDATES_MOST)) {
    const limit = Math.max(1, Math.floor(Math.max(candidate.length, wanted.length) / 3));
    if (Math.abs(candidate.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
