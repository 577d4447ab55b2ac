import type { Ipv4, Port } from "../../units.ts";
import { type Conntrack, NOTHING } from "../conntrack/conntrack.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { Netns } from "../netns.ts";
import { Protocol } from "../packet.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { packPorts, reversePorts } from "../tuple_index.ts";
import { type FlowServer, type FlowTuple, replyDport } from "./flow.ts";

/** The tables that a connection's packets come by. */
export interface FlowTables {
  readonly conntracks: readonly Conntrack[];
  readonly ipvs: readonly Ipvs[];
  /** Whether the server, too, may leave a TIME_WAIT entry. */
  readonly hasServerWaits: boolean;
}

/**
 * Whether nothing but its client's socket knows the tuples of a connection that is about to begin, in either direction: no
 * socket of the server, no conntrack entry, no IPVS connection; and whether all tables have room. That no service is on
 * the port is asked beforehand.
 *
 * @param port the source port.
 */
export function isTupleUnused(tuple: FlowTuple, server: FlowServer, port: Port, tables: FlowTables): boolean {
  const { client, tcp, saddr, daddr, dport, replySrc, replyDst, replySport } = tuple;
  if (!hasRoom(tcp, client) || (tables.hasServerWaits && !hasRoom(server.tcp, server.netns))) return false;
  const { netns } = server;
  const portAtServer = replyDport(tuple, port);
  if (server.tcp.mayKnowPort(portAtServer) && server.tcp.find(netns, replySrc, replySport, replyDst, portAtServer) >= 0)
    return false;
  if (!areUnusedIn(tables, saddr, daddr, packPorts(port, dport))) return false;
  if (tuple.real === undefined && tuple.dnat === undefined) return true;
  // IPVS has the server's tuple with the client's own address and port, and without masquerading conntrack has.
  return (
    areUnusedIn(tables, replyDst, replySrc, packPorts(portAtServer, replySport)) &&
    areUnusedIn(tables, saddr, replySrc, packPorts(port, replySport))
  );
}

// oxlint-disable-next-line max-params -- called per connection: an object would be allocated each time
function areUnusedIn({ conntracks, ipvs }: FlowTables, saddr: Ipv4, daddr: Ipv4, ports: number): boolean {
  const reverse = reversePorts(ports);
  for (const conntrack of conntracks) {
    if (conntrack.findPredecessor(saddr, daddr, ports, reverse) !== NOTHING) return false;
  }
  for (const table of ipvs) {
    if (table.connections.count > 0 && hasConnection(table, saddr, daddr, ports)) return false;
  }
  return true;
}

/** Whether a TIME_WAIT entry finds room: even two, if both sides of a connection leave one in the same namespace. */
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
