import type { Ipv4, Port } from "../../units.ts";
import { hashTuple, type TupleRows } from "../tuple_index.ts";
import { PortBlocks } from "./port_blocks.ts";

/** How many sets there are at most, of 17 KiB each: the oldest goes when one more is wanted. */
const SETS_MOST = 256;
const CHAINS = 256;
/** Taken tuples that one search asks for one by one before a set is made. */
const PATIENCE = 32;

/** All of a 4-tuple but the local port, and the namespace. */
export interface TuplePeer {
  readonly scope: number;
  readonly local: Ipv4;
  readonly remote: Ipv4;
  readonly remotePort: Port;
}

/**
 * The local ports whose 4-tuple towards one peer is known to be taken: those that searches have met. A port is missing
 * until a search asks for it; none is there whose tuple is free.
 */
export class TakenPorts implements TuplePeer {
  readonly scope: number;
  readonly local: Ipv4;
  readonly remote: Ipv4;
  readonly remotePort: Port;
  /** The ports of all of them. */
  readonly all = new PortBlocks();
  /** Those that a socket has which is not in TIME_WAIT: no search takes one of them over. */
  readonly open = new PortBlocks();
  /** The number of ports in `all`. */
  count = 0;

  constructor(peer: TuplePeer) {
    this.scope = peer.scope;
    this.local = peer.local;
    this.remote = peer.remote;
    this.remotePort = peer.remotePort;
  }

  add(port: Port, isOpen: boolean): void {
    if (isOpen) this.open.set(port);
    if (this.all.has(port)) return;
    this.all.set(port);
    this.count += 1;
  }

  /** A port's tuple is free. */
  remove(port: Port): void {
    if (!this.all.has(port)) return;
    this.all.clear(port);
    this.open.clear(port);
    this.count -= 1;
  }
}

/**
 * The sets of taken ports of a machine, one for each peer towards which a search had to pass over many: a range that is
 * nearly full towards a destination is then searched by words and not by tuples. A set goes with its last port.
 *
 * The kernel keeps nothing like it. It asks for the tuple of each candidate, and so many are still counted.
 *
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v6.1.
 */
export class TakenPortsTable {
  /** Taken tuples that one search asks for one by one before a set is made: 1 for at once, Infinity for never. */
  patience = PATIENCE;
  readonly #chains: TakenPorts[][] = Array.from({ length: CHAINS }, () => []);
  readonly #sets = new Set<TakenPorts>();

  /** All sets, the oldest first. */
  get sets(): ReadonlySet<TakenPorts> {
    return this.#sets;
  }

  /** The set of a peer, if there is one. */
  // oxlint-disable-next-line max-params -- called per socket that ends: an object would be allocated each time
  find(scope: number, local: Ipv4, remote: Ipv4, remotePort: Port): TakenPorts | undefined {
    if (this.#sets.size === 0) return undefined;
    for (const set of this.#chainOf(scope, local, remote, remotePort)) {
      if (set.remotePort === remotePort && set.remote === remote && set.local === local && set.scope === scope)
        return set;
    }
    return undefined;
  }

  /** Makes the set of a peer that has none; the oldest makes room for it if need be. */
  make(peer: TuplePeer): TakenPorts {
    const [oldest] = this.#sets;
    if (oldest !== undefined && this.#sets.size === SETS_MOST) this.#drop(oldest);
    const set = new TakenPorts(peer);
    this.#chainOf(peer.scope, peer.local, peer.remote, peer.remotePort).push(set);
    this.#sets.add(set);
    return set;
  }

  /** A row of the socket table enters TIME_WAIT. */
  noteTimeWait(sockets: TupleRows, row: number): void {
    this.#setOf(sockets, row)?.open.clear(sockets.ports(row) >>> 16);
  }

  /** A row leaves the index: its tuple is free. */
  noteFree(sockets: TupleRows, row: number): void {
    const set = this.#setOf(sockets, row);
    if (set === undefined) return;
    set.remove(sockets.ports(row) >>> 16);
    if (set.count === 0) this.#drop(set);
  }

  #setOf(sockets: TupleRows, row: number): TakenPorts | undefined {
    return this.find(sockets.scope(row), sockets.local(row), sockets.remote(row), sockets.ports(row) & 0xffff);
  }

  #drop(set: TakenPorts): void {
    const chain = this.#chainOf(set.scope, set.local, set.remote, set.remotePort);
    chain.splice(chain.indexOf(set), 1);
    this.#sets.delete(set);
  }

  // oxlint-disable-next-line max-params -- as for find()
  #chainOf(scope: number, local: Ipv4, remote: Ipv4, remotePort: Port): TakenPorts[] {
    return this.#chains[hashTuple(local, remote, remotePort, scope) & (CHAINS - 1)]!;
  }
}
