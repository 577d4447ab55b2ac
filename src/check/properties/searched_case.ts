import * as fc from "fast-check";
import type { Arbitrary, Random, Stream, Value } from "fast-check";
import { nodeCaseArbitrary } from "./case_arbitraries.ts";
import type { NodeCase } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import type { NodeProperty } from "./node_property.ts";
import { smallerCases } from "./smaller_cases.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** One case of so many is aimed: what 100 random ones never meet, a port walk that is asked finds. */
const AIMED_ONE_IN = 4;

/**
 * The cases of one property's search: those of `nodeCaseArbitrary`, some of them aimed at a violation, and shrunk by what
 * is known of the property. The same seed and path give the same case.
 */
export class SearchedCase extends fc.Arbitrary<NodeCase> {
  readonly #drawn: Arbitrary<NodeCase>;
  readonly #property: NodeProperty;
  readonly #bounds: SearchBounds;

  constructor(property: NodeProperty, config: NodeConfig, bounds: SearchBounds) {
    super();
    this.#drawn = nodeCaseArbitrary(config, bounds);
    this.#property = property;
    this.#bounds = bounds;
  }

  override generate(random: Random, biasFactor: number | undefined): Value<NodeCase> {
    const drawn = this.#drawn.generate(random, biasFactor).value;
    const isAimed = random.nextInt(1, AIMED_ONE_IN) === AIMED_ONE_IN;
    const [aimed] = isAimed ? this.#property.aims(drawn, this.#bounds) : [];
    return new fc.Value(aimed ?? drawn, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is NodeCase {
    return typeof value === "object" && value !== null && "nodePorts" in value;
  }

  override shrink(value: NodeCase): Stream<Value<NodeCase>> {
    const smaller = smallerCases(value, this.#property, this.#bounds)[Symbol.iterator]();
    return fc.stream(valuesOf(smaller));
  }
}

function* valuesOf(cases: Iterator<NodeCase>): IterableIterator<Value<NodeCase>> {
  for (let next = cases.next(); next.done !== true; next = cases.next()) yield new fc.Value(next.value, undefined);
}
