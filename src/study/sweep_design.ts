import { RandomStreams } from "../sim/random.ts";
import { valueAt } from "./factor.ts";
import type { Factor } from "./factor.ts";
import { MOST_SOBOL_DIMENSIONS, sobolColumn } from "./sobol.ts";

/** How the points of a sweep are chosen. */
export const SWEEP_DESIGNS = ["grid", "latin-hypercube", "sobol"] as const;

/** The name of a design. */
export type SweepDesign = (typeof SWEEP_DESIGNS)[number];

/** What the points of a sweep follow from. */
export interface DesignRequest {
  readonly design: SweepDesign;
  readonly factors: readonly Factor[];
  /** How many points to choose; a grid has as many as its values have combinations. */
  readonly points: number | undefined;
  /** The scenario's seed. */
  readonly seed: string;
}

/** The most points of one sweep. */
export const MOST_POINTS = 10_000;

/**
 * The points of a design, each as one value for each factor. A grid varies its last factor fastest. A Latin hypercube
 * puts one point into each of as many equal stretches of every factor; a Sobol sequence does so for every power of two,
 * and evenly in pairs of factors as well. Both draw from streams named by path, so that a further factor leaves the
 * values of the others in place. Points that come out alike are kept once: on common random numbers a second one would
 * repeat the first.
 *
 * @returns the points, or a sentence about why there are none.
 * @example
 * ```ts
 * const factor = readFactor("churn.zabbix.rate=1/s..9/s/3");
 * if (typeof factor === "string") throw new Error(factor);
 * console.log(designPoints({ design: "grid", factors: [factor], points: undefined, seed: "example" }));
 * // [ [ '1/s' ], [ '5/s' ], [ '9/s' ] ]
 * ```
 */
export function designPoints(request: DesignRequest): readonly (readonly string[])[] | string {
  const { design, factors, points } = request;
  if (factors.length === 0) return "Cannot sweep without a path to vary: add --vary PATH=A,B,C";
  const paths = factors.map(({ path }) => path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) return `Cannot vary ${JSON.stringify(twice)} twice: name all its values behind one --vary`;
  if (design === "grid")
    return points === undefined ? grid(factors) : "Cannot use --points with a grid: its values give the points";
  if (points === undefined) return `Cannot choose the points of a ${design} design: say how many with --points`;
  if (points < 2 || points > MOST_POINTS) return `Cannot sweep ${points} points: choose 2 to ${MOST_POINTS}`;
  if (design === "sobol" && factors.length > MOST_SOBOL_DIMENSIONS) {
    return `Cannot vary ${factors.length} paths by a sobol design: ${MOST_SOBOL_DIMENSIONS} at most; use latin-hypercube`;
  }
  return distinct(spread(request, points));
}

function grid(factors: readonly Factor[]): readonly (readonly string[])[] | string {
  let points: readonly (readonly string[])[] = [[]];
  for (const factor of factors) {
    if (factor.kind === "range") {
      return `Cannot vary ${JSON.stringify(factor.path)} on a grid without its steps: write ${factor.low}..${factor.high}${factor.unit}/STEPS`;
    }
    if (points.length * factor.values.length > MOST_POINTS) {
      return `Cannot sweep more than ${MOST_POINTS} points: use fewer values, or --design sobol --points N`;
    }
    points = points.flatMap((point) => factor.values.map((value) => [...point, value]));
  }
  return points;
}

function spread({ design, factors, seed }: DesignRequest, count: number): readonly (readonly string[])[] {
  const streams = new RandomStreams(seed, 0);
  const columns = factors.map((factor, dimension) => {
    const stream = streams.stream(`sweep/${design}/${factor.path}`);
    if (design === "sobol") return sobolColumn(dimension, count, stream.int32());
    const column = Float64Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last -= 1) {
      const other = stream.below(last + 1);
      [column[last], column[other]] = [column[other]!, column[last]!];
    }
    return column.map((stretch) => (stretch + stream.uniform()) / count);
  });
  return Array.from({ length: count }, (_, index) =>
    factors.map((factor, dimension) => valueAt(factor, columns[dimension]![index]!)),
  );
}

function distinct(points: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Map(points.map((point) => [JSON.stringify(point), point])).values()];
}
