import { Counters } from "../counters.ts";
import type { ChainTally, RuleTally } from "../netfilter/rule_tally.ts";
import type { Netns } from "../netns.ts";

const COUNTERS = new Counters();
const NAMES = Object.keys(COUNTERS).filter((name): name is keyof Counters => name in COUNTERS);

/** Numbers of a namespace: its counters, then passes and rules of each tally of rules. */
const WIDTH = NAMES.length + 6;

/** How much the meters of one namespace rose, by its place among all; they are those of `MeterSheet`. */
export interface MeterRise {
  readonly place: number;
  readonly values: readonly number[];
}

/** All that packets make rise in namespaces, as it stood at one moment: their counters and tallies of rules. */
export class MeterSheet {
  readonly #namespaces: readonly Netns[];
  #before: Float64Array | undefined = undefined;
  /** As it stood when `mark` was called last. */
  #marked: Float64Array | undefined = undefined;
  readonly #now = new Float64Array(WIDTH);

  constructor(namespaces: readonly Netns[]) {
    this.#namespaces = namespaces;
  }

  /** Writes down how all stands now. */
  take(): void {
    this.#before = this.#readInto(this.#before);
  }

  /** Others begin to make meters rise, in a moment in which nobody else does. */
  mark(): void {
    this.#marked = this.#readInto(this.#marked);
  }

  /** They are done: what has risen since `mark` has not risen since `take`. */
  leaveOut(): void {
    const marked = this.#marked!;
    const before = this.#before!;
    const now = this.#now;
    for (const [place, netns] of this.#namespaces.entries()) {
      readMeters(netns, now, 0);
      const first = place * WIDTH;
      for (let meter = 0; meter < WIDTH; meter += 1) before[first + meter]! += now[meter]! - marked[first + meter]!;
    }
  }

  #readInto(row: Float64Array | undefined): Float64Array {
    const values = row ?? new Float64Array(this.#namespaces.length * WIDTH);
    for (const [place, netns] of this.#namespaces.entries()) readMeters(netns, values, place * WIDTH);
    return values;
  }

  /** What has risen since it was last taken, and where; namespaces in which nothing did are left out. */
  rises(): readonly MeterRise[] {
    const rises: MeterRise[] = [];
    for (const [place, netns] of this.#namespaces.entries()) {
      const values = this.#risesIn(place, netns);
      if (values !== undefined) rises.push({ place, values });
    }
    return rises;
  }

  #risesIn(place: number, netns: Netns): readonly number[] | undefined {
    const now = this.#now;
    const before = this.#before!;
    const first = place * WIDTH;
    readMeters(netns, now, 0);
    for (let meter = 0; meter < WIDTH; meter += 1) {
      if (now[meter] !== before[first + meter]) return this.#risesFrom(first);
    }
    return undefined;
  }

  #risesFrom(first: number): readonly number[] {
    const rises: number[] = [];
    for (let meter = 0; meter < WIDTH; meter += 1) {
      // Small integers to V8, too: added as doubles they would make all counters doubles, and all code be compiled again.
      rises.push((this.#now[meter]! - this.#before![first + meter]!) | 0);
    }
    return rises;
  }
}

/** Adds `times` a `MeterRise`. */
export function addToMeters({ counters, ruleTally }: Netns, rises: readonly number[], times: number): void {
  for (const [place, name] of NAMES.entries()) {
    const rise = rises[place]!;
    if (rise !== 0) counters[name] += rise * times;
  }
  if (ruleTally === undefined) return;
  for (const [place, tally] of talliesOf(ruleTally).entries()) {
    tally.passes += rises[NAMES.length + 2 * place]! * times;
    tally.rules += rises[NAMES.length + 2 * place + 1]! * times;
  }
}

function readMeters({ counters, ruleTally }: Netns, values: Float64Array, at: number): void {
  readCounters(counters, values, at);
  const first = at + NAMES.length;
  if (ruleTally === undefined) {
    for (let place = first; place < first + 6; place += 1) values[place] = 0;
    return;
  }
  for (const [place, { passes, rules }] of talliesOf(ruleTally).entries()) {
    values[first + 2 * place] = passes;
    values[first + 2 * place + 1] = rules;
  }
}

/** In the order of `NAMES`. By their names one by one: a look by a name that varies takes ten times as long, and pods are many. */
function readCounters(counters: Counters, values: Float64Array, at: number): void {
  values[at + 0] = counters.IpInReceives;
  values[at + 1] = counters.IpInAddrErrors;
  values[at + 2] = counters.IpInDelivers;
  values[at + 3] = counters.IpOutNoRoutes;
  values[at + 4] = counters.IpForwDatagrams;
  values[at + 5] = counters.IcmpOutDestUnreachs;
  values[at + 6] = counters.TcpActiveOpens;
  values[at + 7] = counters.TcpPassiveOpens;
  values[at + 8] = counters.TcpAttemptFails;
  values[at + 9] = counters.TcpEstabResets;
  values[at + 10] = counters.TcpInSegs;
  values[at + 11] = counters.TcpOutSegs;
  values[at + 12] = counters.TcpRetransSegs;
  values[at + 13] = counters.TcpOutRsts;
  values[at + 14] = counters.UdpInDatagrams;
  values[at + 15] = counters.UdpNoPorts;
  values[at + 16] = counters.UdpOutDatagrams;
  values[at + 17] = counters.TcpExtEmbryonicRsts;
  values[at + 18] = counters.TcpExtTW;
  values[at + 19] = counters.TcpExtTWRecycled;
  values[at + 20] = counters.TcpExtTCPTimeWaitOverflow;
  values[at + 21] = counters.TcpExtTCPTimeouts;
  values[at + 22] = counters.TcpExtTCPSynRetrans;
  values[at + 23] = counters.TcpExtListenOverflows;
  values[at + 24] = counters.TcpExtListenDrops;
  values[at + 25] = counters.TcpExtTCPChallengeACK;
  values[at + 26] = counters.TcpExtIPReversePathFilter;
  values[at + 27] = counters.IpExtInNoRoutes;
  values[at + 28] = counters.nf_conntrack_found;
  values[at + 29] = counters.nf_conntrack_invalid;
  values[at + 30] = counters.nf_conntrack_insert_failed;
  values[at + 31] = counters.nf_conntrack_drop;
  values[at + 32] = counters.nf_conntrack_early_drop;
  values[at + 33] = counters.in_martian_src;
}

function talliesOf({ natDestination, natSource, filter }: RuleTally): readonly ChainTally[] {
  return [natDestination, natSource, filter];
}
