import { assert } from "../../sim/assert.ts";
import type { EventLoop } from "../../sim/event_loop.ts";
import type { Micros, Port } from "../../units.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { MachineGroup } from "../machine_group.ts";
import { Protocol } from "../packet.ts";
import { PortBits } from "../ports/port_bits.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { DeferredConnections } from "./deferred_connections.ts";
import { commonRules, Exchange, type KnownEnds } from "./exchange.ts";
import { ExchangeWatch } from "./exchange_watch.ts";
import type { ExchangeFacts } from "./exchange_facts.ts";
import type { Flow, FlowServer } from "./flow.ts";
import { GroupTables } from "./group_tables.ts";
import { isTupleUnused } from "./unused_tuple.ts";

/** Connections that are watched before others are carried, and how many may spoil it before nobody tries any longer. */
const WATCHED = 3;
const REFUSED_MOST = 20;

/** How often one that is watched is looked at. */
const POLL: Micros = 10;

/** A connection is only watched where nothing is due for this long. */
const QUIET: Micros = 300;

/** Each so many-th connection goes packet by packet and is compared with what was learnt: a power of two. */
const AUDIT_EVERY = 4096;

/**
 * Carries whole connections at once, from connect() to the last packet, where nothing that could make a difference
 * lies between: no other event, no rule that names the port, no service on it, no earlier connection with its tuple in
 * any table but a conntrack entry that a SYN replaces, no table near its limit. Tables, counters, draws, times and
 * outcomes are those of the packets. Every other connection goes packet by packet: failing ones do, by all this.
 *
 * What a connection does is not written down here: it is learnt from some of the same kind that went packet by packet,
 * forgotten whenever routes, rules, sysctls or listeners change, and compared again every so often.
 *
 * Connections that are translated, that go through a service or a VXLAN tunnel, or whose port was bound beforehand are
 * always left to their packets.
 */
export class FlowPath {
  readonly #group: MachineGroup;
  readonly #loop: EventLoop;
  readonly #pollHandler: number;
  /** What has been carried since counters were last brought up to date. */
  readonly #unsettled: Exchange[] = [];
  /** The flow of which a connection is being watched. */
  #watched: Flow | undefined = undefined;
  /** The ports that rules name or that have a service of IPVS, anywhere, as of `#portsChanges`. */
  #namedPorts = new PortBits();
  #portsChanges = -1;
  #carried = 0;
  readonly #knownEnds: KnownEnds = new Map();
  #lastTables: GroupTables | undefined = undefined;

  constructor(group: MachineGroup, loop: EventLoop) {
    this.#group = group;
    this.#loop = loop;
    this.#pollHandler = loop.handler("flow/watches", () => this.#poll());
  }

  /**
   * Carries the connection that a socket is about to begin: its route, tuple and port are chosen, its SYN is not sent.
   *
   * @returns whether all is done: the connection is over, and `flow.last` tells how long it took the client.
   */
  carry(flow: Flow, tcp: Tcp, slot: number): boolean {
    const group = this.#group;
    if (flow.changes !== group.changes || flow.listenerChanges !== group.listenerChanges) this.#renew(flow, tcp, slot);
    const server = flow.server;
    if (server === undefined) return false;
    const conduct = server.owner.conductOf!(flow.requestBytes);
    const exchange = flow.exchanges[conduct];
    if (exchange === undefined) {
      this.#watch(flow, server, conduct, tcp, slot);
      return false;
    }
    const { ends } = exchange;
    const begins = this.#loop.now;
    if (!this.#loop.isQuietUntil(begins + ends.duration)) return false;
    // A socket that takes over a TIME_WAIT entry, or whose port somebody looks for, is not like others.
    const { sockets } = tcp;
    if (sockets.iss(slot) !== 0 || this.#isNamed(sockets.localPort(slot))) return false;
    if (!ends.mayCarry(tcp, slot, server)) return false;
    flow.carried += 1;
    if ((flow.carried & (AUDIT_EVERY - 1)) === 0) {
      this.#watch(flow, server, conduct, tcp, slot);
      return false;
    }
    if (exchange.unsettled === 0) this.#unsettled.push(exchange);
    exchange.unsettled += 1;
    if (!this.#defer(flow, conduct, tcp, slot)) ends.apply(tcp, slot, server);
    server.owner.hasConducted!(flow.requestBytes);
    flow.last = ends;
    this.#carried += 1;
    this.#loop.advanceTo(begins + ends.finishes);
    return true;
  }

  /** Connections that were carried at once so far. */
  get carried(): number {
    return this.#carried;
  }

  /** Brings all counters and tables up to date; ask for it before they are read. */
  settle(): void {
    for (const exchange of this.#unsettled) exchange.settle();
    this.#unsettled.length = 0;
    for (const { tcp } of this.#group.machines) tcp.deferred?.recallAll();
  }

  /** Lets what a connection leaves behind wait until somebody looks at it. @returns whether it may. */
  #defer(flow: Flow, conduct: number, tcp: Tcp, slot: number): boolean {
    const { ends } = flow.exchanges[conduct]!;
    const conntrack = ends.deferrable;
    if (conntrack === undefined || conntrack.netns.machine !== tcp.machine || ends.replaces) return false;
    const { sockets } = tcp;
    const deferred = (tcp.deferred ??= new DeferredConnections(tcp, conntrack));
    if (deferred.conntrack !== conntrack) return false;
    const kind = (flow.deferred[conduct] ??= {
      ends,
      client: tcp.netnsOf(slot),
      server: flow.server!.tcp,
      saddr: sockets.local(slot),
      daddr: sockets.remote(slot),
      dport: sockets.remotePort(slot),
    });
    if (!deferred.add(kind, sockets.localPort(slot))) return false;
    sockets.unset(slot, SocketFlag.HAS_PORT);
    sockets.free(slot);
    return true;
  }

  #isNamed(port: Port): boolean {
    if (this.#portsChanges !== this.#group.changes) this.#namePorts();
    return this.#namedPorts.has(port);
  }

  #namePorts(): void {
    this.#portsChanges = this.#group.changes;
    this.#namedPorts = new PortBits();
    for (const { namespaces } of this.#group.machines) {
      for (const { rulePorts, ipvs } of namespaces) {
        rulePorts?.addTo(this.#namedPorts);
        ipvs?.addServicePorts(this.#namedPorts);
      }
    }
  }

  /** Something has changed: the server is looked for again, and what was learnt stands only if just listeners changed. */
  #renew(flow: Flow, tcp: Tcp, slot: number): void {
    const found = this.#findServer(tcp, slot);
    const isSame = flow.changes === this.#group.changes && found !== undefined && found.owner === flow.server?.owner;
    if (!isSame) {
      flow.conducts = [];
      flow.exchanges = [];
      flow.deferred = [];
    }
    flow.server = found;
    flow.route = tcp.sockets.route(slot);
    flow.changes = this.#group.changes;
    flow.listenerChanges = this.#group.listenerChanges;
  }

  #tablesNow(): GroupTables {
    if (this.#lastTables?.isOf(this.#group) !== true) this.#lastTables = new GroupTables(this.#group);
    return this.#lastTables;
  }

  #findServer(tcp: Tcp, slot: number): FlowServer | undefined {
    const { sockets } = tcp;
    const client = tcp.netnsOf(slot);
    const address = sockets.remote(slot);
    const port = sockets.remotePort(slot);
    if (sockets.has(slot, SocketFlag.BOUND)) return undefined;
    const tables = this.#tablesNow();
    const isBarred = (ipvs: Ipvs): boolean =>
      ipvs.settings.natIcmpSend || ipvs.findService(Protocol.TCP, address, port) !== undefined;
    if (tables.hasVxlan || tables.ipvs.some(isBarred)) return undefined;
    const netns = client.hasAddress(address) ? client : tables.ownerOf(address);
    if (netns === undefined) return undefined;
    const server = netns.machine.tcp;
    const listener = server.listeners.find(server.sockets, netns.id, address, port);
    if (listener < 0 || server.sockets.has(listener, SocketFlag.REUSE_PORT)) return undefined;
    const owner = server.sockets.owner(listener);
    return owner?.conductOf === undefined ? undefined : { netns, tcp: server, listener, owner };
  }

  // oxlint-disable-next-line max-params -- what `carry` knows
  #watch(flow: Flow, server: FlowServer, conduct: number, tcp: Tcp, slot: number): void {
    const known = (flow.conducts[conduct] ??= { watched: [], refused: 0 });
    if (known.refused >= REFUSED_MOST) return;
    const isTimely = this.#watched === undefined && this.#loop.isQuietUntil(this.#loop.now + QUIET);
    if (!isTimely || this.#group.packets.inUse > 0) return;
    const port = tcp.sockets.localPort(slot);
    if (tcp.sockets.iss(slot) !== 0 || this.#isNamed(port)) return;
    const tables = this.#tablesNow();
    if (!isTupleUnused(tcp, slot, server, tables)) return;
    this.#watched = flow;
    flow.watch = new ExchangeWatch(flow, server, conduct, tcp, slot, tables);
    this.#loop.after(POLL, this.#pollHandler, 0);
  }

  #poll(): void {
    const flow = this.#watched!;
    const watch = flow.watch!;
    const progress = watch.poll();
    this.#loop.countEvents(-1);
    if (progress === "goes on") {
      this.#loop.after(POLL, this.#pollHandler, 0);
      return;
    }
    this.#watched = undefined;
    flow.watch = undefined;
    if (flow.changes !== this.#group.changes || flow.listenerChanges !== this.#group.listenerChanges) return;
    this.#learn(flow, watch.conduct, progress === "over" ? watch.facts() : undefined);
  }

  #learn(flow: Flow, conduct: number, facts: ExchangeFacts | undefined): void {
    const known = flow.conducts[conduct]!;
    const learnt = flow.exchanges[conduct];
    if (facts === undefined) {
      known.refused += 1;
      return;
    }
    if (learnt !== undefined) {
      assert(learnt.agreesWith(facts), "a connection does packet by packet what the flow path has learnt");
      return;
    }
    known.watched.push(facts);
    const rules = commonRules(known.watched);
    if (rules === undefined) {
      known.watched = [];
      known.refused += 1;
    } else if (known.watched.length === WATCHED) {
      const { machines } = this.#group;
      flow.exchanges[conduct] = new Exchange(machines, this.#tablesNow().namespaces, facts, rules, this.#knownEnds);
    }
  }
}
