import type { Ipv4, Micros, Port } from "../../units.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { RealServer } from "../ipvs/virtual_service.ts";
import type { Machine } from "../machine.ts";
import type { Nat } from "../nat/nat.ts";
import type { Netns } from "../netns.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { DeferredConnections } from "./deferred_connections.ts";
import type { ExchangeEnds } from "./exchange_ends.ts";
import { type ExchangeConstants, type ExchangeFacts, isSameExchange } from "./exchange_facts.ts";
import type { ExchangeShape } from "./exchange_shape.ts";
import type { FlowDnat, FlowServer, FlowTuple } from "./flow.ts";
import { addToMeters } from "./meters.ts";

/** What connections of a kind do, and to whom. */
export interface ExchangeOptions {
  readonly tuple: FlowTuple;
  /** That of the server's machine. */
  readonly server: Tcp;
  readonly machines: readonly Machine[];
  readonly namespaces: readonly Netns[];
  readonly constants: ExchangeConstants;
  /** Of which enough connections have been watched. */
  readonly shape: ExchangeShape;
}

/**
 * What connections of a kind do, learnt from some that went packet by packet. Counters wait until `settle`, since nobody
 * reads them in between.
 */
export class Exchange implements FlowTuple {
  readonly client: Netns;
  readonly tcp: Tcp;
  readonly saddr: Ipv4;
  readonly daddr: Ipv4;
  readonly dport: Port;
  readonly replySrc: Ipv4;
  readonly replyDst: Ipv4;
  readonly replySport: Port;
  readonly real: RealServer | undefined;
  readonly ipvs: Ipvs | undefined;
  readonly dnat: FlowDnat | undefined;
  readonly masquerading: Nat | undefined;
  /** That of the server's machine. */
  readonly server: Tcp;
  /** What they leave behind in tables. */
  readonly ends: ExchangeEnds;
  /**
   * From connect() until all entries have come to their tables, at the latest: others that are taken out before would
   * change how many those have held at most.
   */
  readonly enters: Micros;
  /** Where that waits; `undefined` if it stands in the tables at once. */
  readonly #deferred: DeferredConnections | undefined;
  /** Connections since the last `settle`. */
  #unsettled = 0;
  /** Of the group when this was learnt, since pods may come later. */
  readonly #machines: readonly Machine[];
  readonly #namespaces: readonly Netns[];
  readonly #constants: ExchangeConstants;
  readonly #shape: ExchangeShape;

  constructor({ tuple, server, machines, namespaces, constants, shape }: ExchangeOptions) {
    this.client = tuple.client;
    this.tcp = tuple.tcp;
    this.saddr = tuple.saddr;
    this.daddr = tuple.daddr;
    this.dport = tuple.dport;
    this.replySrc = tuple.replySrc;
    this.replyDst = tuple.replyDst;
    this.replySport = tuple.replySport;
    this.real = tuple.real;
    this.ipvs = tuple.ipvs;
    this.dnat = tuple.dnat;
    this.masquerading = tuple.masquerading;
    this.server = server;
    this.#machines = [...machines];
    this.#namespaces = namespaces;
    this.#constants = constants;
    this.#shape = shape;
    this.ends = shape.endsOf(namespaces, constants);
    // In the client's own namespace the SYN is confirmed within connect(), in all others on its way to the server.
    const areAtClient = constants.entries.every(({ netns }) => namespaces[netns] === tuple.client);
    this.enters = areAtClient ? 0 : constants.synArrives;
    this.#deferred = deferredAt(tuple.tcp, this.ends);
  }

  /** Connections since the last `settle`. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Counts a connection from this source port, which begins now, and leaves behind what it would leave. */
  carry(server: FlowServer, port: Port): void {
    const { ends } = this;
    this.#unsettled += 1;
    this.tcp.countConnection();
    this.client.ports.addConnectOwner(port);
    if (this.#deferred === undefined || ends.replaces || !this.#deferred.add(this, port))
      ends.apply(this, server, port);
  }

  /** Counts a connection whose client has a socket, and puts the entries into tables that it has at once. */
  carryOverlapping(server: FlowServer, ports: number): void {
    this.#unsettled += 1;
    this.ends.leaveEntries(this, server.tcp, ports);
  }

  /** Whether a connection that went packet by packet did what this says. */
  agreesWith(facts: ExchangeFacts): boolean {
    return isSameExchange(this.#constants, facts.constants) && this.#shape.rules.hold(facts);
  }

  /** Lets counters rise by all connections since the last call. */
  settle(): void {
    const times = this.#unsettled;
    this.#unsettled = 0;
    const { rises, packets, events } = this.#constants;
    for (const { place, values } of rises) addToMeters(this.#namespaces[place]!, values, times);
    for (const [index, count] of packets.entries()) this.#machines[index]!.countPackets(times * count);
    this.#machines[0]?.loop.countEvents(times * events);
  }
}

/** Where what connections from a machine leave behind waits until somebody looks, if it may. */
function deferredAt(tcp: Tcp, { deferrable: conntrack }: ExchangeEnds): DeferredConnections | undefined {
  if (conntrack === undefined || conntrack.netns.machine !== tcp.machine) return undefined;
  tcp.deferred ??= new DeferredConnections(tcp, conntrack);
  return tcp.deferred.conntrack === conntrack ? tcp.deferred : undefined;
}
