import type { Machine } from "../machine.ts";
import type { MachineGroup } from "../machine_group.ts";
import type { Netns } from "../netns.ts";
import { ExchangeEnds } from "./exchange_ends.ts";
import type { ExchangeConstants, ExchangeFacts } from "./exchange_facts.ts";
import { ruleOf, type SequenceRule, SequenceRules } from "./exchange_sequences.ts";
import { addToMeters } from "./meters.ts";

/** What connections of many kinds have in common, by what it is. */
export type KnownEnds = Map<string, ExchangeEnds>;

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
  readonly #rules: SequenceRules;

  // oxlint-disable-next-line max-params -- made once per kind of connection
  private constructor(group: MachineGroup, constants: ExchangeConstants, rules: SequenceRules, ends: ExchangeEnds) {
    this.ends = ends;
    this.#machines = [...group.machines];
    this.#namespaces = namespacesOf(group);
    this.#constants = constants;
    this.#rules = rules;
  }

  /** What several connections have in common; `undefined` if they did not do the same. */
  static learn(group: MachineGroup, watched: readonly ExchangeFacts[], known: KnownEnds): Exchange | undefined {
    const [first, ...others] = watched;
    if (first === undefined) return undefined;
    const constants = JSON.stringify(first.constants);
    if (others.some((facts) => JSON.stringify(facts.constants) !== constants)) return undefined;
    const initial = watched.map((facts) => facts.initial);
    const rules: SequenceRule[] = [];
    for (const index of first.sequences.keys()) {
      const values = watched.map(({ sequences }) => sequences[index]!);
      const rule = ruleOf(initial, values);
      if (rule === undefined) return undefined;
      rules.push(rule);
    }
    const sequences = new SequenceRules(rules);
    return new Exchange(group, first.constants, sequences, endsOf(group, first.constants, rules, sequences, known));
  }

  /** Whether a connection that went packet by packet did what this says. */
  agreesWith({ constants, initial: [client, server], sequences }: ExchangeFacts): boolean {
    return (
      JSON.stringify(constants) === JSON.stringify(this.#constants) &&
      sequences.every((value, index) => value === this.#rules.value(index, client, server))
    );
  }

  /** Lets counters rise by all connections since the last call. */
  settle(): void {
    const times = this.unsettled;
    this.unsettled = 0;
    const { rises, packets, events } = this.#constants;
    for (const [index, rise] of rises.entries()) {
      if (rise.length > 0) addToMeters(this.#namespaces[index]!, rise, times);
    }
    for (const [index, count] of packets.entries()) this.#machines[index]!.countPackets(times * count);
    this.#machines[0]?.loop.countEvents(times * events);
  }
}

// oxlint-disable-next-line max-params -- called once per kind of connection
function endsOf(
  group: MachineGroup,
  constants: ExchangeConstants,
  rules: readonly SequenceRule[],
  sequences: SequenceRules,
  known: KnownEnds,
): ExchangeEnds {
  const namespaces = namespacesOf(group);
  const { duration, finishes, connects, synArrives, waits, entries, rises } = constants;
  const places = [...namespaces.keys()].filter(
    (index) => namespaces[index]!.ipvs !== undefined && (rises[index]?.length ?? 0) > 0,
  );
  const key = JSON.stringify([duration, finishes, connects, synArrives, waits, entries, rules, places]);
  let ends = known.get(key);
  if (ends === undefined) {
    const ipvs = places.flatMap((index) => namespaces[index]!.ipvs ?? []);
    ends = new ExchangeEnds(constants, sequences, namespaces, ipvs);
    known.set(key, ends);
  }
  return ends;
}

function namespacesOf({ machines }: MachineGroup): readonly Netns[] {
  return machines.flatMap((machine) => machine.namespaces);
}
