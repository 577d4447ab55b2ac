import { formatIpv4, prefixMask, type Ipv4 } from "../units.ts";
import { quote } from "./diagnostic.ts";
import type { ProblemList } from "./problem_list.ts";
import type { Place } from "./place.ts";
import type { Sections } from "./schema.ts";
import type { Span } from "./source_text.ts";
import type { InterfaceAddress } from "./values.ts";

/** What the checks of the sections share. */
export interface CheckContext {
  readonly sections: Sections;
  /** The place of the whole scenario. */
  readonly place: Place;
  readonly problems: ProblemList;
  readonly warnings: ProblemList;
}

/** `line 12`, or the option when the span is in one. */
export function whereIs(span: Span): string {
  return span.source.rank === 0 ? `line ${span.source.lineOf(span.start)}` : `${span.source.file} ${span.source.text}`;
}

/** The first address of a network. */
export function networkOf({ address, prefixLength }: InterfaceAddress): Ipv4 {
  return address & prefixMask(prefixLength);
}

/** The last address of a network: its broadcast address, if the prefix is 30 or shorter. */
export function lastAddressOf({ address, prefixLength }: InterfaceAddress): Ipv4 {
  return address | ~prefixMask(prefixLength);
}

/** Whether an address lies in a network. */
export function isInNetwork(address: Ipv4, network: InterfaceAddress): boolean {
  return (address & prefixMask(network.prefixLength)) === networkOf(network);
}

/** The network as `10.23.77.128/25`. */
export function formatNetwork(network: InterfaceAddress): string {
  return `${formatIpv4(networkOf(network))}/${network.prefixLength}`;
}

/** Who has which name in one list; a name that is used twice becomes a problem at the second. */
export class NameBook {
  readonly #problems: ProblemList;
  readonly #kind: string;
  readonly #spans = new Map<string, Span>();

  /** @param kind what has the names: `pod`. */
  constructor(problems: ProblemList, kind: string) {
    this.#problems = problems;
    this.#kind = kind;
  }

  /** Whether the name was free; it is taken now. */
  isTaken(name: string, span: Span): boolean {
    const first = this.#spans.get(name);
    if (first === undefined) {
      this.#spans.set(name, span);
      return false;
    }
    this.#problems.add(span, {
      message: `Cannot name two ${this.#kind}s ${quote(name)}: ${whereIs(first)} has the first`,
      expected: `a name that no other ${this.#kind} has`,
      toMend: "give one of them another name",
    });
    return true;
  }
}

/** Who has which address. */
export class AddressBook {
  readonly #problems: ProblemList;
  readonly #owners = new Map<Ipv4, { readonly owner: string; readonly span: Span }>();
  readonly #mentioned = new Set<Ipv4>();

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  /** Gives an address to an owner such as `pod "default/nginx"`; one that is taken becomes a problem. */
  claim(address: Ipv4, owner: string, span: Span): void {
    const first = this.#owners.get(address);
    if (first === undefined) {
      this.#owners.set(address, { owner, span });
      return;
    }
    this.#problems.add(span, {
      message: `Cannot give ${formatIpv4(address)} to ${owner}: ${first.owner} has it (${whereIs(first.span)})`,
      expected: "an address that nothing else has",
      toMend: "change one of the two addresses",
    });
  }

  /** Notes that the scenario names an address, so that no pod gets it by itself. */
  mention(address: Ipv4): void {
    this.#mentioned.add(address);
  }

  /** Whether nothing has the address and nothing names it. */
  isFree(address: Ipv4): boolean {
    return !this.#owners.has(address) && !this.#mentioned.has(address);
  }
}
