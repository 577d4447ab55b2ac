import type { Netns } from "./netns.ts";
import { type Packet, Protocol } from "./packet.ts";

/** ICMP types and codes that the kernel sends here. */
export const Icmp = {
  DEST_UNREACH: 3,
  TIME_EXCEEDED: 11,
  NET_UNREACH: 0,
  HOST_UNREACH: 1,
  PORT_UNREACH: 3,
} as const;

/**
 * Answers a packet with an ICMP error that quotes it. The error is a packet of its own and goes through LOCAL_OUT.
 *
 * Source: net/ipv4/icmp.c __icmp_send, v6.1: never in answer to an ICMP error; the source is the address that the
 * packet was sent to if that is ours, else the address of the interface that leads back.
 * What goes over the loopback device is not limited, see `IcmpLimit`.
 */
export function sendIcmpError(netns: Netns, cause: Packet, type: number, code: number): void {
  if (cause.protocol === Protocol.ICMP) return;
  const route = netns.routes.lookup(cause.src);
  if (route.kind !== "unicast" && route.kind !== "local") return;
  const { jiffies, loop } = netns.machine;
  const isLimited = route.device?.kind !== "loopback";
  if (isLimited && !netns.icmpLimit.allows(cause.src, type, jiffies.at(loop.now), jiffies)) return;
  const packet = netns.machine.packets.take();
  packet.protocol = Protocol.ICMP;
  packet.src = netns.hasAddress(cause.dst) ? cause.dst : route.preferredSource;
  packet.dst = cause.src;
  packet.sport = 0;
  packet.dport = 0;
  packet.flags = 0;
  packet.seq = 0;
  packet.ack = 0;
  packet.icmpType = type;
  packet.icmpCode = code;
  packet.quotedProtocol = cause.protocol;
  packet.quotedSrc = cause.src;
  packet.quotedDst = cause.dst;
  packet.quotedSport = cause.sport;
  packet.quotedDport = cause.dport;
  packet.quotedSeq = cause.seq;
  netns.counters.IcmpOutDestUnreachs += 1;
  netns.localOut(packet, route);
}
