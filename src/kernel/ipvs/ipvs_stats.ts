import type { Packet } from "../packet.ts";
import type { IpvsStats, RealServer } from "./virtual_service.ts";

/** Packets and bytes that went to a real server and came from it. */
export type IpvsTraffic = Readonly<Omit<IpvsStats, "connections">>;

/**
 * Counts a packet from a client to a server and its service; what goes to a deleted server counts nowhere.
 * Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_in_stats, v6.1.
 */
export function countIn({ isAvailable, stats, service }: RealServer, packet: Packet): void {
  if (!isAvailable) return;
  stats.inPackets += 1;
  stats.inBytes += packet.bytes;
  service.stats.inPackets += 1;
  service.stats.inBytes += packet.bytes;
}

/** Counts a packet from a server to a client. Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_out_stats, v6.1. */
export function countOut({ isAvailable, stats, service }: RealServer, packet: Packet): void {
  if (!isAvailable) return;
  stats.outPackets += 1;
  stats.outBytes += packet.bytes;
  service.stats.outPackets += 1;
  service.stats.outBytes += packet.bytes;
}

/** Counts a whole connection of a server that is available. */
export function countConnection({ stats, service }: RealServer, traffic: IpvsTraffic): void {
  add(stats, traffic);
  add(service.stats, traffic);
}

function add(stats: IpvsStats, { inPackets, outPackets, inBytes, outBytes }: IpvsTraffic): void {
  stats.connections += 1;
  stats.inPackets += inPackets;
  stats.outPackets += outPackets;
  stats.inBytes += inBytes;
  stats.outBytes += outBytes;
}

/** Whether both count as much in either direction. */
export function isSameTraffic(one: IpvsTraffic, other: IpvsTraffic): boolean {
  return (
    one.inPackets === other.inPackets &&
    one.outPackets === other.outPackets &&
    one.inBytes === other.inBytes &&
    one.outBytes === other.outBytes
  );
}
