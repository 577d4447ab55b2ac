import type { Packet } from "../packet.ts";
import type { Ipvs } from "./ipvs.ts";
import { type IpvsConnectionTable, IpvsFlag } from "./ipvs_connection_table.ts";
import type { VirtualService } from "./virtual_service.ts";

/**
 * Makes a connection of a persistent service: a client that has a template goes to the template's server, any other one
 * is scheduled and gets a template. The template's time starts anew with each connection.
 *
 * Source: net/netfilter/ipvs/ip_vs_core.c ip_vs_sched_persist, v6.1. Not modelled: a mask of the client's address (it is
 * /32), persistence engines, services of all ports.
 *
 * @returns the connection's row, or -1 if the scheduler finds no server.
 */
export function schedulePersistent(ipvs: Ipvs, service: VirtualService, packet: Packet): number {
  const known = findTemplate(ipvs, packet);
  const template = known >= 0 ? known : makeTemplate(ipvs, service, packet);
  if (template < 0) return -1;
  const connections = ipvs.connections;
  const row = ipvs.addConnection(packet, connections.server[template]!);
  connections.control[row] = template + 1;
  connections.controlled[template] = connections.controlled[template]! + 1;
  ipvs.setTimer(template, service.persistentTimeout);
  return row;
}

/** Notes at a connection's template that one was established. Source: net/netfilter/ipvs/ip_vs_proto_tcp.c set_tcp_state, v6.1. */
export function assureTemplate({ control, flags }: IpvsConnectionTable, row: number): void {
  const template = control[row]! - 1;
  if (template >= 0) flags[template] = flags[template]! | IpvsFlag.ASSURED;
}

/**
 * Parts a connection that ends from its template. If it was told to end now, a template without other connections that
 * never saw one established ends, too.
 *
 * Source: net/netfilter/ipvs/ip_vs_conn.c ip_vs_conn_expire, v6.1.
 */
export function releaseTemplate(ipvs: Ipvs, row: number): void {
  const { control, controlled, flags } = ipvs.connections;
  const template = control[row]! - 1;
  if (template < 0) return;
  control[row] = 0;
  controlled[template] = controlled[template]! - 1;
  const endsNow = (flags[row]! & IpvsFlag.ENDS_NOW) !== 0;
  const isAssured = (flags[template]! & IpvsFlag.ASSURED) !== 0;
  if (endsNow && controlled[template] === 0 && !isAssured) ipvs.expireSoon(template);
}

/** The client's template if its server still serves, or -1. Source: net/netfilter/ipvs/ip_vs_conn.c ip_vs_ct_in_get, ip_vs_check_template, v6.1. */
function findTemplate({ connections, settings }: Ipvs, packet: Packet): number {
  const row = connections.findIn(packet.protocol, packet.src, 0, packet.dst, packet.dport);
  if (row < 0) return -1;
  const server = connections.server[row]!;
  if (server.isAvailable && !(settings.expireQuiescentTemplate && server.weight === 0)) return row;
  connections.invalidate(row);
  return -1;
}

function makeTemplate(ipvs: Ipvs, service: VirtualService, packet: Packet): number {
  const server = service.scheduler.schedule(service, packet);
  return server === undefined ? -1 : ipvs.addTemplate(packet, server);
}
