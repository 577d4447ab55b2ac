import type { Ipv4, Port } from "../../units.ts";
import { Errno } from "../errno.ts";
import { SocketFlag } from "./socket_table.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";
import { mayReuseTimeWait } from "./time_wait.ts";

/**
 * Gives a socket that connects its 4-tuple: with a port that the allocator picks, or with its own if it was bound
 * beforehand. It does not stand in the index yet.
 *
 * @returns the source port, or -EADDRNOTAVAIL.
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v6.1.
 */
// oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
export function chooseTuple(tcp: Tcp, slot: number, saddr: Ipv4, daddr: Ipv4, dport: Port): number {
  return tcp.sockets.has(slot, SocketFlag.BOUND)
    ? claimTuple(tcp, slot, saddr, daddr, dport)
    : pickPort(tcp, slot, saddr, daddr, dport);
}

// oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
function pickPort(tcp: Tcp, slot: number, saddr: Ipv4, daddr: Ipv4, dport: Port): number {
  const netns = tcp.netnsOf(slot);
  tcp.portRanges.use(tcp, slot);
  const port = tcp.ports.pick(netns, saddr, daddr, dport);
  if (port < 0) return port;
  takeOver(tcp, slot, tcp.ports.lastSearch.reusedTimeWait);
  tcp.sockets.setTuple(slot, saddr, port, daddr, dport);
  tcp.sockets.set(slot, SocketFlag.HAS_PORT);
  netns.ports.addConnectOwner(port);
  return port;
}

/** A socket bound beforehand searches nothing: only its 4-tuple is tested. */
// oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
function claimTuple(tcp: Tcp, slot: number, saddr: Ipv4, daddr: Ipv4, dport: Port): number {
  const { sockets } = tcp;
  const port = sockets.localPort(slot);
  const other = tcp.find(tcp.netnsOf(slot), saddr, port, daddr, dport);
  if (other >= 0) {
    if (sockets.state(other) !== TcpState.TIME_WAIT || !mayReuseTimeWait(tcp, other, true)) return -Errno.EADDRNOTAVAIL;
    takeOver(tcp, slot, other);
  }
  sockets.setTuple(slot, saddr, port, daddr, dport);
  return port;
}

/** A TIME_WAIT entry's tuple goes to a new connection, which begins above its numbers. Source: net/ipv4/tcp_ipv4.c tcp_twsk_unique, v6.1. */
function takeOver(tcp: Tcp, slot: number, timeWait: number): void {
  if (timeWait < 0) return;
  tcp.sockets.setIss(slot, (tcp.sockets.sndNxt(timeWait) + 65537) | 0);
  tcp.netnsOf(slot).counters.TcpExtTWRecycled += 1;
  tcp.timeWaits.kill(timeWait);
}
