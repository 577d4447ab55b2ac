import type { Netns } from "../netns.ts";
import { type Packet, TcpFlag } from "../packet.ts";
import { packPorts } from "../tuple_index.ts";
import { challenge, mayAnswerInvalid, mayAnswerMisplaced } from "./invalid_answers.ts";
import { SocketFlag } from "./socket_table.ts";
import { isBefore, RECEIVE_WINDOW, segmentEnd } from "./sequence.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";
import { receiveInOpenState } from "./open_connection.ts";

/**
 * A segment for a listening socket. Only a SYN makes a request; an ACK (a SYN-ACK counts) draws a RST; a RST and all
 * without ACK are dropped in silence.
 *
 * Source: net/ipv4/tcp_input.c tcp_rcv_state_process case TCP_LISTEN, tcp_conn_request, v6.1.
 */
export function receiveInListen(tcp: Tcp, netns: Netns, listener: number, packet: Packet): void {
  const flags = packet.flags;
  if ((flags & TcpFlag.RST) !== 0) return;
  if ((flags & TcpFlag.ACK) !== 0) {
    tcp.sendReset(netns, packet);
    return;
  }
  if ((flags & TcpFlag.SYN) === 0 || (flags & TcpFlag.FIN) !== 0) return;
  const slot = makeRequest(tcp, netns, listener, packet);
  if (slot < 0) return;
  answerRequest(tcp, slot, tcp.sequences.of(packet.dst, packet.src, packPorts(packet.dport, packet.sport)));
}

/**
 * Makes a request socket for a SYN.
 *
 * @returns its slot, for `answerRequest`; -1 if no route leads back.
 */
export function makeRequest(tcp: Tcp, netns: Netns, listener: number, packet: Packet): number {
  const sockets = tcp.sockets;
  const route = netns.routes.lookup(packet.src);
  if (route.kind !== "unicast" && route.kind !== "local") return -1;
  const slot = sockets.allocate(netns.id, undefined, sockets.tag(listener));
  sockets.setTuple(slot, packet.dst, packet.dport, packet.src, packet.sport);
  sockets.hash(slot);
  sockets.setState(slot, TcpState.SYN_RECV);
  sockets.setRoute(slot, route);
  sockets.setListener(slot, listener);
  sockets.setRcvNxt(slot, (packet.seq + 1) | 0);
  return slot;
}

/** Answers a new request's SYN with a SYN-ACK that begins at `sequence`, and starts its timer. */
export function answerRequest(tcp: Tcp, slot: number, sequence: number): void {
  const sockets = tcp.sockets;
  sockets.setIss(slot, sequence);
  sockets.setSndUna(slot, sequence);
  sockets.setSndNxt(slot, (sequence + 1) | 0);
  tcp.timers.armRetransmit(slot);
  sendSynAck(tcp, slot);
}

/** Sends the request's SYN-ACK, the first time or again. */
export function sendSynAck(tcp: Tcp, slot: number): void {
  tcp.transmit(slot, TcpFlag.SYN | TcpFlag.ACK, tcp.sockets.iss(slot), 0);
}

/**
 * A segment for a request socket; the tests stand in the kernel's order.
 *
 * Source: net/ipv4/tcp_minisocks.c tcp_check_req, v6.1 and v6.12.105 (challenge ACK for a RST that is not exact).
 */
export function receiveInSynRecv(tcp: Tcp, netns: Netns, slot: number, packet: Packet): void {
  const sockets = tcp.sockets;
  const flags = packet.flags & ~TcpFlag.PSH;
  const expected = sockets.rcvNxt(slot);
  const isReset = (flags & TcpFlag.RST) !== 0;
  if (flags === TcpFlag.SYN && packet.seq === ((expected - 1) | 0)) {
    answerDuplicateSyn(tcp, slot);
    return;
  }
  const acksOurs = packet.ack === ((sockets.iss(slot) + 1) | 0);
  const skipsAckTest = isReset && tcp.machine.era.requestRstMustBeExact;
  if ((flags & TcpFlag.ACK) !== 0 && !acksOurs && !skipsAckTest) {
    tcp.sendReset(netns, packet);
    return;
  }
  if (isOutOfWindow(packet, expected)) {
    if (!isReset && mayAnswerMisplaced(tcp, slot, packet)) tcp.sendAck(slot);
    return;
  }
  if (isReset) {
    receiveReset(tcp, netns, slot, packet);
    return;
  }
  if ((flags & TcpFlag.SYN) !== 0) {
    tcp.sendReset(netns, packet);
    dropRequest(tcp, netns, slot);
    return;
  }
  if ((flags & TcpFlag.ACK) !== 0) becomeChild(tcp, netns, slot, packet);
}

/** Removes a request that was reset; listener and application see nothing. */
function dropRequest(tcp: Tcp, netns: Netns, slot: number): void {
  netns.counters.TcpAttemptFails += 1;
  netns.counters.TcpExtEmbryonicRsts += 1;
  tcp.destroy(slot);
}

/** A SYN that came again: the same SYN-ACK at once, at most twice a second, and the timer starts anew with its present interval. */
function answerDuplicateSyn(tcp: Tcp, slot: number): void {
  if (!mayAnswerInvalid(tcp, slot)) return;
  tcp.timers.armRetransmit(slot);
  sendSynAck(tcp, slot);
}

function receiveReset(tcp: Tcp, netns: Netns, slot: number, packet: Packet): void {
  if (tcp.machine.era.requestRstMustBeExact && packet.seq !== tcp.sockets.rcvNxt(slot)) challenge(tcp, netns, slot);
  else dropRequest(tcp, netns, slot);
}

/** Source: net/ipv4/tcp_minisocks.c tcp_in_window, v6.1. */
function isOutOfWindow(packet: Packet, expected: number): boolean {
  if (packet.seq === expected) return false;
  const windowEnd = (expected + RECEIVE_WINDOW) | 0;
  const overlaps = isBefore(expected, segmentEnd(packet)) && isBefore(packet.seq, windowEnd);
  return !overlaps && !(packet.seq === windowEnd && segmentEnd(packet) === windowEnd);
}

/** The handshake is complete: the request becomes a connection of the listener's owner. Source: net/ipv4/tcp_ipv4.c tcp_v4_syn_recv_sock, v6.1. */
function becomeChild(tcp: Tcp, netns: Netns, slot: number, packet: Packet): void {
  const sockets = tcp.sockets;
  const listener = sockets.listener(slot);
  const owner = sockets.owner(listener);
  if (sockets.state(listener) !== TcpState.LISTEN || owner === undefined) {
    tcp.sendReset(netns, packet);
    tcp.destroy(slot);
    return;
  }
  tcp.timers.cancel(slot);
  sockets.setState(slot, TcpState.ESTABLISHED);
  sockets.setOwner(slot, owner);
  sockets.setRetransmits(slot, 0);
  sockets.setBackoff(slot, 0);
  sockets.setSndUna(slot, packet.ack);
  // A child stays in its listener's bucket and keeps it closed to connect(). It has the listener's SO_REUSEADDR, so that
  // the next listener may bind beside it and its TIME_WAIT.
  const inherited = sockets.flags(listener) & SocketFlag.REUSE_ADDRESS;
  sockets.set(slot, SocketFlag.HAS_PORT | SocketFlag.BOUND | inherited);
  netns.ports.addExplicitOwner(sockets.localPort(slot));
  if (inherited !== 0) netns.ports.countSharer(sockets.localPort(slot), 1);
  netns.counters.TcpPassiveOpens += 1;
  owner.accepted(slot, sockets.tag(slot));
  if (sockets.state(slot) !== TcpState.CLOSE) receiveInOpenState(tcp, netns, slot, packet);
}
