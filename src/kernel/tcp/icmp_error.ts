import { icmpErrno } from "../icmp_errno.ts";
import type { Netns } from "../netns.ts";
import { type Packet, Protocol } from "../packet.ts";
import type { Tcp } from "./tcp.ts";
import { isBefore } from "./sequence.ts";
import { TcpState } from "./tcp_states.ts";

/**
 * An ICMP error that quotes one of our segments. It ends a connection attempt; a request socket is ended by net and
 * host unreachable, time exceeded and parameter problem, but from 4.5 on not by port unreachable, and counts as dropped
 * by its listener, not as reset; an open connection goes on.
 *
 * Source: net/ipv4/tcp_ipv4.c tcp_v4_err, tcp_req_err, v6.1 and v4.1.
 */
export function receiveIcmpError(tcp: Tcp, netns: Netns, packet: Packet): void {
  if (packet.quotedProtocol !== Protocol.TCP) return;
  const slot = tcp.find(netns, packet.quotedSrc, packet.quotedSport, packet.quotedDst, packet.quotedDport);
  if (slot < 0) return;
  const sockets = tcp.sockets;
  const errno = icmpErrno(packet.icmpType, packet.icmpCode);
  if (errno === 0) return;
  if (sockets.state(slot) === TcpState.SYN_RECV) {
    const endsRequest = tcp.machine.era.anyIcmpEndsRequest || packet.icmpType !== 3 || packet.icmpCode <= 1;
    if (!endsRequest || packet.quotedSeq !== sockets.iss(slot)) return;
    netns.counters.TcpExtListenDrops += 1;
    tcp.destroy(slot);
    return;
  }
  if (sockets.state(slot) !== TcpState.SYN_SENT) return;
  const isOfOurs =
    !isBefore(packet.quotedSeq, sockets.sndUna(slot)) && !isBefore(sockets.sndNxt(slot), packet.quotedSeq);
  if (isOfOurs) tcp.fail(slot, errno);
}
