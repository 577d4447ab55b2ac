import type { IpvsConnectionTable } from "../ipvs/ipvs_connection_table.ts";
import { IpvsFlag } from "../ipvs/ipvs_connection_table.ts";
import { IPVS_STATE_NAMES } from "../ipvs/ipvs_tcp_states.ts";
import type { Netns } from "../netns.ts";
import { Protocol } from "../packet.ts";
import { compareEndpoints, shownEndpoint, type ShownEndpoint } from "./shown_endpoint.ts";
import { secondsLeft } from "./time_left.ts";

/** A line of `ipvsadm -Lnc`. */
export interface IpvsConnectionRow {
  /** `IP` is the template of a firewall mark, on real nodes only. */
  readonly protocol: "TCP" | "UDP" | "SCTP" | "IP";
  readonly expiresSeconds: number;
  /** As `ipvsadm` writes it: `SYN_RECV`; `UDP` for all of UDP; `NONE` or `ASSURED` for a persistence template. */
  readonly state: string;
  readonly source: ShownEndpoint;
  readonly virtual: ShownEndpoint;
  readonly destination: ShownEndpoint;
}

/**
 * The connections of IPVS in a namespace now, templates included. They come in the order of the kernel's hash there, and
 * here by source, virtual service and protocol.
 *
 * Source: net/netfilter/ipvs/ip_vs_conn.c ip_vs_conn_seq_show; net/netfilter/ipvs/ip_vs_proto.c ip_vs_state_name, v6.1.
 */
export function listIpvsConnectionRows(netns: Netns): IpvsConnectionRow[] {
  const connections = netns.ipvs?.connections;
  if (connections === undefined) return [];
  const rows: IpvsConnectionRow[] = [];
  for (let row = 0; row < connections.extent; row += 1) {
    if (connections.protocol[row] === 0) continue;
    const ports = connections.ports[row]!;
    rows.push({
      protocol: connections.protocol[row] === Protocol.TCP ? "TCP" : "UDP",
      expiresSeconds: secondsLeft(netns.machine, connections.expires[row]!),
      state: stateName(connections, row),
      source: shownEndpoint(connections.client[row]!, ports >>> 16),
      virtual: shownEndpoint(connections.virtual[row]!, ports & 0xffff),
      destination: shownEndpoint(connections.real[row]!, connections.realPort[row]!),
    });
  }
  return rows.toSorted(compareRows);
}

function stateName(connections: IpvsConnectionTable, row: number): string {
  const flags = connections.flags[row]!;
  if ((flags & IpvsFlag.TEMPLATE) !== 0) return (flags & IpvsFlag.ASSURED) === 0 ? "NONE" : "ASSURED";
  if (connections.protocol[row] !== Protocol.TCP) return "UDP";
  return IPVS_STATE_NAMES[connections.state[row]!] ?? "ERR!";
}

function compareRows(a: IpvsConnectionRow, b: IpvsConnectionRow): number {
  const byEndpoint = compareEndpoints(a.source, b.source) || compareEndpoints(a.virtual, b.virtual);
  if (byEndpoint !== 0 || a.protocol === b.protocol) return byEndpoint;
  return a.protocol < b.protocol ? -1 : 1;
}
