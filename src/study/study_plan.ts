import type { Scenario, Variant } from "../scenario/scenario.ts";

/**
 * What a study simulates: the scenario as it stands and its variants, each scenario once. Variants whose settings come
 * to the same node share one run, and so does a variant that is the scenario as it stands.
 */
export class StudyPlan {
  /** The scenarios to run, that which stands first; without what does not concern a worker. */
  readonly scenarios: readonly Scenario[];
  readonly #variants: readonly Variant[];
  readonly #places: readonly number[];

  constructor(scenario: Scenario, variants: readonly Variant[]) {
    const scenarios: Scenario[] = [];
    const known = new Map<string, number>();
    const placeOf = (one: Scenario): number => {
      const bare: Scenario = { ...one, expect: [], variants: [], audit: undefined };
      const key = JSON.stringify(bare);
      const place = known.get(key) ?? scenarios.push(bare) - 1;
      known.set(key, place);
      return place;
    };
    placeOf(scenario);
    this.#variants = variants;
    this.#places = variants.map((variant) => placeOf(variant.scenario));
    this.scenarios = scenarios;
  }

  /** The place in `scenarios` of a variant, by its place among the variants; 0 is the scenario as it stands. */
  placeOf(variant: number): number {
    return this.#places[variant]!;
  }

  /** An error of the worker pool with the `settings` of the variant that broke, if it was one. */
  placed(error: unknown, replications: number): unknown {
    if (!(error instanceof Error) || !("task" in error) || typeof error.task !== "number") return error;
    const place = Math.floor(error.task / replications);
    const variant = this.#variants[this.#places.indexOf(place)];
    return place === 0 || variant === undefined ? error : Object.assign(error, { settings: variant.settings });
  }
}
