import type { Machine } from "../machine.ts";
import type { Netns } from "../netns.ts";
import { ExchangeEnds } from "./exchange_ends.ts";
import type { ExchangeConstants, ExchangeFacts } from "./exchange_facts.ts";
import { ruleOf, type SequenceRule, SequenceRules } from "./exchange_sequences.ts";
import { addToMeters } from "./meters.ts";

/** What connections of many kinds have in common, by what it is. */
export type KnownEnds = Map<string, ExchangeEnds>;

/**
 * The rules of all sequence numbers that several connections follow; `undefined` if they did not do the same.
 *
 * @param watched in the order in which they were made, one at least.
 */
export function commonRules(watched: readonly ExchangeFacts[]): readonly SequenceRule[] | undefined {
  const [first, ...others] = watched;
  if (first === undefined || others.some(({ constantsText }) => constantsText !== first.constantsText))
    return undefined;
  const initial = watched.map((facts) => facts.initial);
  const rules: SequenceRule[] = [];
  for (const index of first.sequences.keys()) {
    const values = watched.map(({ sequences }) => sequences[index]!);
    const rule = ruleOf(initial, values);
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}

/**
 * What connections of a kind do, learnt from some that went packet by packet. Counters wait until `settle`, since nobody
 * reads them in between.
 */
export class Exchange {
  /** What they leave behind in tables. */
  readonly ends: ExchangeEnds;
  /** Connections since the last `settle`. */
  unsettled = 0;
  /** Of the group when this was learnt, since pods may come later. */
  readonly #machines: readonly Machine[];
  readonly #namespaces: readonly Netns[];
  readonly #constants: ExchangeConstants;
  readonly #constantsText: string;
  readonly #rules: SequenceRules;

  /** @param rules of `commonRules`. @param known the ends of other kinds, to share; it may get one more. */
  // oxlint-disable-next-line max-params -- made once per kind of connection
  constructor(
    machines: readonly Machine[],
    namespaces: readonly Netns[],
    { constants, constantsText }: ExchangeFacts,
    rules: readonly SequenceRule[],
    known: KnownEnds,
  ) {
    this.#machines = [...machines];
    this.#namespaces = namespaces;
    this.#constants = constants;
    this.#constantsText = constantsText;
    this.#rules = new SequenceRules(rules);
    this.ends = endsOf(namespaces, constants, rules, known);
  }

  /** Whether a connection that went packet by packet did what this says. */
  agreesWith({ constantsText, initial: [client, server], sequences }: ExchangeFacts): boolean {
    return (
      constantsText === this.#constantsText &&
      sequences.every((value, index) => value === this.#rules.value(index, client, server))
    );
  }

  /** Lets counters rise by all connections since the last call. */
  settle(): void {
    const times = this.unsettled;
    this.unsettled = 0;
    const { rises, packets, events } = this.#constants;
    for (const { place, values } of rises) addToMeters(this.#namespaces[place]!, values, times);
    for (const [index, count] of packets.entries()) this.#machines[index]!.countPackets(times * count);
    this.#machines[0]?.loop.countEvents(times * events);
  }
}

/** The ends of connections of this kind: those of another kind that leaves behind the same, if there is one. */
function endsOf(
  namespaces: readonly Netns[],
  constants: ExchangeConstants,
  rules: readonly SequenceRule[],
  known: KnownEnds,
): ExchangeEnds {
  const { duration, finishes, connects, synArrives, waits, entries, rises } = constants;
  const places = rises.map(({ place }) => place).filter((place) => namespaces[place]!.ipvs !== undefined);
  const key = JSON.stringify([duration, finishes, connects, synArrives, waits, entries, rules, places]);
  let ends = known.get(key);
  if (ends === undefined) {
    const ipvs = places.flatMap((place) => namespaces[place]!.ipvs ?? []);
    ends = new ExchangeEnds(constants, new SequenceRules(rules), namespaces, ipvs);
    known.set(key, ends);
  }
  return ends;
}
