import { Icmp, sendIcmpError } from "../icmp.ts";
import { Verdict, type VerdictValue } from "../netfilter/hooks.ts";
import { type Packet, Protocol, TcpFlag } from "../packet.ts";
import { SocketFlag } from "../tcp/socket_table.ts";
import { IpvsFlag } from "./ipvs_connection_table.ts";
import { IpvsDirection, IpvsState } from "./ipvs_tcp_states.ts";
import { countIn } from "./ipvs_stats.ts";
import type { Ipvs } from "./ipvs.ts";
import { schedulePersistent } from "./persistence.ts";
import type { VirtualService } from "./virtual_service.ts";

/**
 * The hook that takes packets for virtual services, at LOCAL_IN and LOCAL_OUT, and sends them to a real server.
 *
 * A SYN-ACK counts as new like a SYN: that is how the answer to a probe whose source port is a NodePort is lost.
 *
 * Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_in_hook, v6.1. Not modelled: backup_only, schedule_icmp; ICMP errors
 * from clients.
 */
export function ipvsIn(ipvs: Ipvs, packet: Packet): VerdictValue {
  if (packet.isIpvsDone || packet.protocol === Protocol.ICMP) return Verdict.ACCEPT;
  let row =
    ipvs.connections.count === 0
      ? -1
      : ipvs.connections.findIn(packet.protocol, packet.src, packet.sport, packet.dst, packet.dport);
  if (row >= 0 && isSyn(packet)) {
    const outcome = reuse(ipvs, row, packet);
    if (outcome === "drop") return drop(ipvs, packet);
    if (outcome === "schedule") row = -1;
  }
  if (row >= 0 && !ipvs.connections.server[row]!.isAvailable) {
    if (!handleDeletedServer(ipvs, row, packet)) return drop(ipvs, packet);
    row = -1;
  }
  if (row < 0) {
    if (!mayBeScheduled(ipvs, packet)) return Verdict.ACCEPT;
    const service = ipvs.findService(packet.protocol, packet.dst, packet.dport);
    if (service === undefined) return Verdict.ACCEPT;
    row = schedule(ipvs, service, packet);
    if (row < 0) {
      // No server: port unreachable to the sender, never a RST.
      sendIcmpError(ipvs.netns, packet, Icmp.DEST_UNREACH, Icmp.PORT_UNREACH);
      return drop(ipvs, packet);
    }
  }
  countIn(ipvs.connections.server[row]!, packet);
  ipvs.advance(row, IpvsDirection.INPUT, packet);
  return transmit(ipvs, row, packet);
}

/** A new connection to a server that the service's scheduler, or the client's template, chooses; -1 if there is none. */
function schedule(ipvs: Ipvs, service: VirtualService, packet: Packet): number {
  if (service.persistentTimeout > 0) return schedulePersistent(ipvs, service, packet);
  const server = service.scheduler.schedule(service, packet);
  return server === undefined ? -1 : ipvs.addConnection(packet, server);
}

/**
 * What to do with a SYN on a known connection.
 *
 * Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_in_hook, v6.1; net/netfilter/ipvs/ip_vs_core.c ip_vs_in, v5.4, v4.9 and v4.1.
 */
function reuse(ipvs: Ipvs, row: number, packet: Packet): "keep" | "drop" | "schedule" {
  const { settings, connections, netns } = ipvs;
  const era = netns.machine.era;
  if (settings.connReuseMode === 0 && era.ipvsReuseModeZeroSkipsAll) return "keep";
  const isServerResting = settings.expireNodestConn && connections.server[row]!.weight === 0;
  const isReused = settings.connReuseMode !== 0 && isNewConnectionExpected(ipvs, row);
  if (!isServerResting && !isReused) return "keep";
  const asksForConfirmed = era.ipvsReuseDrops === "confirmed";
  const hasOldConntrack = asksForConfirmed
    ? netns.conntrack?.hasConfirmed(packet) === true
    : era.ipvsReuseDrops === "tracked" && packet.ct >= 0 && (connections.flags[row]! & IpvsFlag.NFCT) !== 0;
  // Before 5.9 the connection that ends takes the conntrack entry along, which by then is the new connection's.
  if (asksForConfirmed && !hasOldConntrack) connections.flags[row] = connections.flags[row]! & ~IpvsFlag.NFCT;
  ipvs.expireSoon(row);
  return hasOldConntrack ? "drop" : "schedule";
}

/** @returns whether the packet may be scheduled anew; else it is dropped in silence. */
function handleDeletedServer(ipvs: Ipvs, row: number, packet: Packet): boolean {
  if (!ipvs.settings.expireNodestConn) return false;
  const mayMove =
    ipvs.netns.machine.era.ipvsReschedulesDeletedDest && ipvs.netns.conntrack?.hasConfirmed(packet) !== true;
  if (mayMove) ipvs.connections.flags[row] = ipvs.connections.flags[row]! & ~IpvsFlag.NFCT;
  ipvs.expireSoon(row);
  return mayMove;
}

/** Whether a packet may begin a connection: a SYN without RST; with sloppy_tcp all but a RST. Source: net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_conn_schedule, v6.1. */
export function mayBeScheduled(ipvs: Ipvs, packet: Packet): boolean {
  if (packet.protocol !== Protocol.TCP) return true;
  if ((packet.flags & TcpFlag.RST) !== 0) return false;
  return (packet.flags & TcpFlag.SYN) !== 0 || ipvs.settings.sloppyTcp;
}

/**
 * Sends a packet to its real server: destination rewritten, source as it was. It goes out through LOCAL_OUT and
 * POST_ROUTING, never through FORWARD; a real server on this host gets it at once.
 *
 * Source: net/netfilter/ipvs/ip_vs_xmit.c ip_vs_nat_xmit, __ip_vs_get_out_rt, ip_vs_nat_send_or_cont, v6.1.
 */
function transmit(ipvs: Ipvs, row: number, packet: Packet): VerdictValue {
  const { netns, connections } = ipvs;
  const route = netns.routes.lookup(connections.real[row]!);
  if (route.kind !== "unicast" && route.kind !== "local") {
    // Whatever is wrong with the route, even a blackhole: the sender is told "host unreachable".
    sendIcmpError(netns, packet, Icmp.DEST_UNREACH, Icmp.HOST_UNREACH);
    return drop(ipvs, packet);
  }
  if (route.kind === "unicast") {
    if (packet.ttl <= 1) {
      sendIcmpError(netns, packet, Icmp.TIME_EXCEEDED, 0);
      return drop(ipvs, packet);
    }
    packet.ttl -= 1;
  }
  netns.machine.tcp.noteLostPacket(netns, packet, SocketFlag.DIVERTED);
  packet.dst = connections.real[row]!;
  packet.dport = connections.realPort[row]!;
  packet.isIpvsDone = true;
  ipvs.updateConntrack(row, packet, true);
  if (route.kind === "local") return Verdict.ACCEPT;
  netns.localOut(packet, route);
  return Verdict.STOLEN;
}

function drop(ipvs: Ipvs, packet: Packet): VerdictValue {
  ipvs.netns.machine.tcp.noteLostPacket(ipvs.netns, packet, SocketFlag.DIVERTED);
  return Verdict.DROP;
}

function isSyn(packet: Packet): boolean {
  return packet.protocol === Protocol.TCP && (packet.flags & TcpFlag.SYN) !== 0;
}

/**
 * Whether a connection counts as finished, so that a SYN on it may mean a new client; one of a template never does. Mode
 * 2 concerns connections whose answers IPVS does not see, which masqueraded ones are not.
 *
 * Source: net/netfilter/ipvs/ip_vs_core.c is_new_conn_expected, v6.1 and v4.4.
 */
function isNewConnectionExpected({ connections, netns }: Ipvs, row: number): boolean {
  if (connections.control[row]! > 0) return false;
  const state = connections.state[row]!;
  return state === IpvsState.TIME_WAIT || (state === IpvsState.CLOSE && netns.machine.era.ipvsReusesClosed);
}
