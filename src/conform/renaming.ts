/**
 * A one-to-one renaming that grows as names are met: some names of the recording may stand for any name of the
 * simulation, but always for the same one; the others stand for themselves.
 */
export class Renaming {
  readonly #mayDiffer: (recorded: string, actual: string) => boolean;
  #forward: ReadonlyMap<string, string>;
  #backward: ReadonlyMap<string, string>;

  /** @param mayDiffer whether this recorded name may stand for that actual one. */
  constructor(mayDiffer: (recorded: string, actual: string) => boolean) {
    this.#mayDiffer = mayDiffer;
    this.#forward = new Map();
    this.#backward = new Map();
  }

  /** A copy that grows on its own, for trying. */
  fork(): Renaming {
    const copy = new Renaming(this.#mayDiffer);
    copy.adopt(this);
    return copy;
  }

  /** Takes over all that another one has settled. */
  adopt(other: Renaming): void {
    this.#forward = other.#forward;
    this.#backward = other.#backward;
  }

  /**
   * Settles all pairs of [recorded, actual] names, or none.
   *
   * @returns whether every pair agrees with all that is settled.
   */
  settle(pairs: readonly (readonly [recorded: string, actual: string])[]): boolean {
    const forward = new Map(this.#forward);
    const backward = new Map(this.#backward);
    for (const [recorded, actual] of pairs) {
      const known = forward.get(recorded);
      if (known === actual) continue;
      if (known !== undefined || backward.has(actual)) return false;
      if (recorded !== actual && !this.#mayDiffer(recorded, actual)) return false;
      forward.set(recorded, actual);
      backward.set(actual, recorded);
    }
    this.#forward = forward;
    this.#backward = backward;
    return true;
  }
}
