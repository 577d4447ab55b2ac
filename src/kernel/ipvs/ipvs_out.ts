import { Icmp, sendIcmpError } from "../icmp.ts";
import { Verdict, type VerdictValue } from "../netfilter/hooks.ts";
import { type Packet, Protocol, TcpFlag } from "../packet.ts";
import { IpvsDirection } from "./ipvs_tcp_states.ts";
import { countOut } from "./ipvs_stats.ts";
import type { Ipvs } from "./ipvs.ts";

/**
 * The hook that gives answers of real servers their virtual address back, at LOCAL_IN, LOCAL_OUT and FORWARD.
 *
 * Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_out_hook, handle_response, v6.1. Not modelled: the new route that
 * snat_reroute asks for (the destination does not change, so it would be the same here).
 */
export function ipvsOut(ipvs: Ipvs, packet: Packet): VerdictValue {
  if (packet.isIpvsDone) return Verdict.ACCEPT;
  const connections = ipvs.connections;
  if (packet.protocol === Protocol.ICMP) return outIcmp(ipvs, packet);
  const row =
    connections.count === 0
      ? -1
      : connections.findOut(packet.protocol, packet.src, packet.sport, packet.dst, packet.dport);
  if (row < 0) return ipvs.settings.natIcmpSend ? refuseStray(ipvs, packet) : Verdict.ACCEPT;
  packet.src = connections.virtual[row]!;
  packet.sport = connections.ports[row]! & 0xffff;
  countOut(connections.server[row]!, packet);
  ipvs.advance(row, IpvsDirection.OUTPUT, packet);
  packet.isIpvsDone = true;
  ipvs.updateConntrack(row, packet, false);
  return Verdict.ACCEPT;
}

/** An ICMP error that a packet to a real server drew: its client sees the virtual address in it. Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_out_icmp, v6.1. */
function outIcmp(ipvs: Ipvs, packet: Packet): VerdictValue {
  const connections = ipvs.connections;
  if (connections.count === 0) return Verdict.ACCEPT;
  const row = connections.findOut(
    packet.quotedProtocol,
    packet.quotedDst,
    packet.quotedDport,
    packet.quotedSrc,
    packet.quotedSport,
  );
  if (row < 0) return Verdict.ACCEPT;
  packet.src = connections.virtual[row]!;
  packet.quotedDst = connections.virtual[row]!;
  packet.quotedDport = connections.ports[row]! & 0xffff;
  countOut(connections.server[row]!, packet);
  packet.isIpvsDone = true;
  ipvs.updateConntrack(row, packet, false);
  return Verdict.ACCEPT;
}

/**
 * With nat_icmp_send a segment of a real server without a connection is refused, unless it is a RST. A real server is one
 * by its protocol, too.
 *
 * Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_out_hook; net/netfilter/ipvs/ip_vs_ctl.c ip_vs_has_real_service, v6.1.
 */
function refuseStray(ipvs: Ipvs, packet: Packet): VerdictValue {
  if (packet.protocol === Protocol.TCP && (packet.flags & TcpFlag.RST) !== 0) return Verdict.ACCEPT;
  for (const service of ipvs.services()) {
    if (service.protocol !== packet.protocol) continue;
    for (const server of service.servers) {
      if (server.address === packet.src && server.port === packet.sport) {
        sendIcmpError(ipvs.netns, packet, Icmp.DEST_UNREACH, Icmp.PORT_UNREACH);
        return Verdict.DROP;
      }
    }
  }
  return Verdict.ACCEPT;
}
