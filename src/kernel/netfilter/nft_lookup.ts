import { CtState } from "../packet.ts";
import type { NftElement, NftField, NftKey, NftValue } from "./nft_ruleset.ts";
import { ADDRESS_TYPE_LOCAL, NFPROTO_IPV4 } from "./nft_values.ts";
import type { MatchView, RuleEnvironment } from "./rule_match.ts";

/** What a field holds: an unsigned number, or the name of an interface (empty where the packet has none). */
type FieldValue = number | string;
type FieldReader = (packet: MatchView) => FieldValue;
type ValueTest = (found: FieldValue) => boolean;

/** Finds the element that a packet's key belongs to. @returns its index, or -1. */
export type NftLookup = (packet: MatchView) => number;

/** A step of a search by exact values: the next field's, or at the end the element's index. */
interface Branch {
  readonly next: Map<FieldValue, Branch>;
  index: number;
}

/**
 * A set as a function; it allocates nothing when called. A set of exact values costs one hash look-up per field however
 * many elements it has, one with ranges a comparison per element.
 *
 * All fields are read before the search, so that a `numgen inc` counts every packet that gets to it.
 */
export function compileLookup(key: NftKey, elements: readonly NftElement[], environment: RuleEnvironment): NftLookup {
  const readers = key.map((field) => compileField(field, environment));
  const [reader] = readers;
  const [only] = elements;
  if (reader !== undefined && readers.length === 1 && elements.length === 1 && only?.[0] !== undefined) {
    const holds = compileValue(only[0]);
    return (packet) => (holds(reader(packet)) ? 0 : -1);
  }
  const values: FieldValue[] = readers.map(() => 0);
  const search = elements.every((element) => element.every(isExact)) ? searchTree(elements) : searchList(elements);
  return (packet) => {
    for (let index = 0; index < readers.length; index += 1) values[index] = readers[index]!(packet);
    return search(values);
  };
}

function searchTree(elements: readonly NftElement[]): (values: readonly FieldValue[]) => number {
  const root: Branch = { next: new Map(), index: -1 };
  elements.forEach((element, index) => {
    let branch = root;
    for (const value of element) {
      const exact = "low" in value ? value.low : value.name;
      const next: Branch = branch.next.get(exact) ?? { next: new Map(), index: -1 };
      branch.next.set(exact, next);
      branch = next;
    }
    if (branch.index < 0) branch.index = index;
  });
  return (values) => {
    let branch = root;
    for (const value of values) {
      const next = branch.next.get(value);
      if (next === undefined) return -1;
      branch = next;
    }
    return branch.index;
  };
}

function searchList(elements: readonly NftElement[]): (values: readonly FieldValue[]) => number {
  const tests = elements.map((element) => element.map(compileValue));
  return (values) => {
    for (let index = 0; index < tests.length; index += 1) if (holdsAll(tests[index]!, values)) return index;
    return -1;
  };
}

function holdsAll(test: readonly ValueTest[], values: readonly FieldValue[]): boolean {
  for (let index = 0; index < test.length; index += 1) if (!test[index]!(values[index]!)) return false;
  return true;
}

function compileValue(value: NftValue): ValueTest {
  if ("low" in value) {
    const { low, high } = value;
    if (low === high) return (found) => found === low;
    return (found) => typeof found === "number" && found >= low && found <= high;
  }
  const { name, isPrefix } = value;
  return isPrefix ? (found) => typeof found === "string" && found.startsWith(name) : (found) => found === name;
}

function isExact(value: NftValue): boolean {
  return "low" in value ? value.low === value.high : !value.isPrefix;
}

/**
 * Source: net/netfilter/nft_meta.c nft_meta_get_eval, v6.1; net/netfilter/nft_ct.c nft_ct_get_eval, v6.1.
 * Not modelled: the checksum that `th sport` and `th dport` read in an ICMP error; they read 0.
 */
function compileField(field: NftField, environment: RuleEnvironment): FieldReader {
  switch (field.kind) {
    case "saddr":
      return (packet) => packet.src >>> 0;
    case "daddr":
      return (packet) => packet.dst >>> 0;
    case "protocol":
      return (packet) => packet.protocol;
    case "sport":
      return (packet) => packet.sport;
    case "dport":
      return (packet) => packet.dport;
    case "mark":
      return (packet) => (packet.mark & field.mask) >>> 0;
    case "ctState":
      return (packet) => (packet.ctState === 0 ? CtState.INVALID : packet.ctState);
    case "nfproto":
      return () => NFPROTO_IPV4;
    case "iifname":
      return (packet) => packet.inDevice ?? "";
    case "oifname":
      return (packet) => packet.outDevice ?? "";
    case "saddrType":
      return (packet) => (environment.isLocalAddress(packet.src) ? ADDRESS_TYPE_LOCAL : 0);
    case "daddrType":
      return (packet) => (environment.isLocalAddress(packet.dst) ? ADDRESS_TYPE_LOCAL : 0);
    case "numgen":
      return compileNumgen(field, environment);
  }
}

/** Source: net/netfilter/nft_numgen.c nft_ng_inc_gen, nft_ng_random_gen, v6.1: the first number of `inc` is 0. */
function compileNumgen(
  { isRandom, modulus, offset }: { readonly isRandom: boolean; readonly modulus: number; readonly offset: number },
  environment: RuleEnvironment,
): FieldReader {
  if (isRandom) {
    const decide = (unit: number): number => Math.floor(unit * modulus);
    return () => environment.draws.draw(decide) + offset;
  }
  environment.draws.noteCounter();
  let count = modulus - 1;
  return () => {
    environment.draws.noteCount();
    count = count + 1 < modulus ? count + 1 : 0;
    return count + offset;
  };
}
