import { assert } from "../../sim/assert.ts";
import type { EventLoop, HandlerId } from "../../sim/event_loop.ts";
import type { Micros, Port } from "../../units.ts";
import type { MachineGroup } from "../machine_group.ts";
import type { Nat } from "../nat/nat.ts";
import type { HookNumber } from "../netfilter/hooks.ts";
import type { MatchView } from "../netfilter/rule_match.ts";
import { PortBits } from "../ports/port_bits.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { Exchange } from "./exchange.ts";
import { ExchangeShape } from "./exchange_shape.ts";
import { ExchangeWatch } from "./exchange_watch.ts";
import type { ExchangeConstants, ExchangeFacts } from "./exchange_facts.ts";
import { type Flow, type FlowTuple, isFromClient, replyDport, type ServiceFlows } from "./flow.ts";
import { conductOf, scheduledFlowsOf, serverOf, tupleOf } from "./flow_server.ts";
import { GroupTables } from "./group_tables.ts";
import { OverlappingConnections } from "./overlapping_connections.ts";
import { TranslatedFlows } from "./translated_flows.ts";
import { pickPort } from "./pick_port.ts";
import { isTupleUnused } from "./unused_tuple.ts";

/** Connections of a flow from which nothing was learnt before nobody tries any longer, or none beside packets of others. */
const REFUSED_MOST = 20;

/** How often one that is watched is looked at: after this, and after a 64th of its time so far once that is longer. */
const POLL: Micros = 10;

/** Of a flow so many connections are carried before one goes packet by packet and is compared with what was learnt. */
const AUDIT_EVERY = 4096;

/** Odd, so that the next 4,096 flows that are learnt are each compared at another moment: probes of one period keep step. */
const AUDIT_STRIDE = 1597;

/**
 * Carries whole connections at once, from connect() to the last packet, where nothing that could make a difference
 * lies between: no event but such as may overlap with them (`Overlap`), no rule that names the port, no
 * service on it, no earlier connection with its tuple in any table but a conntrack entry that a SYN replaces, no table near
 * its limit. Tables, counters, draws, times and outcomes are those of the packets. Every other connection goes packet by
 * packet: failing ones do, by all this.
 *
 * What a connection does is not written down here: it is learnt from some of the same kind that went packet by packet,
 * forgotten whenever routes, rules, sysctls or listeners change, and compared again every so often.
 *
 * Connections that go through a VXLAN tunnel or a service whose server cannot be told beforehand (`Scheduler.peek`,
 * `Nat.foreseeDnat`), or whose port was bound beforehand are always left to their packets.
 */
export class FlowPath {
  readonly #group: MachineGroup;
  readonly #loop: EventLoop;
  readonly #pollHandler: HandlerId;
  readonly #overlapping: OverlappingConnections;
  /** Handlers whose events are not those of a connection that is watched. */
  readonly #notOwn: readonly HandlerId[];
  /** What has been carried since counters were last brought up to date. */
  readonly #unsettled = new Set<Exchange>();
  /** The flow of which a connection began last that was not carried. */
  #begun: Flow | undefined = undefined;
  /** The flow of which a connection is being watched. */
  #watched: Flow | undefined = undefined;
  /** The ports that rules name or that have a service of IPVS, anywhere, as of `#portsChanges`. */
  #namedPorts = new PortBits();
  #portsChanges = -1;
  /** Whether others end in the middle of a connection that is carried. */
  #isSettling = false;
  #carried = 0;
  #overlapped = 0;
  #learnt = 0;
  #lastTables: GroupTables | undefined = undefined;

  constructor(group: MachineGroup, loop: EventLoop) {
    this.#group = group;
    this.#loop = loop;
    this.#overlapping = new OverlappingConnections(group, loop);
    this.#pollHandler = loop.handler("flow/watches", () => this.#poll());
    loop.letOverlap(this.#pollHandler, "begins");
    this.#notOwn = [this.#pollHandler, this.#overlapping.handler];
  }

  /**
   * Carries the next connection of a flow, which would begin now, without a socket.
   *
   * @returns whether all is done: the connection is over, the clock stands where its client is done, and the flow tells
   * its port and how long the handshake took. Otherwise connect() is to be called in the same moment; a port that was
   * picked here is the one that it gets.
   */
  carry(flow: Flow): boolean {
    return flow.services === undefined ? this.#carry(flow) : this.#carryToService(flow, flow.services);
  }

  /** The same for one that goes through a service: what is known stands in the flow of the server that is next. */
  #carryToService(flow: Flow, services: ServiceFlows): boolean {
    const one = flow.changes === this.#group.changes ? services.next() : undefined;
    if (one === undefined || !this.#carry(one)) return false;
    flow.localPort = one.localPort;
    flow.connectTime = one.connectTime;
    return true;
  }

  #carry(flow: Flow): boolean {
    const group = this.#group;
    if (flow.changes !== group.changes || flow.sinceAudit === AUDIT_EVERY) return false;
    if (flow.listenerChanges !== group.listenerChanges) this.#findServer(flow);
    const exchange = flow.always ?? nextOf(flow);
    if (exchange === undefined) return false;
    const server = flow.server!;
    const { ends } = exchange;
    const begins = this.#loop.now;
    const over = begins + ends.duration;
    const isQuiet = this.#loop.isQuietUntil(over);
    if (!isQuiet && !(this.#mayEndBeside(exchange) && this.#loop.isSettlingUntil(over))) return false;
    const port = pickPort(exchange);
    if (port < 0) return false;
    if (this.#isNamed(exchange, port) || !ends.mayCarry(exchange, server, port)) {
      exchange.tcp.ports.keepForNext();
      return false;
    }
    if (exchange.unsettled === 0) this.#unsettled.add(exchange);
    exchange.carry(server, port);
    if (flow.always === undefined) server.owner.hasConducted!(flow.requestBytes);
    flow.sinceAudit += 1;
    flow.localPort = port;
    flow.connectTime = ends.connects;
    this.#carried += 1;
    if (isQuiet) this.#loop.advanceTo(begins + ends.finishes);
    else this.#settleUntil(begins + ends.finishes);
    return true;
  }

  /** Whether entries of others may be taken out while a connection goes on that begins now. */
  #mayEndBeside({ enters }: Exchange): boolean {
    return enters === 0 || this.#loop.isQuietUntil(this.#loop.now + enters);
  }

  /** Moves the clock to where the client of a connection that is carried is done; entries of others are taken out meanwhile. */
  #settleUntil(time: Micros): void {
    this.#isSettling = true;
    this.#loop.settleUntil(time);
    this.#isSettling = false;
  }

  /**
   * A connection begins, of a flow or not, that was not carried at once: its route, tuple and port are chosen, its SYN is not sent.
   *
   * @returns whether it is carried all the same, while others begin or go on: then its SYN is not to be sent, and its owner
   * is told by `carried`. Otherwise it goes packet by packet, and is watched if there is something to learn from it.
   */
  begins(flow: Flow | undefined, tcp: Tcp, slot: number): boolean {
    if (flow !== undefined && this.#overlaps(flow, tcp, slot)) return true;
    this.#watched?.watch?.join();
    if (flow !== undefined) this.#learnFrom(flow, tcp, slot);
    return false;
  }

  #overlaps(client: Flow, tcp: Tcp, slot: number): boolean {
    const group = this.#group;
    if (client.changes !== group.changes) return false;
    const flow = client.services === undefined ? client : client.services.next();
    const exchange = flow?.always;
    if (flow === undefined || exchange === undefined || flow.sinceAudit === AUDIT_EVERY) return false;
    if (flow.listenerChanges !== group.listenerChanges) return false;
    const { ends } = exchange;
    if (!ends.mayOverlap) return false;
    if (!this.#loop.isOverlappingUntil(this.#loop.now + ends.duration, this.#mayEndBeside(exchange))) return false;
    const { sockets } = tcp;
    const port = sockets.localPort(slot);
    const server = flow.server!;
    // A socket that takes over a TIME_WAIT entry is not like others.
    if (sockets.iss(slot) !== 0 || sockets.owner(slot)?.carried === undefined) return false;
    if (this.#isNamed(exchange, port) || !ends.mayCarry(exchange, server, port)) return false;
    if (exchange.unsettled === 0) this.#unsettled.add(exchange);
    const portAtServer = replyDport(exchange, port);
    exchange.carryOverlapping(server, sockets.ports(slot));
    flow.sinceAudit += 1;
    this.#carried += 1;
    this.#overlapped += 1;
    this.#overlapping.add(exchange, server, slot, portAtServer);
    return true;
  }

  #learnFrom(flow: Flow, tcp: Tcp, slot: number): void {
    const group = this.#group;
    if (flow.changes !== group.changes) {
      flow.changes = group.changes;
      flow.tuple = tupleOf(tcp, slot);
      flow.services = flow.tuple && scheduledFlowsOf(this.#tablesNow(), flow);
      flow.forget();
    }
    this.#begun = flow;
    const one = flow.services === undefined ? flow : flow.services.nextToLearn();
    if (one === undefined) return;
    if (one.listenerChanges !== group.listenerChanges) this.#findServer(one);
    const { server } = one;
    if (server === undefined) return;
    const conduct = conductOf(server, one);
    if (one.exchanges[conduct] !== undefined && one.sinceAudit < AUDIT_EVERY) return;
    one.sinceAudit = 0;
    this.#watch(flow, one, conduct, slot);
  }

  /**
   * Rules have chosen another destination for the first packet of a connection, which it has not got yet: what others of its
   * flow do is known by the way that they take through these rules.
   *
   * @param mark that the packet came with.
   */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  noteDnat(nat: Nat, hook: HookNumber, packet: MatchView, mark: number): void {
    this.#watched?.watch?.noteDnat(packet);
    const flow = this.#begun;
    if (flow?.tuple === undefined || flow.services !== undefined || flow.changes !== this.#group.changes) return;
    if (!isFromClient(flow.tuple, packet) || this.#isNamed(flow.tuple, packet.sport)) return;
    const { protocol, src, dst, sport, dport, ctState, inDevice, outDevice } = packet;
    const seen = { protocol, src, dst, sport, dport, mark, ctState, inDevice, outDevice };
    flow.services = new TranslatedFlows(flow, { nat, hook, packet: seen });
  }

  /** Connections that were carried at once so far. */
  get carried(): number {
    return this.#carried;
  }

  /** Those of them that overlapped with others. */
  get overlapped(): number {
    return this.#overlapped;
  }

  /** Connections that are being carried while others begin or go on: tables cannot be read meanwhile. */
  get underWay(): number {
    return this.#overlapping.count + Number(this.#isSettling);
  }

  /** Brings all counters and tables up to date; ask for it before they are read, when no connection is under way. */
  settle(): void {
    assert(this.underWay === 0, "tables are read when no connection is being carried");
    // Its meters would rise by all that is brought up to date now.
    if (this.#unsettled.size > 0) this.#watched?.watch?.disturb();
    for (const exchange of this.#unsettled) exchange.settle();
    this.#unsettled.clear();
    for (const { tcp } of this.#group.machines) tcp.deferred?.recallAll();
  }

  /** Whether somebody looks for the client's port, or for the one that the server has for it. */
  #isNamed(tuple: FlowTuple, port: Port): boolean {
    if (this.#portsChanges !== this.#group.changes) this.#namePorts();
    if (this.#namedPorts.has(port)) return true;
    return tuple.masquerading !== undefined && this.#namedPorts.has(replyDport(tuple, port));
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

  /** Sockets have begun or ceased to listen: the server is looked for again. What was learnt stands if it is the same one. */
  #findServer(flow: Flow): void {
    const found = flow.tuple && serverOf(this.#tablesNow(), flow.tuple);
    if (found?.owner !== flow.server?.owner) flow.forget();
    flow.server = found;
    flow.listenerChanges = this.#group.listenerChanges;
  }

  #tablesNow(): GroupTables {
    if (this.#lastTables?.isOf(this.#group) !== true) this.#lastTables = new GroupTables(this.#group);
    return this.#lastTables;
  }

  /**
   * @param client the flow whose client asked for the connection.
   * @param flow the same one, or that of the real server.
   */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  #watch(client: Flow, flow: Flow, conduct: number, slot: number): void {
    const tuple = flow.tuple!;
    const server = flow.server!;
    if ((flow.refused[conduct] ?? 0) >= REFUSED_MOST) return;
    const tables = this.#tablesNow();
    if (this.#watched !== undefined) return;
    // What a service counts or draws does not tell whose packets they were.
    const mayJoin = tuple.real === undefined && tuple.dnat === undefined && (flow.missed[conduct] ?? 0) < REFUSED_MOST;
    if (!this.#mayWatch(this.#loop.now + tables.shortest, flow.exchanges[conduct] !== undefined, mayJoin)) return;
    const { sockets } = tuple.tcp;
    const port = sockets.localPort(slot);
    // A socket that takes over a TIME_WAIT entry, or whose port somebody looks for, is not like others.
    if (sockets.iss(slot) !== 0 || this.#isNamed(tuple, port)) return;
    if (!isTupleUnused(tuple, server, port, tables)) return;
    this.#watched = client;
    client.watch = new ExchangeWatch({
      flow,
      server,
      conduct,
      tcp: tuple.tcp,
      slot,
      tables,
      notOwn: this.#notOwn,
      mayJoin,
    });
    this.#loop.after(POLL, this.#pollHandler, 0);
  }

  /**
   * Whether there is something to see of a connection that begins now.
   *
   * @param isCompared whether all of it is to be seen.
   * @param mayJoin whether others may send packets.
   */
  #mayWatch(until: Micros, isCompared: boolean, mayJoin: boolean): boolean {
    const isQuiet = this.#group.packets.inUse === 0;
    if (isCompared) return isQuiet && this.#loop.isSettlingUntil(until);
    if (isQuiet && this.#loop.isBeginningUntil(until)) return true;
    if (!mayJoin || !this.#loop.isOverlappingUntil(until, true)) return false;
    return this.#tablesNow().shapes.some(({ isKnown }) => isKnown);
  }

  #poll(): void {
    const client = this.#watched!;
    const watch = client.watch!;
    const { flow } = watch;
    const progress = watch.poll();
    this.#loop.countEvents(-1);
    if (progress === "goes on") {
      this.#loop.after(Math.max(POLL, Math.floor(watch.elapsed / 64)), this.#pollHandler, 0);
      return;
    }
    this.#watched = undefined;
    client.watch = undefined;
    if (flow.changes !== this.#group.changes || flow.listenerChanges !== this.#group.listenerChanges) return;
    const facts = progress === "over" ? watch.facts() : undefined;
    if (watch.isDisturbed) return;
    if (facts === undefined && this.#correct(flow, watch)) return;
    if (flow.exchanges[watch.conduct] === undefined) this.#learn(flow, watch.conduct, facts, watch.isJoined);
    else if (!watch.isJoined) {
      const isSame = facts === undefined || flow.exchanges[watch.conduct]!.agreesWith(facts);
      assert(isSame, "a connection does packet by packet what the flow path has learnt");
    }
  }

  /** Takes in what masquerading does to a flow's tuple, which nobody can know beforehand. @returns whether that was not known yet. */
  #correct(flow: Flow, watch: ExchangeWatch): boolean {
    const tuple = flow.tuple!;
    if (tuple.replyDst !== tuple.saddr || tuple.masquerading !== undefined) return false;
    const masqueraded = watch.masqueradedTuple();
    if (masqueraded === undefined) return false;
    flow.tuple = masqueraded;
    return true;
  }

  // oxlint-disable-next-line max-params -- what the watch of a connection has seen
  #learn(flow: Flow, conduct: number, facts: ExchangeFacts | undefined, isJoined: boolean): void {
    const { shapes, namespaces } = this.#tablesNow();
    const known = facts && shapes.find((shape) => shape.isOf(asLongAs(shape, facts, isJoined)));
    // What others do meanwhile is told from it only where it is known what to expect.
    if ((isJoined || facts?.isAlone === false) && known?.isKnown !== true) {
      if (isJoined) flow.missed[conduct] = (flow.missed[conduct] ?? 0) + 1;
      return;
    }
    const shape = known ?? (facts && this.#newShape(facts.constants));
    if (shape?.learn(facts!) !== true) {
      flow.refused[conduct] = (flow.refused[conduct] ?? 0) + 1;
      return;
    }
    const exchange = new Exchange({
      tuple: flow.tuple!,
      server: flow.server!.tcp,
      machines: this.#group.machines,
      namespaces,
      constants: asLongAs(shape, facts!, isJoined),
      shape,
    });
    flow.exchanges[conduct] = exchange;
    this.#learnt += 1;
    flow.sinceAudit = (this.#learnt * AUDIT_STRIDE) % AUDIT_EVERY;
    if (flow.server!.owner.conductOf!(flow.requestBytes) === conduct) flow.always = exchange;
  }

  #newShape(constants: ExchangeConstants): ExchangeShape {
    const tables = this.#tablesNow();
    const shape = new ExchangeShape(constants);
    tables.shapes.push(shape);
    tables.shortest = Math.min(tables.shortest, constants.duration);
    tables.longest = Math.max(tables.longest, constants.duration);
    return shape;
  }
}

/** What a connection did; with others about, it is taken to have lasted as long as those of a shape: its own events tell. */
function asLongAs({ duration }: ExchangeShape, { constants }: ExchangeFacts, isJoined: boolean): ExchangeConstants {
  return isJoined ? { ...constants, duration } : constants;
}

/** What the next connection of a flow does, if that is known. */
function nextOf(flow: Flow): Exchange | undefined {
  return flow.server && flow.exchanges[conductOf(flow.server, flow)];
}
