import type { PortWalkName } from "../kernel/kernel_era.ts";
import { exp } from "../sim/distributions.ts";
import type { GapCase } from "./connect_counts.ts";
import type { Starts } from "./port_starts.ts";
import { zeros } from "./zeros.ts";

/** On 5.12-5.17 a connect without a skip moves the cursor two steps in one of so many. */
const DOUBLE_STEP_IN = 16;

/**
 * For walks without re-salting: the probabilities that 1, 2, 3 … consecutive probes of a series all fail, when the first
 * of them starts anywhere.
 *
 * Follows the probability mass from failing start to failing start: between two probes the cursor moves by the probe's
 * own connect and by those of others, each of which is taken to meet no skip.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v3.10 v4.4 v5.4 v5.15.
 *
 * @param cases the ways in which other connects fall into the gaps; one more length than gaps is returned.
 */
export function cursorRuns(walk: PortWalkName, starts: Starts, cases: readonly GapCase[]): readonly number[] {
  const failing = [...starts.isFailing.keys()].filter((start) => starts.isFailing[start] === 1);
  const lengths = (cases[0]?.counts.length ?? 0) + 1;
  const runs = zeros(lengths);
  const moves = new Map<string, Moves>();
  for (const { weight, counts, randomPerGap } of cases) {
    let mass = new Map(failing.map((start) => [start, weight / starts.count]));
    for (let length = 1; length <= lengths && mass.size > 0; length += 1) {
      for (const share of mass.values()) runs[length - 1] = runs[length - 1]! + share;
      if (length === lengths) break;
      const key = `${counts[length - 1]}/${randomPerGap}`;
      const others = moves.get(key) ?? movesOf(walk, counts[length - 1]!, randomPerGap);
      moves.set(key, others);
      mass = movedMass(walk, starts, mass, others);
    }
  }
  return runs;
}

/** How far the cursor moves: `shares[k]` is the probability of `first` + k steps. */
interface Moves {
  readonly first: number;
  readonly shares: readonly number[];
}

const STILL: Moves = { first: 0, shares: [1] };

/** The mass at the next probe, where that fails. */
function movedMass(
  walk: PortWalkName,
  starts: Starts,
  mass: ReadonlyMap<number, number>,
  others: Moves,
): Map<number, number> {
  const { count, stride, advance, isFailing } = starts;
  const next = new Map<number, number>();
  const add = (from: number, steps: number, share: number): void => {
    const start = (from + steps * stride) % count;
    if (isFailing[start] === 1) next.set(start, (next.get(start) ?? 0) + share);
  };
  for (const [start, share] of mass) {
    const own = advance[start]!;
    const double = walk === "5.12-5.17" && own === 1 ? 1 / DOUBLE_STEP_IN : 0;
    for (const [step, moved] of others.shares.entries()) {
      const steps = others.first + step + own;
      add(start, steps, share * moved * (1 - double));
      if (double > 0) add(start, steps + 1, share * moved * double);
    }
  }
  return next;
}

/** How far so many connects at even intervals, and a Poisson number of others, move the cursor. */
function movesOf(walk: PortWalkName, connects: number, randomMean: number): Moves {
  if (walk !== "5.12-5.17") return sum({ first: connects, shares: [1] }, poissonMoves(randomMean, 1));
  const doubles = binomialMoves(connects);
  const random = sum(
    poissonMoves(randomMean * (1 - 1 / DOUBLE_STEP_IN), 1),
    poissonMoves(randomMean / DOUBLE_STEP_IN, 2),
  );
  return sum({ first: connects + doubles.first, shares: doubles.shares }, random);
}

function sum(a: Moves, b: Moves): Moves {
  const shares = zeros(a.shares.length + b.shares.length - 1);
  for (const [i, share] of a.shares.entries()) {
    for (const [j, other] of b.shares.entries()) shares[i + j] = shares[i + j]! + share * other;
  }
  return { first: a.first + b.first, shares };
}

/** Terms of a distribution that are this small beside the greatest are left out. */
const TAIL = 1e-25;

/** The binomial number of double steps among so many connects, from its mode outwards: its first term may be too small to hold. */
function binomialMoves(connects: number): Moves {
  const odds = 1 / (DOUBLE_STEP_IN - 1);
  const mode = Math.floor((connects + 1) / DOUBLE_STEP_IN);
  return outwards(Math.min(mode, connects), 1, (k) => ((connects - k + 1) / k) * odds);
}

/** `stride` steps for each of a Poisson number of connects. */
function poissonMoves(mean: number, stride: number): Moves {
  if (mean === 0) return STILL;
  if (mean < 1) {
    const shares: number[] = [];
    for (let k = 0, share = exp(-mean); share > TAIL; k += 1, share *= mean / k) shares[k * stride] = share;
    return { first: 0, shares: Array.from(shares, (share) => share ?? 0) };
  }
  return outwards(Math.floor(mean), stride, (k) => mean / k);
}

/** A distribution from its mode outwards. @param ratio of the k-th probability to the one before; 0 beyond the last. */
function outwards(mode: number, stride: number, ratio: (k: number) => number): Moves {
  const above = [1];
  for (let k = mode + 1, share = ratio(k); share > TAIL; k += 1, share *= ratio(k)) above.push(share);
  const below: number[] = [];
  for (let k = mode, share = 1; k > 0; k -= 1) {
    share /= ratio(k);
    if (share <= TAIL) break;
    below.unshift(share);
  }
  const all = [...below, ...above];
  const total = all.reduce((whole, share) => whole + share, 0);
  const shares = zeros((all.length - 1) * stride + 1);
  for (const [place, share] of all.entries()) shares[place * stride] = share / total;
  return { first: (mode - below.length) * stride, shares };
}
