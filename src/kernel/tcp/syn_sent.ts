import { Errno } from "../errno.ts";
import type { Netns } from "../netns.ts";
import { type Packet, TcpFlag } from "../packet.ts";
import { isBefore } from "./sequence.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";

/**
 * A segment for a socket that waits for its SYN-ACK. A RST counts only with an ACK of our SYN; a bare RST, a FIN or a
 * pure ACK changes nothing.
 *
 * Source: net/ipv4/tcp_input.c tcp_rcv_synsent_state_process, v6.1. Not modelled: simultaneous open.
 */
export function receiveInSynSent(tcp: Tcp, netns: Netns, slot: number, packet: Packet): void {
  const sockets = tcp.sockets;
  const flags = packet.flags;
  if ((flags & TcpFlag.ACK) === 0) return;
  const acksOurs = isBefore(sockets.sndUna(slot), packet.ack) && !isBefore(sockets.sndNxt(slot), packet.ack);
  if (!acksOurs) {
    // The peer holds an old connection: our RST clears it, and from 5.6 on the SYN follows within two ticks.
    if (tcp.machine.era.resendsSynAfterChallenge && sockets.retransmits(slot) === 0) tcp.timers.armSoon(slot);
    tcp.sendReset(netns, packet);
    return;
  }
  if ((flags & TcpFlag.RST) !== 0) {
    tcp.fail(slot, Errno.ECONNREFUSED);
    return;
  }
  if ((flags & TcpFlag.SYN) === 0) return;
  tcp.timers.cancel(slot);
  sockets.setState(slot, TcpState.ESTABLISHED);
  sockets.setRcvNxt(slot, (packet.seq + 1) | 0);
  sockets.setSndUna(slot, packet.ack);
  sockets.setRetransmits(slot, 0);
  sockets.setBackoff(slot, 0);
  tcp.sendAck(slot);
  sockets.owner(slot)?.connected(slot, sockets.tag(slot));
}
