import { type Conntrack, NOTHING } from "../conntrack/conntrack.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { Netns } from "../netns.ts";
import { Protocol } from "../packet.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { reversePorts } from "../tuple_index.ts";
import type { FlowServer } from "./flow.ts";

/** The tables that a connection's packets come by. */
export interface FlowTables {
  readonly conntracks: readonly Conntrack[];
  readonly ipvs: readonly Ipvs[];
}

/**
 * Whether nothing knows the tuple that a client's socket has just got, in either direction: no socket of the server, no
 * conntrack entry, no IPVS connection; and whether all tables have room. That no service is on the port is asked beforehand.
 */
export function isTupleUnused(tcp: Tcp, slot: number, server: FlowServer, { conntracks, ipvs }: FlowTables): boolean {
  const { sockets } = tcp;
  const saddr = sockets.local(slot);
  const daddr = sockets.remote(slot);
  const ports = sockets.ports(slot);
  const reverse = reversePorts(ports);
  if (!hasRoom(tcp, tcp.netnsOf(slot)) || !hasRoom(server.tcp, server.netns)) return false;
  if (server.tcp.find(server.netns, daddr, ports & 0xffff, saddr, ports >>> 16) >= 0) return false;
  for (const conntrack of conntracks) {
    if (conntrack.findPredecessor(saddr, daddr, ports, reverse) !== NOTHING) return false;
  }
  for (const table of ipvs) {
    if (table.connections.count > 0 && hasConnection(table, saddr, daddr, ports)) return false;
  }
  return true;
}

/** Whether a TIME_WAIT entry finds room: even two, if both sides of a connection leave one. */
function hasRoom({ timeWaits }: Tcp, netns: Netns): boolean {
  return timeWaits.countOf(netns) < netns.maxTimeWaits - 1;
}

function hasConnection({ connections }: Ipvs, saddr: number, daddr: number, ports: number): boolean {
  const sport = ports >>> 16;
  const dport = ports & 0xffff;
  return (
    connections.findIn(Protocol.TCP, saddr, sport, daddr, dport) >= 0 ||
    connections.findIn(Protocol.TCP, daddr, dport, saddr, sport) >= 0 ||
    connections.findOut(Protocol.TCP, saddr, sport, daddr, dport) >= 0 ||
    connections.findOut(Protocol.TCP, daddr, dport, saddr, sport) >= 0
  );
}
