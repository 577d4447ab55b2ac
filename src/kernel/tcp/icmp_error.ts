import { Errno } from "../errno.ts";
import type { Netns } from "../netns.ts";
import { type Packet, Protocol } from "../packet.ts";
import type { Tcp } from "./tcp.ts";
import { isBefore } from "./sequence.ts";
import { TcpState } from "./tcp_states.ts";

/**
 * An ICMP error that quotes one of our segments. It ends a connection attempt; a request socket is ended by net and
 * host unreachable, time exceeded and parameter problem, but not by port unreachable, and counts as dropped by its
 * listener, not as reset; an open connection goes on.
 *
 * Source: net/ipv4/tcp_ipv4.c tcp_v4_err, tcp_req_err; net/ipv4/icmp.c icmp_err_convert, v6.1.
 */
export function receiveIcmpError(tcp: Tcp, netns: Netns, packet: Packet): void {
  if (packet.quotedProtocol !== Protocol.TCP) return;
  const slot = tcp.find(netns, packet.quotedSrc, packet.quotedSport, packet.quotedDst, packet.quotedDport);
  if (slot < 0) return;
  const sockets = tcp.sockets;
  const errno = icmpErrno(packet.icmpType, packet.icmpCode);
  if (errno === 0) return;
  if (sockets.state(slot) === TcpState.SYN_RECV) {
    const endsRequest = packet.icmpType !== 3 || packet.icmpCode <= 1;
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

/** The errno of an ICMP error, or 0 for one that does not end a connection attempt. */
function icmpErrno(type: number, code: number): number {
  if (type === 11) return Errno.EHOSTUNREACH;
  if (type === 12) return Errno.EPROTO;
  if (type !== 3) return 0;
  switch (code) {
    case 0:
    case 6:
    case 9:
      return Errno.ENETUNREACH;
    case 2:
      return Errno.ENOPROTOOPT;
    case 3:
      return Errno.ECONNREFUSED;
    case 4:
      return 0;
    default:
      return Errno.EHOSTUNREACH;
  }
}
