/**
 * Sorts as qsort(3) does, which is a merge sort: a comparison that is no order still gives the one result that the C
 * library gives. O(n log n).
 *
 * Source: glibc/stdlib/msort.c msort_with_tmp, v2.36.
 */
export function glibcSort<Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): readonly Item[] {
  if (items.length <= 1) return items;
  const half = Math.floor(items.length / 2);
  const first = glibcSort(items.slice(0, half), compare);
  const second = glibcSort(items.slice(half), compare);
  const merged: Item[] = [];
  let next = 0;
  for (const item of first) {
    while (next < second.length && compare(item, second[next]!) > 0) {
      merged.push(second[next]!);
      next += 1;
    }
    merged.push(item);
  }
  return [...merged, ...second.slice(next)];
}
