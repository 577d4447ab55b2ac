/**
 * A one-to-one renaming that grows as names are met: some names of the recording may stand for any name of the
 * simulation, but always for the same one; the others stand for themselves.
 */
export class Renaming {
  readonly #mayDiffer: (recorded: string, actual: string) => boolean;
  #forward = new Map<string, string>();
  #backward = new Map<string, string>();
  /** Whether another one has the same maps: then they are copied before they grow. */
  #isShared = false;

  /** @param mayDiffer whether this recorded name may stand for that actual one. */
  constructor(mayDiffer: (recorded: string, actual: string) => boolean) {
    this.#mayDiffer = mayDiffer;
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
    this.#isShared = true;
    other.#isShared = true;
  }

  /** Whether every pair agrees with all that is settled, and the pairs with each other; nothing is settled by it. */
  agrees(pairs: readonly (readonly [recorded: string, actual: string])[]): boolean {
    return this.#newNames(pairs) !== undefined;
  }

  /**
   * Settles all pairs of [recorded, actual] names, or none.
   *
   * @returns whether every pair agrees with all that is settled.
   */
  settle(pairs: readonly (readonly [recorded: string, actual: string])[]): boolean {
    const names = this.#newNames(pairs);
    if (names === undefined) return false;
    if (names.size > 0 && this.#isShared) {
      this.#forward = new Map(this.#forward);
      this.#backward = new Map(this.#backward);
      this.#isShared = false;
    }
    for (const [recorded, actual] of names) {
      this.#forward.set(recorded, actual);
      this.#backward.set(actual, recorded);
    }
    return true;
  }

  /** What would be settled anew, or `undefined` if a pair disagrees. */
  #newNames(pairs: readonly (readonly [recorded: string, actual: string])[]): Map<string, string> | undefined {
    const forward = new Map<string, string>();
    const actuals = new Set<string>();
    for (const [recorded, actual] of pairs) {
      const known = this.#forward.get(recorded) ?? forward.get(recorded);
      if (known === actual) continue;
      if (known !== undefined || this.#backward.has(actual) || actuals.has(actual)) return undefined;
      if (recorded !== actual && !this.#mayDiffer(recorded, actual)) return undefined;
      forward.set(recorded, actual);
      actuals.add(actual);
    }
    return forward;
  }
}
