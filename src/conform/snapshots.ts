import { CT_TCP_STATE_NAMES } from "../kernel/conntrack/tcp_state_table.ts";
import { CtStatus } from "../kernel/conntrack/ct_status.ts";
import { type IpvsConnectionTable, IpvsFlag } from "../kernel/ipvs/ipvs_connection_table.ts";
import { IPVS_STATE_NAMES } from "../kernel/ipvs/ipvs_tcp_states.ts";
import type { IpvsStats } from "../kernel/ipvs/virtual_service.ts";
import type { Netns } from "../kernel/netns.ts";
import { Protocol } from "../kernel/packet.ts";
import type { Tcp } from "../kernel/tcp/tcp.ts";
import { SS_STATE_NAMES, TcpState } from "../kernel/tcp/tcp_states.ts";
import { formatEndpoint, formatIpv4 } from "../units.ts";
import type {
  ObservedConntrackEntry,
  ObservedIpvsConnection,
  ObservedIpvsService,
  ObservedIpvsStats,
  ObservedSocket,
  ObservedTraffic,
} from "./observation.ts";

/** The sockets of a namespace as `ss -tano` lists them, without listening ones. */
export function listSockets(tcp: Tcp, netns: Netns): ObservedSocket[] {
  tcp.timeWaits.expire();
  const sockets: ObservedSocket[] = [];
  for (let slot = 0; slot < tcp.sockets.extent; slot += 1) {
    const state = tcp.sockets.state(slot);
    const isListed = state !== TcpState.CLOSE && state !== TcpState.LISTEN;
    if (isListed && tcp.sockets.scope(slot) === netns.id) sockets.push(describeSocket(tcp, slot));
  }
  return sockets;
}

/** One socket as `ss` shows it. */
export function describeSocket(tcp: Tcp, slot: number): ObservedSocket {
  const { sockets, machine } = tcp;
  const state = sockets.state(slot);
  const isTimeWait = state === TcpState.TIME_WAIT || state === TcpState.FIN_WAIT2;
  const hasTimer = isTimeWait || sockets.sndUna(slot) !== sockets.sndNxt(slot);
  return {
    state: SS_STATE_NAMES[state] ?? `state ${state}`,
    local: formatEndpoint(sockets.local(slot), sockets.localPort(slot)),
    peer: formatEndpoint(sockets.remote(slot), sockets.remotePort(slot)),
    ...(hasTimer
      ? {
          timer: isTimeWait ? "timewait" : "rto",
          left: Math.max(0, sockets.due(slot) - machine.loop.now),
          retransmits: isTimeWait ? 0 : sockets.retransmits(slot),
        }
      : {}),
  };
}

/** The TCP entries of a namespace as `conntrack -L -p tcp` lists them: expired ones do not show. */
export function listConntrack(netns: Netns): ObservedConntrackEntry[] {
  const table = netns.conntrack?.table;
  const now = netns.machine.loop.now;
  const entries: ObservedConntrackEntry[] = [];
  if (table === undefined) return entries;
  const tuple = (node: number): string => {
    const ports = table.ports(node);
    return `${formatEndpoint(table.src(node), ports >>> 16)} > ${formatEndpoint(table.dst(node), ports & 0xffff)}`;
  };
  for (let slot = 0; slot < table.extent; slot += 1) {
    const isListed = table.isUsed(slot) && table.has(slot, CtStatus.CONFIRMED);
    if (!isListed || table.protocol(slot) !== Protocol.TCP || table.expires(slot) <= now) continue;
    entries.push({
      state: CT_TCP_STATE_NAMES[table.state(slot)] ?? "",
      left: table.expires(slot) - now,
      original: tuple(2 * slot),
      reply: tuple(2 * slot + 1),
      flags: [
        ...(table.has(slot, CtStatus.SEEN_REPLY) ? [] : ["UNREPLIED"]),
        ...(table.has(slot, CtStatus.ASSURED) ? ["ASSURED"] : []),
      ],
    });
  }
  return entries;
}

/** The connections of a namespace as `ipvsadm -Lnc` lists them. */
export function listIpvsConnections(netns: Netns): ObservedIpvsConnection[] {
  const connections = netns.ipvs?.connections;
  const listed: ObservedIpvsConnection[] = [];
  if (connections === undefined) return listed;
  for (let row = 0; row < connections.extent; row += 1) {
    const protocol = connections.protocol[row]!;
    if (protocol === 0) continue;
    const ports = connections.ports[row]!;
    listed.push({
      protocol: protocolName(protocol),
      state: ipvsStateName(connections, row),
      client: formatEndpoint(connections.client[row]!, ports >>> 16),
      virtual: formatEndpoint(connections.virtual[row]!, ports & 0xffff),
      real: formatEndpoint(connections.real[row]!, connections.realPort[row]!),
      left: Math.max(0, connections.expires[row]! - netns.machine.loop.now),
    });
  }
  return listed;
}

/** Source: net/netfilter/ipvs/ip_vs_proto.c ip_vs_state_name, v6.1. */
function ipvsStateName(connections: IpvsConnectionTable, row: number): string {
  const flags = connections.flags[row]!;
  if ((flags & IpvsFlag.TEMPLATE) !== 0) return (flags & IpvsFlag.ASSURED) === 0 ? "NONE" : "ASSURED";
  if (connections.protocol[row] === Protocol.UDP) return "UDP";
  return IPVS_STATE_NAMES[connections.state[row]!] ?? "";
}

/** The virtual services of a namespace as `ipvsadm -Ln` lists them, real servers in the kernel's order. */
export function listIpvsServices(netns: Netns): ObservedIpvsService[] {
  return [...(netns.ipvs?.services() ?? [])].map((service) => ({
    protocol: protocolName(service.protocol),
    address: formatIpv4(service.address),
    port: service.port,
    scheduler: service.scheduler.name,
    realServers: service.servers.map(({ address, port, weight, active, inactive }) => ({
      real: formatEndpoint(address, port),
      weight,
      active,
      inactive,
    })),
  }));
}

/** What IPVS has counted, as `ipvsadm -Ln --stats` lists it. */
export function listIpvsStats(netns: Netns): ObservedIpvsStats[] {
  return [...(netns.ipvs?.services() ?? [])].map((service) => ({
    protocol: protocolName(service.protocol),
    virtual: formatEndpoint(service.address, service.port),
    ...trafficOf(service.stats),
    realServers: service.servers.map(({ address, port, stats }) => ({
      real: formatEndpoint(address, port),
      ...trafficOf(stats),
    })),
  }));
}

function trafficOf({ connections, inPackets, outPackets, inBytes, outBytes }: IpvsStats): ObservedTraffic {
  return { connections, inPackets, outPackets, inBytes, outBytes };
}

function protocolName(protocol: number): string {
  return protocol === Protocol.TCP ? "tcp" : "udp";
}
