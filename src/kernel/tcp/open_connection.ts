import { Errno } from "../errno.ts";
import type { Netns } from "../netns.ts";
import { type Packet, TcpFlag } from "../packet.ts";
import { SocketFlag } from "./socket_table.ts";
import { challenge, mayAnswerMisplaced } from "./invalid_answers.ts";
import { isBefore, RECEIVE_WINDOW, segmentEnd } from "./sequence.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";

/**
 * A segment for a connection past its handshake: checks, acknowledgement, payload, FIN, in this order.
 *
 * Source: net/ipv4/tcp_input.c tcp_rcv_established, tcp_rcv_state_process, tcp_validate_incoming, v6.1.
 */
export function receiveInOpenState(tcp: Tcp, netns: Netns, slot: number, packet: Packet): void {
  const sockets = tcp.sockets;
  const flags = packet.flags;
  if ((flags & TcpFlag.RST) !== 0) {
    receiveReset(tcp, netns, slot, packet);
    return;
  }
  if ((flags & TcpFlag.SYN) !== 0) {
    challenge(tcp, netns, slot);
    return;
  }
  if ((flags & TcpFlag.ACK) === 0) return;
  if (packet.seq !== sockets.rcvNxt(slot)) {
    // A repetition or a gap: say what is expected; the sender repeats all that is missing.
    if (packet.len > 0 || (flags & TcpFlag.FIN) !== 0 || isBefore(sockets.rcvNxt(slot), packet.seq)) tcp.sendAck(slot);
    return;
  }
  if (isBefore(sockets.sndNxt(slot), packet.ack)) {
    if (refuseUnsentAck(tcp, netns, slot)) return;
  } else if (isBefore(sockets.sndUna(slot), packet.ack) && !acknowledge(tcp, slot, packet.ack)) return;
  if (packet.len > 0 && !receivePayload(tcp, slot, packet)) return;
  if ((flags & TcpFlag.FIN) !== 0) receiveFin(tcp, slot, packet);
}

/** A segment for a TIME_WAIT entry. Source: net/ipv4/tcp_minisocks.c tcp_timewait_state_process, v6.1. Not modelled: PAWS, tcp_rfc1337. */
export function receiveInTimeWait(tcp: Tcp, slot: number, packet: Packet): "handled" | "new-connection" {
  const sockets = tcp.sockets;
  const flags = packet.flags;
  const expected = sockets.rcvNxt(slot);
  if ((flags & TcpFlag.RST) !== 0) {
    if (packet.seq === expected) tcp.timeWaits.kill(slot);
    return "handled";
  }
  const isPlainSyn = (flags & (TcpFlag.SYN | TcpFlag.ACK)) === TcpFlag.SYN;
  if (isPlainSyn && isBefore(expected, packet.seq)) return "new-connection";
  if (packet.seq === expected && segmentEnd(packet) === expected && !isPlainSyn) {
    tcp.timeWaits.restart(slot);
    tcp.timeWaits.noteTimestamp(slot);
    return "handled";
  }
  if ((flags & TcpFlag.ACK) !== 0) tcp.timeWaits.restart(slot);
  if (mayAnswerMisplaced(tcp, slot, packet)) tcp.sendAck(slot);
  return "handled";
}

/**
 * An ACK of data that was never sent. @returns whether its segment is dropped.
 *
 * Source: net/ipv4/tcp_input.c tcp_ack, tcp_rcv_state_process, v6.1.
 */
function refuseUnsentAck(tcp: Tcp, netns: Netns, slot: number): boolean {
  const rule = tcp.machine.era.ackOfUnsentData;
  const isEstablished = tcp.sockets.state(slot) === TcpState.ESTABLISHED;
  const isChallenged = isEstablished ? rule === "challenges" : rule !== "drops-if-established";
  if (isChallenged) challenge(tcp, netns, slot);
  return isEstablished || isChallenged;
}

/** Takes an acknowledgement of something new. @returns whether the socket is still there. */
function acknowledge(tcp: Tcp, slot: number, ack: number): boolean {
  const sockets = tcp.sockets;
  sockets.setSndUna(slot, ack);
  sockets.setRetransmits(slot, 0);
  sockets.setBackoff(slot, 0);
  if (ack !== sockets.sndNxt(slot)) {
    tcp.timers.armRetransmit(slot);
    return true;
  }
  tcp.timers.cancel(slot);
  if (!sockets.has(slot, SocketFlag.FIN_SENT)) return true;
  switch (sockets.state(slot)) {
    case TcpState.FIN_WAIT1:
      sockets.setState(slot, TcpState.FIN_WAIT2);
      tcp.timers.armFinWait2(slot);
      return true;
    case TcpState.CLOSING:
      tcp.timeWaits.enter(slot);
      return false;
    case TcpState.LAST_ACK:
      tcp.destroy(slot);
      return false;
    default:
      return true;
  }
}

/**
 * Payload is acknowledged at once while the connection is young (quick ACKs), then handed to the owner. What comes for
 * a closed socket draws a RST.
 *
 * @returns whether the socket is still there.
 */
function receivePayload(tcp: Tcp, slot: number, packet: Packet): boolean {
  const sockets = tcp.sockets;
  if (sockets.has(slot, SocketFlag.ORPHAN)) {
    tcp.sendReset(tcp.netnsOf(slot), packet);
    tcp.destroy(slot);
    return false;
  }
  sockets.setRcvNxt(slot, (sockets.rcvNxt(slot) + packet.len) | 0);
  sockets.set(slot, SocketFlag.HAS_RECEIVED);
  if ((packet.flags & TcpFlag.FIN) === 0) tcp.sendAck(slot);
  const generation = sockets.ackGeneration(slot);
  sockets.owner(slot)?.received(slot, sockets.tag(slot), packet.len);
  return sockets.state(slot) !== TcpState.CLOSE && generation === sockets.ackGeneration(slot);
}

/** The peer closes its side. Source: net/ipv4/tcp_input.c tcp_fin, v6.1. */
function receiveFin(tcp: Tcp, slot: number, packet: Packet): void {
  const sockets = tcp.sockets;
  sockets.setRcvNxt(slot, segmentEnd(packet));
  sockets.set(slot, SocketFlag.FIN_RECEIVED);
  switch (sockets.state(slot)) {
    case TcpState.ESTABLISHED:
      sockets.setState(slot, TcpState.CLOSE_WAIT);
      acknowledgeFin(tcp, slot);
      return;
    case TcpState.FIN_WAIT1:
      // Both sides closed at once; our FIN is not acknowledged yet.
      sockets.setState(slot, TcpState.CLOSING);
      tcp.sendAck(slot);
      return;
    case TcpState.FIN_WAIT2:
      tcp.timers.cancel(slot);
      tcp.sendAck(slot);
      tcp.timeWaits.enter(slot);
      return;
    default:
      tcp.sendAck(slot);
  }
}

/**
 * A FIN is acknowledged at once in quick-ACK mode (payload has come in, and none has gone out in answer); else the ACK
 * waits up to 40 ms for the owner's own FIN to carry it.
 * Source: net/ipv4/tcp_input.c __tcp_ack_snd_check, v6.1.
 */
function acknowledgeFin(tcp: Tcp, slot: number): void {
  const sockets = tcp.sockets;
  const isQuick = sockets.has(slot, SocketFlag.HAS_RECEIVED) && !sockets.has(slot, SocketFlag.PINGPONG);
  if (isQuick) tcp.sendAck(slot);
  else sockets.set(slot, SocketFlag.ACK_PENDING);
  const owner = sockets.owner(slot);
  owner?.peerClosed(slot, sockets.tag(slot));
  if (sockets.state(slot) === TcpState.CLOSE_WAIT && sockets.has(slot, SocketFlag.ACK_PENDING))
    tcp.timers.delayAck(slot);
}

/** A RST must be exact; another one in the window is challenged, and one out of it is dropped in silence. */
function receiveReset(tcp: Tcp, netns: Netns, slot: number, packet: Packet): void {
  const { sockets } = tcp;
  const distance = (packet.seq - sockets.rcvNxt(slot)) | 0;
  const crossedFin =
    distance === -1 && sockets.has(slot, SocketFlag.FIN_RECEIVED) && tcp.machine.era.resetMayPrecedeFin;
  if (distance !== 0 && !crossedFin) {
    if (distance > 0 && distance <= RECEIVE_WINDOW) challenge(tcp, netns, slot);
    return;
  }
  const isHalfClosed = tcp.sockets.state(slot) === TcpState.CLOSE_WAIT;
  tcp.fail(slot, isHalfClosed ? Errno.EPIPE : Errno.ECONNRESET);
}
