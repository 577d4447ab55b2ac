import type { Outcome } from "../cluster/clients.ts";
import type { Ipv4, Micros, Port } from "../units.ts";

/** Which connection of those that are looked at is wanted: the first that fails, or the n-th to begin, from 1. */
export type WantedNumber = "first-failure" | number;

/** How a connection went, and its place among the others. */
export interface FoundEnd {
  /** In the order in which they began, from 1. */
  readonly number: number;
  readonly startedAt: Micros;
  readonly endedAt: Micros;
  readonly outcome: Outcome;
  /** The source ports in their order: more than one if the client dialled again, 0 where connect() found none. */
  readonly localPorts: readonly Port[];
  /** The source address; `undefined` where connect() found no port. */
  readonly source: Ipv4 | undefined;
}

interface UnderWay {
  readonly number: number;
  readonly startedAt: Micros;
  readonly localPorts: Port[];
  source: Ipv4 | undefined;
}

/** Numbers connections in the order in which they begin, until the wanted one has ended. */
export class ConnectionSearch<Key> {
  readonly #wanted: WantedNumber;
  readonly #underWay = new Map<Key, UnderWay>();
  #begun = 0;
  #found: number | undefined;

  constructor(wanted: WantedNumber) {
    this.#wanted = wanted;
  }

  /** Connections that have begun. */
  get count(): number {
    return this.#begun;
  }

  /** A connection begins; `key` is its name until it ends. */
  begin(key: Key, startedAt: Micros): void {
    this.#begun += 1;
    this.#underWay.set(key, { number: this.#begun, startedAt, localPorts: [], source: undefined });
  }

  /** It has this source. */
  hasSource(key: Key, source: { readonly address: Ipv4; readonly port: Port }): void {
    const connection = this.#underWay.get(key);
    if (connection === undefined) return;
    connection.localPorts.push(source.port);
    connection.source = source.address;
  }

  /** It has had an end, which may be that of one dial among several. */
  hadOutcome(key: Key, { localPort }: Outcome): void {
    if (localPort === 0) this.#underWay.get(key)?.localPorts.push(0);
  }

  /** It ends. @returns what is known of it, if it is the best answer so far. */
  end(key: Key, outcome: Outcome, endedAt: Micros): FoundEnd | undefined {
    const connection = this.#underWay.get(key);
    this.#underWay.delete(key);
    if (connection === undefined) return undefined;
    if (this.#wanted === "first-failure" ? outcome.isSuccess : connection.number !== this.#wanted) return undefined;
    // Of failures the one that began first counts, even if a later one has ended before it.
    if (this.#found !== undefined && this.#found <= connection.number) return undefined;
    this.#found = connection.number;
    return { ...connection, endedAt, outcome };
  }

  /** Whether the search is over: the wanted one has ended, and for failures none that began before it is under way. */
  get isDone(): boolean {
    const found = this.#found;
    if (found === undefined) return false;
    if (this.#wanted !== "first-failure") return true;
    return [...this.#underWay.values()].every(({ number }) => number > found);
  }
}
