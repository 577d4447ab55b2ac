import type { Micros } from "../../units.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { Netns } from "../netns.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { packPorts } from "../tuple_index.ts";
import type { ExchangeConstants } from "./exchange_facts.ts";
import { ENTRY_SEQUENCES, type SequenceRules, WAIT_SEQUENCES } from "./exchange_sequences.ts";
import type { FlowServer } from "./flow.ts";
import { type CarriedConnection, EntryEnd, WaitEnd } from "./table_ends.ts";
import { type FlowTables, isTupleUnused } from "./unused_tuple.ts";

/**
 * What connections of a kind leave behind in tables, and when. Kinds that differ only in which pod they go to share one
 * of these: fewer lines of the processor's cache are touched so.
 */
export class ExchangeEnds {
  /** From connect() until its last packet has arrived, until the client is done, and until its handshake is complete. */
  readonly duration: Micros;
  readonly finishes: Micros;
  readonly connects: Micros;
  readonly #synArrives: Micros;
  readonly #tables: FlowTables;
  readonly #clientWait: WaitEnd | undefined;
  readonly #serverWait: WaitEnd | undefined;
  readonly #entries: readonly EntryEnd[];
  readonly #connection: CarriedConnection = { begins: 0.5, client: 0, server: 0 };

  // oxlint-disable-next-line max-params -- made once per kind of connection
  constructor(
    constants: ExchangeConstants,
    rules: SequenceRules,
    namespaces: readonly Netns[],
    /** Those that its packets come by. */
    ipvs: readonly Ipvs[],
  ) {
    const { waits, entries } = constants;
    this.duration = constants.duration;
    this.finishes = constants.finishes;
    this.connects = constants.connects;
    this.#synArrives = constants.synArrives;
    const waitOf = (side: "client" | "server"): WaitEnd | undefined => {
      const index = waits.findIndex((wait) => wait.side === side);
      return index < 0 ? undefined : new WaitEnd(waits[index]!, rules, index * WAIT_SEQUENCES);
    };
    this.#clientWait = waitOf("client");
    this.#serverWait = waitOf("server");
    const first = waits.length * WAIT_SEQUENCES;
    this.#entries = entries.map(
      (entry, index) =>
        new EntryEnd(entry, namespaces[entry.netns]!.conntrack!, rules, first + index * ENTRY_SEQUENCES),
    );
    // Its entries look for themselves, since they may follow others.
    this.#tables = { conntracks: [], ipvs };
  }

  /** Whether all tables take a connection from this socket in as they took in those that were watched. */
  mayCarry(tcp: Tcp, slot: number, server: FlowServer): boolean {
    if (!isTupleUnused(tcp, slot, server, this.#tables)) return false;
    const { sockets } = tcp;
    for (const entry of this.#entries) {
      if (!entry.mayFollow(sockets.local(slot), sockets.remote(slot), sockets.ports(slot))) return false;
    }
    return true;
  }

  /** Leaves behind what the connection of this socket, which begins now, would leave there. */
  apply(tcp: Tcp, slot: number, server: FlowServer): void {
    const { sockets } = tcp;
    const connection = this.#connection;
    const begins = tcp.machine.loop.now;
    const saddr = sockets.local(slot);
    const daddr = sockets.remote(slot);
    const ports = sockets.ports(slot);
    const reverse = packPorts(ports & 0xffff, ports >>> 16);
    connection.begins = begins;
    connection.client = tcp.sequences.of(saddr, daddr, ports, begins);
    connection.server = server.tcp.sequences.of(daddr, saddr, reverse, begins + this.#synArrives);
    for (const entry of this.#entries) entry.leave(saddr, daddr, ports, connection);
    if (this.#serverWait !== undefined) {
      this.#serverWait.leave(server.tcp, acceptedSocket(server, daddr, saddr, reverse), connection);
    }
    if (this.#clientWait === undefined) {
      sockets.unhash(slot);
      tcp.releasePort(slot);
      sockets.free(slot);
    } else this.#clientWait.leave(tcp, slot, connection);
  }
}

/** The socket that a server has accepted a connection with. */
// oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
function acceptedSocket({ tcp, netns, listener }: FlowServer, local: number, remote: number, ports: number): number {
  const { sockets } = tcp;
  const slot = sockets.allocate(netns.id, undefined, sockets.tag(listener));
  sockets.hash(slot, local, ports >>> 16, remote, ports & 0xffff);
  netns.ports.addExplicitOwner(ports >>> 16);
  if (sockets.has(listener, SocketFlag.REUSE_ADDRESS)) netns.ports.countSharer(ports >>> 16, 1);
  return slot;
}
