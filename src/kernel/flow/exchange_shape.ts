import { assert } from "../../sim/assert.ts";
import type { Micros } from "../../units.ts";
import type { Netns } from "../netns.ts";
import { ExchangeEnds } from "./exchange_ends.ts";
import { type ExchangeConstants, type ExchangeFacts, hasSameShape } from "./exchange_facts.ts";
import { ruleOf, type SequenceRule, SequenceRules } from "./exchange_sequences.ts";

/** Connections of a shape that are watched before others of it are carried. */
const WATCHED = 3;

/** What connections do alike, of one flow or of many that differ only in whom they go to: probes of one kind, say. */
export class ExchangeShape {
  readonly #constants: ExchangeConstants;
  readonly #watched: ExchangeFacts[] = [];
  #rules: SequenceRules | undefined = undefined;
  /** By the places that have IPVS among those that packets come by. */
  readonly #ends = new Map<string, ExchangeEnds>();

  /** @param constants of the first one that was watched. */
  constructor(constants: ExchangeConstants) {
    this.#constants = constants;
  }

  /** Whether connections that do this are of this shape. */
  isOf(constants: ExchangeConstants): boolean {
    return hasSameShape(this.#constants, constants);
  }

  /** From connect() until the last packet has arrived. */
  get duration(): Micros {
    return this.#constants.duration;
  }

  /** Takes in one more that was watched. @returns whether enough is known to carry others of its flow. */
  learn(facts: ExchangeFacts): boolean {
    if (this.#rules !== undefined) return this.#rules.hold(facts);
    if (this.#watched.length === WATCHED) return false;
    this.#watched.push(facts);
    if (this.#watched.length < WATCHED) return false;
    const rules = commonRules(this.#watched);
    this.#rules = rules && new SequenceRules(rules);
    return rules !== undefined;
  }

  /** Whether enough have been watched to know it. */
  get isKnown(): boolean {
    return this.#rules !== undefined;
  }

  /** The rules of the sequence numbers that they leave behind; only once `learn` has said yes. */
  get rules(): SequenceRules {
    assert(this.#rules !== undefined, "a shape has rules once enough of its connections have been watched");
    return this.#rules;
  }

  /**
   * What those leave behind in tables that did this: one object for all of them, so that fewer lines of the processor's
   * cache are touched.
   */
  endsOf(namespaces: readonly Netns[], constants: ExchangeConstants): ExchangeEnds {
    const places = constants.rises.map(({ place }) => place).filter((place) => namespaces[place]!.ipvs !== undefined);
    const key = places.join();
    let ends = this.#ends.get(key);
    if (ends === undefined) {
      const ipvs = places.flatMap((place) => namespaces[place]!.ipvs ?? []);
      ends = new ExchangeEnds(constants, this.rules, namespaces, ipvs);
      this.#ends.set(key, ends);
    }
    return ends;
  }
}

/** The rules of all sequence numbers that several connections follow, one at least; `undefined` if they follow none. */
function commonRules(watched: readonly ExchangeFacts[]): readonly SequenceRule[] | undefined {
  const initial = watched.map((facts) => facts.initial);
  const rules: SequenceRule[] = [];
  for (const index of watched[0]!.sequences.keys()) {
    const values = watched.map(({ sequences }) => sequences[index]!);
    const rule = ruleOf(initial, values);
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}
