import type { Span } from "./source_text.ts";

/** Where the values of a read tree stand; it has the form of the tree. */
export class Place {
  /** The value. */
  readonly value: Span;
  /** The key before it, or the value if it has none. */
  readonly key: Span;
  readonly #children = new Map<string | number, Place>();
  readonly #unread = new Set<string>();

  constructor(value: Span, key = value) {
    this.value = value;
    this.key = key;
  }

  /** The place of a value below; if the file does not say it (a default), that of the nearest one above. */
  at(...path: readonly (string | number)[]): Place {
    const [step, ...rest] = path;
    const child = step === undefined ? undefined : this.#children.get(step);
    return child === undefined ? this : child.at(...rest);
  }

  /** The place of a value below, if the file says it. */
  find(...path: readonly (string | number)[]): Place | undefined {
    const [step, ...rest] = path;
    return step === undefined ? this : this.#children.get(step)?.find(...rest);
  }

  /** Adds the place of a key's value or of a list's item. */
  add(step: string | number, place: Place): void {
    this.#children.set(step, place);
  }

  /** Notes that the file says a key (for a list: `*`, an item), but that it could not be read and is left out. */
  leaveOut(key: string): void {
    this.#unread.add(key);
  }

  /** Whether one of these keys (for a list: `*`, an item) was left out, so that its absence means nothing. */
  isLeftOut(...keys: readonly string[]): boolean {
    return keys.some((key) => this.#unread.has(key));
  }
}

/** A value that its schema accepts, and where its parts stand. */
export interface Tree {
  readonly value: unknown;
  readonly place: Place;
}
