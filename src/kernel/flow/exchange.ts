import type { Micros } from "../../units.ts";
import type { Machine } from "../machine.ts";
import type { MachineGroup } from "../machine_group.ts";
import type { Netns } from "../netns.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { packPorts } from "../tuple_index.ts";
import { type CarriedConnection, EntryEnd, WaitEnd } from "./exchange_ends.ts";
import type { ExchangeConstants, ExchangeFacts } from "./exchange_facts.ts";
import { ENTRY_SEQUENCES, ruleOf, type SequenceRule, SequenceRules, WAIT_SEQUENCES } from "./exchange_sequences.ts";
import type { FlowServer } from "./flow.ts";
import { addToMeters } from "./meters.ts";
import { type FlowTables, isTupleUnused } from "./unused_tuple.ts";

/**
 * What connections of a kind do, learnt from some that went packet by packet: it leaves in all tables what they would
 * have left there. Counters wait until `settle`, since nobody reads them in between.
 */
export class Exchange {
  /** From connect() until its last packet has arrived, until the client is done, and until its handshake is complete. */
  readonly duration: Micros;
  readonly finishes: Micros;
  readonly connects: Micros;
  readonly #synArrives: Micros;
  readonly #constants: ExchangeConstants;
  readonly #machines: readonly Machine[];
  readonly #namespaces: readonly Netns[];
  readonly #tables: FlowTables;
  readonly #clientWait: WaitEnd | undefined;
  readonly #serverWait: WaitEnd | undefined;
  readonly #entries: readonly EntryEnd[];
  readonly #rules: SequenceRules;
  readonly #connection: CarriedConnection = { begins: 0.5, client: 0, server: 0 };
  #unsettled = 0;

  private constructor(group: MachineGroup, constants: ExchangeConstants, rules: SequenceRules) {
    const { waits, entries, rises } = constants;
    const namespaces = group.machines.flatMap((machine) => machine.namespaces);
    this.duration = constants.duration;
    this.finishes = constants.finishes;
    this.connects = constants.connects;
    this.#synArrives = constants.synArrives;
    this.#constants = constants;
    this.#machines = [...group.machines];
    this.#namespaces = namespaces;
    this.#rules = rules;
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
    this.#tables = {
      conntracks: this.#entries.map(({ conntrack }) => conntrack),
      ipvs: namespaces.flatMap(({ ipvs }, index) => (ipvs === undefined || rises[index]!.length === 0 ? [] : [ipvs])),
    };
  }

  /** What several connections have in common; `undefined` if they did not do the same. */
  static learn(group: MachineGroup, watched: readonly ExchangeFacts[]): Exchange | undefined {
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
    return new Exchange(group, first.constants, new SequenceRules(rules));
  }

  /** Connections since the last `settle`. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Whether a connection that went packet by packet did what this says. */
  agreesWith({ constants, initial: [client, server], sequences }: ExchangeFacts): boolean {
    return (
      JSON.stringify(constants) === JSON.stringify(this.#constants) &&
      sequences.every((value, index) => value === this.#rules.value(index, client, server))
    );
  }

  /** Whether all tables take a connection from this socket in as they took in those that were watched. */
  mayCarry(tcp: Tcp, slot: number, server: FlowServer): boolean {
    return isTupleUnused(tcp, slot, server, this.#tables);
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
    this.#unsettled += 1;
  }

  /** Lets counters rise by all connections since the last call. */
  settle(): void {
    const times = this.#unsettled;
    this.#unsettled = 0;
    const { rises, packets, events } = this.#constants;
    for (const [index, netns] of this.#namespaces.entries()) {
      if (rises[index]!.length > 0) addToMeters(netns, rises[index]!, times);
    }
    for (const [index, machine] of this.#machines.entries()) machine.countPackets(times * packets[index]!);
    this.#machines[0]?.loop.countEvents(times * events);
  }
}

/** The socket that a server has accepted a connection with. */
// oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
function acceptedSocket({ tcp, netns, listener }: FlowServer, local: number, remote: number, ports: number): number {
  const { sockets } = tcp;
  const slot = sockets.allocate(netns.id, undefined, sockets.tag(listener));
  sockets.hash(slot, local, ports >>> 16, remote, ports & 0xffff);
  netns.ports.addExplicitOwner(ports >>> 16);
  return slot;
}
