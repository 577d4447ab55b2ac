import type { Packet } from "../packet.ts";
import type { RealServer } from "./virtual_service.ts";

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
