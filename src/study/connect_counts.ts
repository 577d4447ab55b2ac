import { zeros } from "./zeros.ts";
/** A destination that something else on the machine connects to, as far as it moves the cursor of the probed one. */
export interface OtherDestination {
  /** Seconds between connects, one entry for each thing that connects at even intervals from a random phase. */
  readonly periods: readonly number[];
  /** Connects a second that come at random (Poisson) times. */
  readonly randomPerSecond: number;
}

/** A destination, and the probability that it moves the same cursor as the probed one. */
export interface CursorSharer extends OtherDestination {
  readonly probability: number;
}

/** One way in which other connects may fall between the probes of a series. */
export interface GapCase {
  readonly weight: number;
  /** Connects at even intervals in each gap between two consecutive probes. */
  readonly counts: readonly number[];
  /** Connects at random times to be expected in each gap. */
  readonly randomPerGap: number;
}

/** Cases less likely than this are left out: they are those in which unusually many destinations move the cursor. */
const WEIGHT_LEAST = 1e-9;

/** Most cases that are kept apart. */
const CASES_MOST = 5_000;

/**
 * All ways in which the connects of others fall into `gaps` consecutive gaps of a series with this period: their phases
 * are random, and each destination moves the cursor or does not. Weights add up to 1.
 *
 * @returns `undefined` if there are more than 5,000.
 */
export function gapCases(
  periodSeconds: number,
  sharers: readonly CursorSharer[],
  gaps: number,
): readonly GapCase[] | undefined {
  let cases: readonly GapCase[] = [{ weight: 1, counts: zeros(gaps), randomPerGap: 0 }];
  const known = new Map<string, readonly GapCase[]>();
  for (const sharer of sharers) {
    const key = `${sharer.probability}/${sharer.periods.join()}/${sharer.randomPerSecond}`;
    const own = known.get(key) ?? casesOf(periodSeconds, sharer, gaps);
    known.set(key, own);
    cases = together(cases, own);
    if (cases.length > CASES_MOST) return undefined;
  }
  const total = cases.reduce((sum, { weight }) => sum + weight, 0);
  return cases.map((one) => ({ ...one, weight: one.weight / total }));
}

/** The cases of one destination: that it does not take part, or all that its phases give. */
function casesOf(periodSeconds: number, sharer: CursorSharer, gaps: number): readonly GapCase[] {
  const none = zeros(gaps);
  const randomPerGap = sharer.randomPerSecond * periodSeconds;
  let taking: readonly GapCase[] = [{ weight: 1, counts: none, randomPerGap }];
  for (const period of sharer.periods) taking = together(taking, phaseCases(periodSeconds / period, gaps));
  const weighed = taking.map((one) => ({ ...one, weight: one.weight * sharer.probability }));
  return sharer.probability === 1
    ? weighed
    : [...weighed, { weight: 1 - sharer.probability, counts: none, randomPerGap: 0 }];
}

/** A part of a turn this near to a whole one is whole: ratios of periods are not exact in binary. */
const ROUNDING = 1e-9;

/** What `perGap` connects a gap, evenly spaced from a random phase, come to in each gap. */
function phaseCases(perGap: number, gaps: number): readonly GapCase[] {
  // A count changes where phase + gap * perGap passes a whole number.
  const borders = new Set([0, 1]);
  for (let gap = 1; gap <= gaps; gap += 1) {
    const part = gap * perGap - Math.floor(gap * perGap + ROUNDING);
    if (part > ROUNDING) borders.add(1 - part);
  }
  const sorted = [...borders].toSorted((a, b) => a - b);
  return sorted.slice(1).flatMap((border, index) => {
    const weight = border - sorted[index]!;
    if (weight < ROUNDING) return [];
    const phase = sorted[index]! + weight / 2;
    const passed = Array.from({ length: gaps + 1 }, (_, gap) => Math.floor(phase + gap * perGap));
    return [{ weight, counts: passed.slice(1).map((count, gap) => count - passed[gap]!), randomPerGap: 0 }];
  });
}

/** Every pair of two independent lists of cases, equal ones joined. */
function together(some: readonly GapCase[], others: readonly GapCase[]): readonly GapCase[] {
  const joined = new Map<string, GapCase>();
  for (const one of some) {
    for (const other of others) {
      const weight = one.weight * other.weight;
      if (weight < WEIGHT_LEAST) continue;
      const counts = one.counts.map((count, gap) => count + other.counts[gap]!);
      const randomPerGap = one.randomPerGap + other.randomPerGap;
      const key = `${counts.join()}/${randomPerGap.toPrecision(9)}`;
      const before = joined.get(key)?.weight ?? 0;
      joined.set(key, { weight: before + weight, counts, randomPerGap });
    }
  }
  return [...joined.values()];
}
