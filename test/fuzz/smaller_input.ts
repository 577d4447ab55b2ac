import type { FuzzInput } from "./fuzz_target.ts";

const MOST_ATTEMPTS = 400;

/** Leaves out lines, then characters, of each text of an input for as long as it fails all the same. */
export async function smallerInput(
  input: FuzzInput,
  fails: (input: FuzzInput) => Promise<boolean>,
): Promise<FuzzInput> {
  const search = { current: input, attempts: 0, fails };
  for (const separator of ["\n", ""]) {
    for (let which = 0; which < input.length; which += 1) {
      // oxlint-disable-next-line no-await-in-loop -- each text is cut with the others as they are by then.
      await shorten(search, which, separator);
    }
  }
  return search.current;
}

interface Search {
  current: FuzzInput;
  attempts: number;
  readonly fails: (input: FuzzInput) => Promise<boolean>;
}

/** Leaves out halves, quarters and so on of the pieces of one text, down to single ones. */
async function shorten(search: Search, which: number, separator: string): Promise<void> {
  let pieces = (search.current[which] ?? "").split(separator);
  for (let size = Math.ceil(pieces.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let at = 0;
    while (at < pieces.length) {
      search.attempts += 1;
      if (search.attempts > MOST_ATTEMPTS) return;
      const fewer = [...pieces.slice(0, at), ...pieces.slice(at + size)];
      const next = search.current.with(which, fewer.join(separator));
      // oxlint-disable-next-line no-await-in-loop -- each attempt starts from what the one before left.
      if (await search.fails(next)) {
        search.current = next;
        pieces = fewer;
      } else at += size;
    }
  }
}
