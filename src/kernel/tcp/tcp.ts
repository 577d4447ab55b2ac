import { assert } from "../../sim/assert.ts";
import type { RandomStreams } from "../../sim/random.ts";
import type { Ipv4, Port } from "../../units.ts";
import { tellClose, tellConnect } from "../decisions/socket_reasons.ts";
import { receiveAndTell } from "../decisions/tcp_reasons.ts";
import { Errno } from "../errno.ts";
import type { DeferredConnections } from "../flow/deferred_connections.ts";
import type { Flow } from "../flow/flow.ts";
import type { Machine } from "../machine.ts";
import type { Netns } from "../netns.ts";
import { type Packet, Protocol, TcpFlag } from "../packet.ts";
import { PortAllocator } from "../ports/port_allocator.ts";
import { SocketPortRanges } from "../ports/socket_port_range.ts";
import { routeErrno } from "../route_errno.ts";
import { packPorts } from "../tuple_index.ts";
import { type BindOptions, bindSocket } from "./bind.ts";
import { hasListenConflict } from "./bind_conflict.ts";
import { receiveIcmpError } from "./icmp_error.ts";
import { InitialSequences } from "./initial_sequences.ts";
import { chooseTuple } from "./choose_tuple.ts";
import { ListenerTable } from "./listener_table.ts";
import { receiveSegment } from "./segment_arrives.ts";
import type { SocketOwner } from "./socket_owner.ts";
import { segmentEnd } from "./sequence.ts";
import { SocketFlag, SocketTable } from "./socket_table.ts";
import { TcpState } from "./tcp_states.ts";
import { TcpTimers } from "./tcp_timers.ts";
import { TimeWaitQueue } from "./time_wait.ts";
import { TupleTest } from "./tuple_test.ts";

/**
 * TCP of one machine: system calls on sockets of any namespace. A call answers 0 (or a slot) or a negative errno.
 *
 * Before working on this file read net/ipv4/tcp.c, tcp_ipv4.c and inet_connection_sock.c (v6.1).
 *
 * Not modelled: congestion and flow control, loss recovery other than by timeout, urgent data, TCP_FASTOPEN,
 * simultaneous open (so no self-connect), SYN cookies, a full accept queue (owners accept at once), which from 4.10 on
 * drops every SYN and before that only while more than one request is young.
 */
export class Tcp {
  readonly machine: Machine;
  readonly sockets = new SocketTable();
  readonly listeners = new ListenerTable();
  readonly ports: PortAllocator;
  readonly timers: TcpTimers;
  readonly timeWaits: TimeWaitQueue;
  readonly sequences: InitialSequences;
  /** The ranges of sockets with `SocketFlag.PORT_RANGE`; an entry without the flag means nothing. */
  readonly portRanges = new SocketPortRanges();
  /** What carried connections have left behind and nobody has looked at; absent until the flow path has some. */
  deferred: DeferredConnections | undefined = undefined;
  #connections = 0;

  constructor(machine: Machine, random: RandomStreams) {
    this.machine = machine;
    this.sequences = new InitialSequences(machine.loop, random.stream("kernel/tcp/sequence-secret"));
    this.timers = new TcpTimers(this);
    this.timeWaits = new TimeWaitQueue(this);
    this.ports = new PortAllocator({
      era: machine.era,
      loop: machine.loop,
      jiffies: machine.jiffies,
      random,
      test: new TupleTest(this),
      isExplained: machine.decisions !== undefined,
    });
  }

  /** Calls of connect() that sent a SYN. */
  get connections(): number {
    return this.#connections;
  }

  /** Counts a connection that sent its SYN without a call. */
  countConnection(): void {
    this.#connections += 1;
  }

  /** socket(2). @returns a slot in state CLOSE. */
  socket(netns: Netns, owner: SocketOwner | undefined, tag: number): number {
    return this.sockets.allocate(netns.id, owner, tag);
  }

  /**
   * bind(2).
   *
   * @returns 0, -EADDRINUSE, or -EADDRNOTAVAIL if the address is not the namespace's own.
   */
  bind(slot: number, options: BindOptions): number {
    return bindSocket(this, slot, options);
  }

  /**
   * listen(2). @returns 0, or -EADDRINUSE if the unbound socket gets no port, or another one listens on its port.
   * Source: net/ipv4/inet_connection_sock.c inet_csk_listen_start, v6.1.
   */
  listen(slot: number): number {
    const sockets = this.sockets;
    if (!sockets.has(slot, SocketFlag.HAS_PORT)) {
      const outcome = this.bind(slot, { address: sockets.local(slot), port: 0 });
      if (outcome < 0) return outcome;
    } else if (hasListenConflict(this, slot)) return -Errno.EADDRINUSE;
    // A listening socket shares its port with nobody.
    if (sockets.has(slot, SocketFlag.REUSE_ADDRESS)) this.netnsOf(slot).ports.countSharer(sockets.localPort(slot), -1);
    sockets.setState(slot, TcpState.LISTEN);
    this.listeners.add(sockets.scope(slot), sockets.localPort(slot), slot);
    this.machine.group.noteListenerChange();
    return 0;
  }

  /**
   * connect(2), not blocking: the outcome comes to the owner.
   *
   * @param flow that the connection is of, if the flow path of the machine's group may carry it or learn from it.
   * @returns 0, or the error that connect() gives at once (the socket is then gone): -EADDRNOTAVAIL when no source
   * port is left, -ENETUNREACH and the like when no route leads there.
   * Source: net/ipv4/tcp_ipv4.c tcp_v4_connect, v6.1.
   */
  connect(slot: number, daddr: Ipv4, dport: Port, flow?: Flow): number {
    const sockets = this.sockets;
    const netns = this.netnsOf(slot);
    this.timeWaits.expire();
    const route = netns.routes.lookup(daddr);
    const unreachable = routeErrno(route);
    if (unreachable !== 0) return this.#refuse(slot, unreachable);
    const saddr = sockets.local(slot) === 0 ? route.preferredSource : sockets.local(slot);
    const outcome = chooseTuple(this, slot, saddr, daddr, dport);
    if (this.machine.decisions !== undefined) tellConnect(this, slot, { route, saddr, daddr, dport, outcome });
    if (outcome < 0) return this.#refuse(slot, -outcome);
    sockets.setRoute(slot, route);
    this.#connections += 1;
    const isCarried = this.machine.group.flowPath?.begins(flow, this, slot) === true;
    sockets.hash(slot);
    sockets.setState(slot, TcpState.SYN_SENT);
    if (isCarried) return 0;
    if (sockets.iss(slot) === 0) sockets.setIss(slot, this.sequences.of(saddr, daddr, sockets.ports(slot)));
    sockets.setSndUna(slot, sockets.iss(slot));
    sockets.setSndNxt(slot, (sockets.iss(slot) + 1) | 0);
    netns.counters.TcpActiveOpens += 1;
    this.timers.armRetransmit(slot);
    this.transmit(slot, TcpFlag.SYN, sockets.iss(slot), 0);
    return 0;
  }

  /** send(2) of `bytes` bytes, at once as one segment. */
  send(slot: number, bytes: number): void {
    const sockets = this.sockets;
    const state = sockets.state(slot);
    assert(state === TcpState.ESTABLISHED || state === TcpState.CLOSE_WAIT, "data is sent on an open connection");
    if (sockets.has(slot, SocketFlag.HAS_RECEIVED)) sockets.set(slot, SocketFlag.PINGPONG);
    const sequence = sockets.sndNxt(slot);
    const isIdle = sockets.sndUna(slot) === sequence;
    sockets.setSndNxt(slot, (sequence + bytes) | 0);
    if (isIdle) this.timers.armRetransmit(slot);
    this.transmit(slot, TcpFlag.PSH | TcpFlag.ACK, sequence, bytes);
  }

  /** setsockopt(2) IP_LOCAL_PORT_RANGE; a bound of 0 is not set. @returns 0, -ENOPROTOOPT on a kernel without it, or -EINVAL. */
  setLocalPortRange(slot: number, low: Port, high: Port): number {
    if (this.machine.era.localPortRangeOption === "absent") return -Errno.ENOPROTOOPT;
    const outcome = this.portRanges.set(slot, low, high);
    if (outcome === 0) this.sockets.set(slot, SocketFlag.PORT_RANGE);
    return outcome;
  }

  /** SO_LINGER {1, 0}: close() will abort with a RST. */
  setLingerReset(slot: number): void {
    this.sockets.set(slot, SocketFlag.LINGER_RESET);
  }

  /**
   * close(2). In SYN_SENT nothing is sent and port and tuple are free at once; an open connection sends FIN (or RST
   * with SO_LINGER {1, 0}) and lives on without its owner. SO_LINGER with a time does not shorten TIME_WAIT.
   *
   * Source: net/ipv4/tcp.c __tcp_close, v6.1.
   */
  close(slot: number): void {
    const sockets = this.sockets;
    if (this.machine.decisions !== undefined) tellClose(this, slot);
    sockets.setOwner(slot, undefined);
    sockets.set(slot, SocketFlag.ORPHAN);
    const state = sockets.state(slot);
    if (state === TcpState.LISTEN) this.#closeListener(slot);
    else if (state === TcpState.CLOSE || state === TcpState.SYN_SENT) this.destroy(slot);
    else if (sockets.has(slot, SocketFlag.LINGER_RESET)) this.#abort(slot);
    else if (state === TcpState.ESTABLISHED) this.#sendFin(slot, TcpState.FIN_WAIT1);
    else if (state === TcpState.CLOSE_WAIT) this.#sendFin(slot, TcpState.LAST_ACK);
  }

  /** A segment for this host. Source: net/ipv4/tcp_ipv4.c tcp_v4_rcv, v6.1. */
  receive(netns: Netns, packet: Packet): void {
    netns.counters.TcpInSegs += 1;
    if (this.machine.decisions === undefined) receiveSegment(this, netns, packet);
    else receiveAndTell(this, netns, packet);
  }

  /** An ICMP error for this host. */
  receiveIcmpError(netns: Netns, packet: Packet): void {
    receiveIcmpError(this, netns, packet);
  }

  /** The row of a 4-tuple, or -1. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  find(netns: Netns, local: Ipv4, localPort: Port, remote: Ipv4, remotePort: Port): number {
    const { index } = this.sockets;
    const ports = packPorts(localPort, remotePort);
    const slot = index.find(local, remote, ports, netns.id);
    if (slot >= 0 || this.deferred?.recallWait(netns, local, remote, ports) !== true) return slot;
    return index.find(local, remote, ports, netns.id);
  }

  /** Whether any socket, or a TIME_WAIT entry without a row, may have a port, its own or its peer's. */
  mayKnowPort(port: Port): boolean {
    return this.sockets.hasPort(port) || this.deferred?.isServerPort(port) === true;
  }

  /** Sends a segment of a socket; the ACK field is what it expects next. */
  transmit(slot: number, flags: number, sequence: number, bytes: number): void {
    const sockets = this.sockets;
    const netns = this.netnsOf(slot);
    const packet = this.machine.packets.take();
    packet.src = sockets.local(slot);
    packet.dst = sockets.remote(slot);
    packet.sport = sockets.localPort(slot);
    packet.dport = sockets.remotePort(slot);
    packet.flags = flags;
    packet.seq = sequence;
    packet.ack = (flags & TcpFlag.ACK) !== 0 ? sockets.rcvNxt(slot) : 0;
    packet.len = bytes;
    if ((flags & TcpFlag.ACK) !== 0) this.#ackIsSent(slot);
    if ((flags & TcpFlag.RST) !== 0) {
      packet.hasZeroWindow = true;
      netns.counters.TcpOutRsts += 1;
    }
    netns.counters.TcpOutSegs += 1;
    this.machine.countPacket();
    // A TIME_WAIT entry keeps no route: it asks for one with each answer.
    netns.localOut(packet, sockets.route(slot) ?? netns.routes.lookup(packet.dst));
  }

  /** Acknowledges at once. */
  sendAck(slot: number): void {
    this.transmit(slot, TcpFlag.ACK, this.sockets.sndNxt(slot), 0);
  }

  /**
   * Answers a segment that no socket wants: seq = its ack if it has one, else seq 0 and an ACK of all it covers.
   * Source: net/ipv4/tcp_ipv4.c tcp_v4_send_reset, v6.1.
   */
  sendReset(netns: Netns, cause: Packet): void {
    if ((cause.flags & TcpFlag.RST) !== 0) return;
    const route = netns.routes.lookup(cause.src);
    if (route.kind !== "unicast" && route.kind !== "local") return;
    const packet = this.machine.packets.take();
    packet.src = cause.dst;
    packet.dst = cause.src;
    packet.sport = cause.dport;
    packet.dport = cause.sport;
    packet.hasZeroWindow = true;
    if ((cause.flags & TcpFlag.ACK) !== 0) {
      packet.flags = TcpFlag.RST;
      packet.seq = cause.ack;
      packet.ack = 0;
    } else {
      packet.flags = TcpFlag.RST | TcpFlag.ACK;
      packet.seq = 0;
      packet.ack = segmentEnd(cause);
    }
    netns.counters.TcpOutSegs += 1;
    netns.counters.TcpOutRsts += 1;
    this.machine.countPacket();
    netns.localOut(packet, route);
  }

  /** Tells the owner that the connection failed and frees the socket. */
  fail(slot: number, errno: number): void {
    const owner = this.sockets.owner(slot);
    const tag = this.sockets.tag(slot);
    this.sockets.setOwner(slot, undefined);
    if (this.sockets.state(slot) === TcpState.SYN_SENT) this.netnsOf(slot).counters.TcpAttemptFails += 1;
    owner?.failed(slot, tag, errno);
    this.destroy(slot);
  }

  /**
   * Removes a socket without a word: its tuple and its port are free at once. One that was still open counts in
   * `TcpEstabResets`, whoever ended it: a RST in either direction, or the last timeout.
   *
   * Source: net/ipv4/tcp.c tcp_set_state, v6.1.
   */
  destroy(slot: number): void {
    const sockets = this.sockets;
    const state = sockets.state(slot);
    if (state === TcpState.ESTABLISHED || state === TcpState.CLOSE_WAIT)
      this.netnsOf(slot).counters.TcpEstabResets += 1;
    sockets.unhash(slot);
    this.releasePort(slot);
    sockets.free(slot);
  }

  /** Gives up the bind bucket that a socket or a TIME_WAIT entry owns. */
  releasePort(slot: number): void {
    const sockets = this.sockets;
    if (!sockets.has(slot, SocketFlag.HAS_PORT)) return;
    const forgets = this.machine.era.bindBucketForgetsExplicitOwners;
    const { ports } = this.netnsOf(slot);
    const isExplicit = sockets.has(slot, SocketFlag.BOUND);
    const isSharer = isExplicit && sockets.has(slot, SocketFlag.REUSE_ADDRESS);
    if (isSharer && sockets.state(slot) !== TcpState.LISTEN) ports.countSharer(sockets.localPort(slot), -1);
    ports.removeOwner(sockets.localPort(slot), isExplicit, forgets);
    sockets.unset(slot, SocketFlag.HAS_PORT | SocketFlag.BOUND);
  }

  netnsOf(slot: number): Netns {
    return this.machine.netnsById(this.sockets.scope(slot));
  }

  /** Marks the socket that a packet was meant for: IPVS or conntrack kept it from arriving. */
  noteLostPacket(netns: Netns, packet: Packet, flag: number): void {
    if (packet.protocol !== Protocol.TCP) return;
    const slot = this.find(netns, packet.dst, packet.dport, packet.src, packet.sport);
    if (slot >= 0) this.sockets.set(slot, flag);
  }

  /** TIME_WAIT entries of a namespace now. */
  timeWaitCount(netns: Netns): number {
    this.timeWaits.expire();
    return this.timeWaits.countOf(netns);
  }

  #refuse(slot: number, errno: number): number {
    this.destroy(slot);
    return -errno;
  }

  #sendFin(slot: number, next: number): void {
    const sockets = this.sockets;
    const sequence = sockets.sndNxt(slot);
    const isIdle = sockets.sndUna(slot) === sequence;
    sockets.setState(slot, next);
    sockets.set(slot, SocketFlag.FIN_SENT);
    sockets.setSndNxt(slot, (sequence + 1) | 0);
    if (isIdle) this.timers.armRetransmit(slot);
    this.transmit(slot, TcpFlag.FIN | TcpFlag.ACK, sequence, 0);
  }

  #abort(slot: number): void {
    this.transmit(slot, TcpFlag.RST | TcpFlag.ACK, this.sockets.sndNxt(slot), 0);
    this.destroy(slot);
  }

  #closeListener(slot: number): void {
    const sockets = this.sockets;
    this.listeners.remove(sockets.scope(slot), sockets.localPort(slot), slot);
    this.machine.group.noteListenerChange();
    for (let child = 0; child < sockets.extent; child += 1) {
      if (sockets.state(child) === TcpState.SYN_RECV && sockets.listener(child) === slot) this.destroy(child);
    }
    this.destroy(slot);
  }

  #ackIsSent(slot: number): void {
    const sockets = this.sockets;
    if (!sockets.has(slot, SocketFlag.ACK_PENDING)) return;
    sockets.unset(slot, SocketFlag.ACK_PENDING);
    sockets.renewAckGeneration(slot);
  }
}
