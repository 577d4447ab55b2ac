import { isEvenlyPaced, type Starts } from "./port_starts.ts";
import { zeros } from "./zeros.ts";

/** Seconds after which 5.18+ draws a new start for each destination. */
export const EPOCH_SECONDS = 10;

/** Random steps that a connect without a skip may add on 5.18+: 0 to 7. */
const DRAWS = 8;

/** Most connects, over all orders in which they may come, that are enumerated. */
const CONNECTS_MOST = 400_000;

/** Connects to one destination, at whole seconds from a random phase: the probes of a series first. */
export interface EpochTraffic {
  /** Seconds between the connects of each thing that connects, whole numbers; the first is the series looked at. */
  readonly periods: readonly number[];
  /** Look only at runs that begin with a series' first probe of an epoch; at all if left out. */
  readonly isFromEpochStart?: boolean;
}

/**
 * On `5.18+`: the probabilities that 1 to `lengths` consecutive probes of a series all fail, averaged over all phases that
 * what connects to the destination can have to each other and to the epochs.
 *
 * Epochs are independent, because each draws a new start. Within one the cursor goes on by max(skip, 0 to 7) + 1 steps.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v6.1; net/core/secure_seq.c secure_ipv4_port_ephemeral, v6.1.
 *
 * @returns `undefined` if the phases have too many orders (400,000 connects) to go through.
 */
export function epochRuns(starts: Starts, traffic: EpochTraffic, lengths: number): readonly number[] | undefined {
  const { periods } = traffic;
  const span = periods.reduce(leastCommonMultiple, EPOCH_SECONDS);
  const phases = periods.reduce((product, period) => product * period, 1);
  const orders = permutations(periods.length);
  const perSpan = periods.reduce((total, period) => total + span / period, 0);
  if (phases * orders.length * perSpan > CONNECTS_MOST) return undefined;
  const windows = new EpochWindows(starts);
  const runs = zeros(lengths);
  let total = 0;
  for (let phase = 0; phase < phases; phase += 1) {
    for (const order of orders) {
      const epochs = epochsOf(periods, { phase, order, span });
      const counted = addWindows(windows, epochs, traffic.isFromEpochStart === true, runs);
      total += counted;
    }
  }
  return runs.map((sum) => (total === 0 ? 0 : sum / total));
}

/** Adds what each window of one order of connects gives. @returns the windows. */
function addWindows(windows: EpochWindows, epochs: readonly Epoch[], isFromStart: boolean, runs: number[]): number {
  let counted = 0;
  for (const [place, { word, probes }] of epochs.entries()) {
    for (let probe = 0; probe < (isFromStart ? Math.min(1, probes) : probes); probe += 1) {
      counted += 1;
      addWindow(windows, epochs, { place, word, probe }, runs);
    }
  }
  return counted;
}

/** Adds the probabilities that all fail from one probe on. */
function addWindow(
  windows: EpochWindows,
  epochs: readonly Epoch[],
  from: { readonly place: number; readonly word: string; readonly probe: number },
  runs: number[],
): void {
  let length = 0;
  let before = 1;
  let shares = windows.sharesFrom(from.word, from.probe);
  for (let epoch = from.place; length < runs.length && before > 0; epoch += 1) {
    if (epoch > from.place) shares = windows.sharesFrom(epochs[epoch % epochs.length]!.word, 0);
    for (const share of shares.slice(0, runs.length - length)) {
      runs[length] = runs[length]! + before * share;
      length += 1;
    }
    before *= shares.at(-1) ?? 1;
  }
}

/** One epoch: what connects to the destination, in order, `P` for a probe of the series and `o` for others. */
interface Epoch {
  readonly word: string;
  /** Probes of the series among them. */
  readonly probes: number;
}

/** The epochs after which all repeats. */
function epochsOf(
  periods: readonly number[],
  at: { readonly phase: number; readonly order: readonly number[]; readonly span: number },
): readonly Epoch[] {
  const seconds: string[] = Array.from({ length: at.span }, () => "");
  let rest = at.phase;
  const phases = periods.map((period) => {
    const own = rest % period;
    rest = Math.floor(rest / period);
    return own;
  });
  for (let second = 0; second < at.span; second += 1) {
    // Within a second each comes at its own fraction: the order of these is the same every time.
    for (const who of at.order) {
      const sinceFirst = second - phases[who]!;
      if (sinceFirst % (periods[who] ?? 1) === 0) seconds[second] = `${seconds[second]}${who === 0 ? "P" : "o"}`;
    }
  }
  return Array.from({ length: at.span / EPOCH_SECONDS }, (_, epoch) => {
    const word = seconds.slice(epoch * EPOCH_SECONDS, (epoch + 1) * EPOCH_SECONDS).join("");
    return { word, probes: word.split("P").length - 1 };
  });
}

/** The probabilities that probes of one epoch all fail, by the epoch's connects; each computed once. */
class EpochWindows {
  readonly #starts: Starts;
  readonly #isEven: boolean;
  readonly #known = new Map<string, readonly number[]>();
  readonly #unfiltered: Float64Array[] = [];

  constructor(starts: Starts) {
    this.#starts = starts;
    this.#isEven = isEvenlyPaced(starts);
  }

  /** `[k]` = all of the probes number `from` to `from` + k of the epoch fail. */
  sharesFrom(word: string, from: number): readonly number[] {
    const key = `${word}${from}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const shares = this.#compute(word, from);
    this.#known.set(key, shares);
    return shares;
  }

  #compute(word: string, from: number): readonly number[] {
    const shares: number[] = [];
    let mass: ReadonlyMap<number, number> | undefined = undefined;
    let probe = -1;
    for (let place = 0; place < word.length; place += 1) {
      const who = word[place];
      if (who === "P") probe += 1;
      if (who === "P" && probe >= from) {
        mass = this.#failing(mass ?? this.#unfilteredAt(place));
        shares.push([...mass.values()].reduce((sum, share) => sum + share, 0));
      }
      if (mass !== undefined) mass = this.#moved(mass);
    }
    return shares;
  }

  /** The part of the mass that stands at failing starts. */
  #failing(mass: ReadonlyMap<number, number> | Float64Array): ReadonlyMap<number, number> {
    const { isFailing } = this.#starts;
    return new Map([...mass.entries()].filter(([start, share]) => isFailing[start] === 1 && share > 0));
  }

  /** Where the cursor stands after so many connects of an epoch. */
  #unfilteredAt(connects: number): Float64Array {
    const { count } = this.#starts;
    // Without a skip every start stays equally likely.
    const place = this.#isEven ? 0 : connects;
    for (let known = this.#unfiltered.length; known <= place; known += 1) {
      const next = new Float64Array(count).fill(known === 0 ? 1 / count : 0);
      const before = this.#unfiltered[known - 1];
      before?.forEach((share, start) => {
        this.#move(start, share, (to, part) => {
          next[to] = next[to]! + part;
        });
      });
      this.#unfiltered.push(next);
    }
    return this.#unfiltered[place]!;
  }

  #moved(mass: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
    const next = new Map<number, number>();
    for (const [start, share] of mass) this.#move(start, share, (to, part) => next.set(to, (next.get(to) ?? 0) + part));
    return next;
  }

  #move(start: number, share: number, add: (to: number, part: number) => void): void {
    const { count, advance } = this.#starts;
    const skip = advance[start]!;
    for (let draw = 0; draw < DRAWS; draw += 1) {
      // A search that finds no port leaves the cursor where it is.
      add(skip === 0 ? start : (start + Math.max(skip - 1, draw) + 1) % count, share / DRAWS);
    }
  }
}

function leastCommonMultiple(a: number, b: number): number {
  let [greater, smaller] = [a, b];
  while (smaller > 0) [greater, smaller] = [smaller, greater % smaller];
  return (a / greater) * b;
}

/** All orders of the numbers 0 to `size` - 1. */
function permutations(size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return permutations(size - 1).flatMap((rest) =>
    Array.from({ length: size }, (_, place) => [...rest.slice(0, place), size - 1, ...rest.slice(place)]),
  );
}
