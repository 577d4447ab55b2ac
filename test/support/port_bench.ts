import type { Netns } from "../../src/kernel/netns.ts";
import { PortSearch } from "../../src/kernel/ports/port_search.ts";
import {
  EvenStartWalk,
  ParityHintWalk,
  ParityTableWalk,
  type PortWalk,
  SequentialWalk,
} from "../../src/kernel/ports/port_walks.ts";
import { RandomStream } from "../../src/sim/random.ts";
import type { Port } from "../../src/units.ts";
import { Wire } from "./wire.ts";

/** A stream whose small draws are given, over and over; what fills a table is still random. */
class GivenDraws extends RandomStream {
  readonly #draws: readonly number[];
  #next = 0;

  constructor(draws: readonly number[]) {
    super("given draws");
    this.#draws = draws;
  }

  override below(bound: number): number {
    const draw = this.#draws[this.#next % this.#draws.length]!;
    this.#next += 1;
    return draw % bound;
  }
}

/** The walks by the letters of their eras, each with the cursor of hash `HASH` set as given. */
export type WalkLetter = "A" | "B1" | "B2" | "C1" | "C2";
export const WALK_LETTERS: readonly WalkLetter[] = ["A", "B1", "B2", "C1", "C2"];
export const PARITY_LETTERS: readonly WalkLetter[] = ["B2", "C1", "C2"];

const SMALL_NOISE = 1; // never 0 in 16, so C1 adds nothing; 2 in C2

/** A walk of an era whose cursor for `hash` is `cursor`, as the next search finds it. */
export function walkAt(
  letter: WalkLetter,
  hash: number,
  cursor: number,
  draws: readonly number[] = [SMALL_NOISE],
): PortWalk {
  const walk = freshWalk(letter, new GivenDraws(draws));
  setCursor(walk, hash, cursor);
  return walk;
}

/** Puts the cursor that a hash leads to where the test wants it. */
export function setCursor(walk: PortWalk, hash: number, cursor: number): void {
  if (walk instanceof ParityTableWalk) walk.setCursor(hash, cursor);
  else if (walk instanceof SequentialWalk || walk instanceof EvenStartWalk || walk instanceof ParityHintWalk) {
    walk.hint = cursor >>> 0;
  }
}

function freshWalk(letter: WalkLetter, noise: RandomStream): PortWalk {
  switch (letter) {
    case "A":
      return new SequentialWalk();
    case "B1":
      return new EvenStartWalk();
    case "B2":
      return new ParityHintWalk();
    case "C1":
      return new ParityTableWalk({ tableBits: 8, noise, hasRandomIncrements: false });
    case "C2":
      return new ParityTableWalk({ tableBits: 16, noise, hasRandomIncrements: true });
  }
}

/** What a search is asked for. */
export interface SearchRequest {
  readonly low: Port;
  readonly high: Port;
  /** Both halves of the port hash. */
  readonly hash: number;
  /** IP_LOCAL_PORT_RANGE from 6.8 on. */
  readonly isOptionRange?: boolean;
}

/** A search that counts the ports it is asked for, and passes over blocks only if it may. */
class CountedSearch extends PortSearch {
  questions = 0;
  asksForEach = false;

  override isUsable(port: Port): boolean {
    this.questions += 1;
    return super.isUsable(port);
  }

  override passOver(port: Port, step: 1 | 2, most: number): number {
    return this.asksForEach ? 0 : super.passOver(port, step, most);
  }
}

/** One namespace in which ports are reserved, closed or taken as the test says, and searches are made. */
export class PortBench {
  readonly netns: Netns;
  /** Ports whose 4-tuple is taken. */
  readonly taken = new Set<Port>();
  /** Ports whose 4-tuple the last search asked about, in order. */
  asked: Port[] = [];
  readonly #search: CountedSearch;

  constructor() {
    this.netns = new Wire().host;
    this.#search = new CountedSearch(this.netns, {
      isTupleFree: (_search, port) => {
        this.asked.push(port);
        return !this.taken.has(port);
      },
    });
  }

  /** Ports are owned by connections; those to the wanted destination are `taken`. */
  own(ports: Iterable<Port>): void {
    for (const port of ports) this.netns.ports.addConnectOwner(port);
  }

  take(ports: Iterable<Port>): void {
    for (const port of ports) {
      if (this.netns.ports.owners(port) === 0) this.netns.ports.addConnectOwner(port);
      this.taken.add(port);
    }
  }

  close(ports: Iterable<Port>): void {
    for (const port of ports) this.netns.ports.addExplicitOwner(port);
  }

  reserve(list: string): void {
    const problem = this.netns.sysctls.set("net.ipv4.ip_local_reserved_ports", list);
    if (problem !== undefined) throw new Error(problem.message);
  }

  /** One search. @returns the port, or -1. */
  search(walk: PortWalk, request: SearchRequest): Port {
    this.asked = [];
    const search = this.#search;
    search.begin(this.netns);
    search.low = request.low;
    search.high = request.high;
    search.hashLow = request.hash >>> 0;
    search.hashHigh = request.hash >>> 0;
    search.isOptionRange = request.isOptionRange ?? false;
    search.questions = 0;
    return walk.search(search);
  }

  /** So many searches in a row; a port that was found is taken if `keeps`. */
  searchAll(walk: PortWalk, request: SearchRequest, count: number, keeps = false): Port[] {
    return Array.from({ length: count }, () => {
      const port = this.search(walk, request);
      if (keeps && port >= 0) this.take([port]);
      return port;
    });
  }

  /** Whether each port is asked for, in blocks of closed ports too. */
  set asksForEach(asks: boolean) {
    this.#search.asksForEach = asks;
  }

  /** Ports that the last search asked for one by one. */
  get questions(): number {
    return this.#search.questions;
  }

  /** Candidates that the last search looked at. */
  get examined(): number {
    return this.#search.examined;
  }
}
