import { assert } from "../../sim/assert.ts";
import { SECOND, type Ipv4, type Micros, type Port } from "../../units.ts";
import { CtStatus } from "../conntrack/ct_status.ts";
import type { IpvsFacts } from "../flow/exchange_facts.ts";
import { Hook, type HookFunction, type HookNumber, Priority } from "../netfilter/hooks.ts";
import type { Netns } from "../netns.ts";
import { CtState, type Packet, Protocol, Standing, TcpFlag } from "../packet.ts";
import { PortBits } from "../ports/port_bits.ts";
import { packPorts } from "../tuple_index.ts";
import { IpvsConnectionTable, IpvsFlag } from "./ipvs_connection_table.ts";
import { DeletedServers } from "./deleted_servers.ts";
import { countConnection } from "./ipvs_stats.ts";
import { ipvsIn } from "./ipvs_in.ts";
import { ipvsOut } from "./ipvs_out.ts";
import { IPVS_TCP_TIMEOUTS, IpvsDirection, IpvsState, isActiveState, nextIpvsTcpState } from "./ipvs_tcp_states.ts";
import { assureTemplate, releaseTemplate } from "./persistence.ts";
import { createScheduler, type SchedulerName } from "./schedulers.ts";
import { RealServer, realPortOf, VirtualService } from "./virtual_service.ts";

/** Seconds from the last datagram of either side. Source: net/netfilter/ipvs/ip_vs_proto_udp.c udp_timeouts, v6.1. */
const UDP_TIMEOUT_S = 300;

/** That of a connection after its SYN. */
const FIRST_TIMEOUT: Micros =
  IPVS_TCP_TIMEOUTS[nextIpvsTcpState(IpvsDirection.INPUT, IpvsState.NONE, TcpFlag.SYN)]! * SECOND;

/** A template whose time is over looks again for its connections after this long. */
const CONTROLLING_TIMEOUT: Micros = 60 * SECOND;

/** The sysctls `net.ipv4.vs.*` that the packet path reads. */
export interface IpvsSettings {
  conntrack: boolean;
  connReuseMode: number;
  expireNodestConn: boolean;
  expireQuiescentTemplate: boolean;
  sloppyTcp: boolean;
  natIcmpSend: boolean;
}

/**
 * IP Virtual Server of one namespace. Its hooks are registered with the first service and removed with the last.
 *
 * Before working on this file read net/netfilter/ipvs/ip_vs_core.c, ip_vs_conn.c and ip_vs_ctl.c (v6.1).
 *
 * Not modelled: firewall marks, FTP, direct routing and tunnels, synchronisation, secure_tcp, drop_entry, drop_packet,
 * overload thresholds, other timeouts than the kernel's own (`ipvsadm --set`, kube-proxy's `--ipvs-tcp-timeout` and the like).
 */
export class Ipvs {
  readonly netns: Netns;
  readonly connections = new IpvsConnectionTable();
  readonly settings: IpvsSettings = {
    conntrack: false,
    connReuseMode: 1,
    expireNodestConn: false,
    expireQuiescentTemplate: false,
    sloppyTcp: false,
    natIcmpSend: false,
  };
  readonly #services = new Map<number, VirtualService[]>();
  readonly #deleted: DeletedServers;
  /** Ports on which any service stands: most packets are done after one look here. */
  readonly #servicePorts = new PortBits();
  #serviceCount = 0;
  readonly #expiryHandler: number;
  #ended = 0;
  #endedEntries = 0;
  readonly #in: HookFunction = (packet) => ipvsIn(this, packet);
  readonly #out: HookFunction = (packet) => ipvsOut(this, packet);

  constructor(netns: Netns) {
    this.netns = netns;
    this.#deleted = new DeletedServers(netns.machine.loop);
    const { loop } = netns.machine;
    this.#expiryHandler = loop.handler("ipvs/connection-expires", (row) => this.#lookAt(row));
    loop.letOverlap(this.#expiryHandler, "ends");
    netns.sysctls.onChange(() => this.#readSysctls());
    this.#readSysctls();
  }

  /** `ipvsadm -A`. */
  addService(protocol: number, address: Ipv4, port: Port, scheduler: SchedulerName): VirtualService {
    assert(this.findService(protocol, address, port) === undefined, "a virtual service is added once");
    const service = new VirtualService(protocol, address, port, createScheduler(scheduler, this.netns.machine.era));
    const onPort = this.#services.get(port);
    if (onPort === undefined) this.#services.set(port, [service]);
    else onPort.push(service);
    this.#servicePorts.set(port);
    this.#serviceCount += 1;
    this.netns.machine.group.noteChange();
    if (this.#serviceCount === 1) this.#registerHooks();
    return service;
  }

  /** `ipvsadm -D`. The connections of its servers stay until they time out. */
  deleteService(service: VirtualService): void {
    while (service.servers[0] !== undefined) this.deleteServer(service, service.servers[0]);
    const kept = (this.#services.get(service.port) ?? []).filter((other) => other !== service);
    this.#services.set(service.port, kept);
    if (kept.length === 0) this.#servicePorts.clear(service.port);
    this.#serviceCount -= 1;
    this.netns.machine.group.noteChange();
    if (this.#serviceCount === 0) this.#unregisterHooks();
  }

  /** `ipvsadm -a -m`: the server goes to the head of the list; one that was deleted not long ago comes back. */
  addServer(service: VirtualService, address: Ipv4, port: Port, weight: number): RealServer {
    const server = this.#deleted.take(service, address, port) ?? new RealServer(service, address, port, weight);
    if (server.service !== service) server.moveTo(service);
    server.isAvailable = true;
    // A copy has no places to spare; unshift() leaves 16 of them.
    service.servers = service.servers.toSpliced(0, 0, server);
    this.setWeight(service, server, weight);
    return server;
  }

  /** `ipvsadm -e -w`. */
  setWeight(service: VirtualService, server: RealServer, weight: number): void {
    server.weight = weight;
    service.scheduler.serversChanged(service);
  }

  /** `ipvsadm -d`. With `expire_nodest_conn` its connections end one tick later (from 5.9 on). */
  deleteServer(service: VirtualService, server: RealServer): void {
    const place = service.servers.indexOf(server);
    const before = place > 0 ? service.servers[place - 1] : undefined;
    service.servers = service.servers.toSpliced(place, 1);
    server.isAvailable = false;
    this.#deleted.add(server);
    service.scheduler.serversChanged(service, { server, before });
    if (!this.settings.expireNodestConn || !this.netns.machine.era.ipvsFlushesDeletedDest) return;
    const connections = this.connections;
    for (let row = 0; row < connections.extent; row += 1) {
      if (connections.protocol[row] === 0 || connections.server[row] !== server) continue;
      if (connections.controlled[row] === 0) this.expireSoon(row);
    }
  }

  /** The real servers that were deleted and may still have connections. */
  deletedServers(): Iterable<RealServer> {
    return this.#deleted.servers();
  }

  /** The services in the order of their ports' first use, then of addition. */
  *services(): Iterable<VirtualService> {
    for (const services of this.#services.values()) yield* services;
  }

  /** The virtual service of a packet's destination. Source: net/netfilter/ipvs/ip_vs_ctl.c ip_vs_service_find, v6.1. */
  findService(protocol: number, address: Ipv4, port: Port): VirtualService | undefined {
    if (!this.#servicePorts.has(port)) return undefined;
    const services = this.#services.get(port)!;
    for (const service of services) if (service.address === address && service.protocol === protocol) return service;
    return undefined;
  }

  /** Connections that have ended so far. */
  get ended(): number {
    return this.#ended;
  }

  /** The conntrack entries that they have taken along. */
  get endedEntries(): number {
    return this.#endedEntries;
  }

  /** Puts the ports of all services into a set. */
  addServicePorts(ports: PortBits): void {
    ports.addAll(this.#servicePorts);
  }

  /** Makes a connection for a packet from a client. Source: net/netfilter/ipvs/ip_vs_conn.c ip_vs_conn_new, v6.1. */
  addConnection(packet: Packet, server: RealServer): number {
    const row = this.#addRow(packet, packet.sport, server);
    const connections = this.connections;
    connections.flags[row] = connections.flags[row]! | IpvsFlag.INACTIVE;
    server.inactive += 1;
    server.stats.connections += 1;
    server.service.stats.connections += 1;
    return row;
  }

  /** Makes the connection that one leaves behind which begins now and sends no packet, and counts its traffic. @param ports of the client's tuple. */
  // oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
  leaveConnection(client: Ipv4, virtual: Ipv4, ports: number, server: RealServer, facts: IpvsFacts): void {
    const { connections, netns } = this;
    const { jiffies, loop } = netns.machine;
    const row = connections.add(Protocol.TCP, client, ports >>> 16, virtual, ports & 0xffff);
    connections.setServer(row, server.address, realPortOf(server, ports & 0xffff));
    connections.server[row] = server;
    connections.flags[row] = facts.flags;
    connections.state[row] = facts.state;
    connections.expires[row] = loop.now + facts.expires;
    connections.armedAt[row] = -1;
    if (connections.count === 1) this.#spareHooks();
    if ((facts.flags & IpvsFlag.INACTIVE) !== 0) server.inactive += 1;
    else server.active += 1;
    countConnection(server, facts.traffic);
    const timeout = IPVS_TCP_TIMEOUTS[facts.state]! * SECOND;
    this.#arm(row, jiffies.expiry(loop.now + facts.begins, FIRST_TIMEOUT));
    this.#arm(row, jiffies.expiry(loop.now + facts.expires - timeout, timeout));
  }

  /** Whether a connection's timer stands as `leaveConnection` would have set it. @param made when its first packet came. */
  isSetAsUsual(row: number, made: Micros): boolean {
    const { armedAt, due } = this.connections;
    return armedAt[row] === Math.min(this.netns.machine.jiffies.expiry(made, FIRST_TIMEOUT), due[row]!);
  }

  /** Makes a persistence template for the client of a packet; it counts nowhere. */
  addTemplate(packet: Packet, server: RealServer): number {
    const row = this.#addRow(packet, 0, server);
    this.connections.flags[row] = this.connections.flags[row]! | IpvsFlag.TEMPLATE;
    return row;
  }

  /**
   * Moves a connection's state on and restarts its timer. One over UDP has a single state, never counts as active, and
   * assures its template with the first answer.
   *
   * Source: net/netfilter/ipvs/ip_vs_proto_tcp.c set_tcp_state; net/netfilter/ipvs/ip_vs_proto_udp.c udp_state_transition, v6.1.
   */
  advance(row: number, direction: number, packet: Packet): void {
    const connections = this.connections;
    let timeout = UDP_TIMEOUT_S;
    if (packet.protocol === Protocol.TCP) {
      const state = nextIpvsTcpState(direction, connections.state[row]!, packet.flags);
      connections.state[row] = state;
      this.#countState(row, state);
      if (state === IpvsState.ESTABLISHED) assureTemplate(connections, row);
      timeout = IPVS_TCP_TIMEOUTS[state]!;
    } else if (direction === IpvsDirection.OUTPUT) assureTemplate(connections, row);
    connections.flags[row] = connections.flags[row]! & ~IpvsFlag.ENDS_NOW;
    this.setTimer(row, timeout * SECOND);
  }

  /** Lets a connection end at the next tick. Source: net/netfilter/ipvs/ip_vs_conn.c ip_vs_conn_expire_now, v6.1. */
  expireSoon(row: number): void {
    this.connections.flags[row] = this.connections.flags[row]! | IpvsFlag.ENDS_NOW;
    this.setTimer(row, 0);
  }

  /** Restarts a connection's timer. */
  setTimer(row: number, delay: Micros): void {
    const { jiffies, loop } = this.netns.machine;
    this.connections.expires[row] = loop.now + delay;
    this.#arm(row, jiffies.expiry(loop.now, delay));
  }

  /**
   * What IPVS does to the conntrack entry of a packet it has translated: an entry of its own that is not confirmed
   * yet learns the new reply tuple, a confirmed one is left alone; without `vs.conntrack` the packet is untracked.
   *
   * Source: net/netfilter/ipvs/ip_vs_nfct.c ip_vs_update_conntrack; include/net/ip_vs.h ip_vs_notrack, v6.1.
   */
  updateConntrack(row: number, packet: Packet, isTowardsServer: boolean): void {
    const conntrack = this.netns.conntrack;
    if (conntrack === undefined || packet.ct < 0) return;
    const connections = this.connections;
    if ((connections.flags[row]! & IpvsFlag.NFCT) === 0) {
      conntrack.forgetUnconfirmed(packet);
      packet.ct = -1;
      packet.ctState = CtState.UNTRACKED;
      return;
    }
    const table = conntrack.table;
    if (!conntrack.isAlive(packet) || table.has(packet.ct, CtStatus.CONFIRMED) || packet.ctDirection !== 0) return;
    const reply = 2 * packet.ct + 1;
    const ports = table.ports(reply);
    if (isTowardsServer) {
      const realPort = connections.realPort[row]!;
      table.setReply(packet.ct, connections.real[row]!, table.dst(reply), packPorts(realPort, ports & 0xffff));
    } else {
      const virtualPort = connections.ports[row]! & 0xffff;
      table.setReply(packet.ct, table.src(reply), connections.virtual[row]!, packPorts(ports >>> 16, virtualPort));
    }
  }

  #countState(row: number, state: number): void {
    const connections = this.connections;
    const server = connections.server[row]!;
    const isInactive = (connections.flags[row]! & IpvsFlag.INACTIVE) !== 0;
    if (isActiveState(this.netns.machine.era, state) !== isInactive) return;
    const change = isInactive ? 1 : -1;
    server.active += change;
    server.inactive -= change;
    connections.flags[row] = connections.flags[row]! ^ IpvsFlag.INACTIVE;
  }

  #addRow(packet: Packet, clientPort: Port, server: RealServer): number {
    const connections = this.connections;
    const row = connections.add(packet.protocol, packet.src, clientPort, packet.dst, packet.dport);
    connections.setServer(row, server.address, realPortOf(server, packet.dport));
    connections.server[row] = server;
    connections.flags[row] = this.settings.conntrack ? IpvsFlag.NFCT : 0;
    connections.armedAt[row] = -1;
    if (connections.count === 1) this.#spareHooks();
    return row;
  }

  #arm(row: number, due: number): void {
    const connections = this.connections;
    connections.due[row] = due;
    const armedAt = connections.armedAt[row]!;
    // An event that comes earlier looks at `due` again.
    if (armedAt >= 0 && armedAt <= due) return;
    connections.armedAt[row] = due;
    this.netns.machine.loop.at(due, this.#expiryHandler, row);
  }

  #lookAt(row: number): void {
    const connections = this.connections;
    const { loop } = this.netns.machine;
    const isArmed = connections.protocol[row] !== 0 && connections.armedAt[row] === loop.now;
    if (isArmed) connections.armedAt[row] = -1;
    if (isArmed && connections.due[row]! <= loop.now) {
      this.#expire(row);
      return;
    }
    // The connection is gone or its end was put off: nothing happens.
    loop.countEvents(-1);
    if (isArmed) this.#arm(row, connections.due[row]!);
  }

  /**
   * A connection ends; one that was made under `vs.conntrack` takes the conntrack entry of its client side with it,
   * whatever that entry is by now. A template waits for its connections.
   *
   * Source: net/netfilter/ipvs/ip_vs_conn.c ip_vs_conn_expire; net/netfilter/ipvs/ip_vs_nfct.c ip_vs_conn_drop_conntrack, v6.1.
   */
  #expire(row: number): void {
    const connections = this.connections;
    if (connections.controlled[row]! > 0) {
      this.setTimer(row, CONTROLLING_TIMEOUT);
      return;
    }
    releaseTemplate(this, row);
    const flags = connections.flags[row]!;
    const conntrack = this.netns.conntrack;
    this.#ended += 1;
    if ((flags & IpvsFlag.NFCT) !== 0 && conntrack !== undefined) {
      const { count } = conntrack.table;
      const protocol = connections.protocol[row]!;
      const node = conntrack.findNode(
        connections.client[row]!,
        connections.virtual[row]!,
        connections.ports[row]!,
        protocol,
      );
      if (node >= 0) conntrack.kill(node >> 1);
      this.#endedEntries += count - conntrack.table.count;
    }
    const server = connections.server[row]!;
    if ((flags & IpvsFlag.INACTIVE) !== 0) server.inactive -= 1;
    else if ((flags & IpvsFlag.TEMPLATE) === 0) server.active -= 1;
    connections.remove(row);
    if (connections.count === 0) this.#spareHooks();
  }

  #registerHooks(): void {
    for (const [hook, priority, run] of this.#hookList())
      this.netns.hooks.register(hook, priority, run, run === this.#in ? "ip_vs_in" : "ip_vs_out");
    this.#spareHooks();
  }

  /** Without connections only a packet that may begin one is worth a look, and no answer of a server can come. */
  #spareHooks(): void {
    const { hooks } = this.netns;
    const hasNone = this.connections.count === 0;
    hooks.spare(this.#in, hasNone && !this.settings.sloppyTcp ? Standing.MIDWAY : Standing.NONE);
    hooks.spare(this.#out, hasNone && !this.settings.natIcmpSend ? Standing.FRESH : Standing.NONE);
  }

  #unregisterHooks(): void {
    for (const [hook, , run] of this.#hookList()) this.netns.hooks.unregister(hook, run);
  }

  /** Not modelled: ip_vs_forward_icmp (ICMP errors that a forwarded packet of a client drew). */
  #hookList(): readonly (readonly [HookNumber, number, HookFunction])[] {
    return [
      [Hook.LOCAL_IN, Priority.IP_VS_OUT_LOCAL_IN, this.#out],
      [Hook.LOCAL_IN, Priority.IP_VS_IN_LOCAL_IN, this.#in],
      [Hook.LOCAL_OUT, Priority.IP_VS_OUT_LOCAL_OUT, this.#out],
      [Hook.LOCAL_OUT, Priority.IP_VS_IN_LOCAL_OUT, this.#in],
      [Hook.FORWARD, Priority.IP_VS_OUT_FORWARD, this.#out],
    ];
  }

  #readSysctls(): void {
    const value = (name: string): number => this.netns.sysctls.number(`net.ipv4.vs.${name}`);
    this.settings.conntrack = value("conntrack") !== 0;
    this.settings.connReuseMode = value("conn_reuse_mode");
    this.settings.expireNodestConn = value("expire_nodest_conn") !== 0;
    this.settings.expireQuiescentTemplate = value("expire_quiescent_template") !== 0;
    this.settings.sloppyTcp = value("sloppy_tcp") !== 0;
    this.settings.natIcmpSend = value("nat_icmp_send") !== 0;
    this.#spareHooks();
  }
}
