import type { Netns } from "../netns.ts";
import type { Packet } from "../packet.ts";
import { receiveInOpenState, receiveInTimeWait } from "./open_connection.ts";
import { answerRequest, makeRequest, receiveInListen, receiveInSynRecv } from "./request_socket.ts";
import { receiveInSynSent } from "./syn_sent.ts";
import { SocketFlag } from "./socket_table.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";

/**
 * Finds the socket a segment is for and lets its state decide.
 *
 * Source: net/ipv4/tcp_ipv4.c tcp_v4_rcv, v6.1.
 */
export function receiveSegment(tcp: Tcp, netns: Netns, packet: Packet): void {
  const slot = tcp.find(netns, packet.dst, packet.dport, packet.src, packet.sport);
  if (slot < 0) {
    receiveWithoutConnection(tcp, netns, packet);
    return;
  }
  switch (tcp.sockets.state(slot)) {
    case TcpState.SYN_SENT:
      receiveInSynSent(tcp, netns, slot, packet);
      return;
    case TcpState.SYN_RECV:
      receiveInSynRecv(tcp, netns, slot, packet);
      return;
    case TcpState.TIME_WAIT:
      receiveForTimeWait(tcp, netns, slot, packet);
      return;
    default:
      receiveInOpenState(tcp, netns, slot, packet);
  }
}

function receiveWithoutConnection(tcp: Tcp, netns: Netns, packet: Packet): void {
  const listener = findListener(tcp, netns, packet);
  if (listener >= 0) receiveInListen(tcp, netns, listener, packet);
  else tcp.sendReset(netns, packet);
}

function receiveForTimeWait(tcp: Tcp, netns: Netns, slot: number, packet: Packet): void {
  tcp.timeWaits.expire();
  if (tcp.sockets.state(slot) !== TcpState.TIME_WAIT) {
    receiveWithoutConnection(tcp, netns, packet);
    return;
  }
  if (receiveInTimeWait(tcp, slot, packet) === "handled") return;
  const listener = findListener(tcp, netns, packet);
  if (listener < 0) {
    // Nobody wants the new connection: the SYN is answered as any other segment would be, and the entry stays.
    tcp.sendAck(slot);
    return;
  }
  const aboveOld = (tcp.sockets.sndNxt(slot) + 65537) | 0;
  tcp.timeWaits.kill(slot);
  const request = makeRequest(tcp, netns, listener, packet);
  if (request >= 0) answerRequest(tcp, request, aboveOld);
}

/** The listening socket for a segment, or -1. */
function findListener(tcp: Tcp, netns: Netns, packet: Packet): number {
  const listener = tcp.listeners.find(tcp.sockets, netns.id, packet.dst, packet.dport);
  if (listener < 0 || !tcp.sockets.has(listener, SocketFlag.REUSE_PORT)) return listener;
  return tcp.listeners.memberOf(tcp.sockets, listener, tcp.sequences.hashOf(packet));
}
