import { type Ipv4, type Port, SECOND } from "../../units.ts";
import type { RealServer, VirtualService } from "../ipvs/virtual_service.ts";
import type { Netns } from "../netns.ts";
import { Protocol } from "../packet.ts";
import { glibcSort } from "./glibc_sort.ts";
import { shownEndpoint, type ShownEndpoint } from "./shown_endpoint.ts";

/** Forwarding methods as `ipvsadm -Ln` writes them. */
export const IPVS_FORWARDS = ["Masq", "Local", "Tunnel", "Route", "Bypass"] as const;

/** One of `IPVS_FORWARDS`; the simulated IPVS has `Masq` only. */
export type IpvsForward = (typeof IPVS_FORWARDS)[number];

/** Protocols as `ipvsadm` writes them. */
export const IPVS_PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;

/** What clients address: an address and a port, or a firewall mark. */
export type IpvsTarget =
  | { readonly kind: "address"; readonly protocol: (typeof IPVS_PROTOCOLS)[number]; readonly virtual: ShownEndpoint }
  | { readonly kind: "fwmark"; readonly fwmark: number; readonly isIpv6: boolean };

/** A real server in a listing; `ipvsadm-save` tells no connections. */
export interface IpvsServerRow {
  readonly real: ShownEndpoint;
  readonly forward: IpvsForward;
  readonly weight: number;
  readonly connections?: { readonly active: number; readonly inactive: number };
}

/** A virtual service with its real servers. */
export interface IpvsServiceRow {
  readonly target: IpvsTarget;
  readonly scheduler: string;
  /** `sh-port` and the like. */
  readonly schedulerFlags?: string;
  /** How long a client keeps its server, seconds. */
  readonly persistentSeconds?: number;
  /** The netmask or prefix length of clients that keep one server together; absent for single addresses. */
  readonly persistentMask?: string;
  readonly persistenceEngine?: string;
  readonly isOnePacket?: boolean;
  readonly servers: readonly IpvsServerRow[];
}

/**
 * The virtual services of a namespace now, in the order of `ipvsadm`: it sorts by protocol, address and port, and takes the
 * difference of two addresses as a signed number, so that 10.0.0.1 comes after 169.254.20.10. Where that is no order, the
 * result depends on the order before it: that of the kernel's hash there, of addition here.
 *
 * Source: ipvsadm/libipvs/libipvs.c ipvs_cmp_services, ipvs_cmp_dests, v1.31.
 */
export function listIpvsRows(netns: Netns): readonly IpvsServiceRow[] {
  return glibcSort([...(netns.ipvs?.services() ?? [])], compareServices).map(serviceRow);
}

/** The rows as `ipvsadm-save` tells them: without connections. */
export function withoutConnections(rows: readonly IpvsServiceRow[]): readonly IpvsServiceRow[] {
  return rows.map((row) => ({
    ...row,
    servers: row.servers.map(({ real, forward, weight }) => ({ real, forward, weight })),
  }));
}

function serviceRow({
  protocol,
  address,
  port,
  scheduler,
  persistentTimeout,
  servers,
}: VirtualService): IpvsServiceRow {
  return {
    target: {
      kind: "address",
      protocol: protocol === Protocol.TCP ? "TCP" : "UDP",
      virtual: shownEndpoint(address, port),
    },
    scheduler: scheduler.name,
    ...(persistentTimeout === 0 ? {} : { persistentSeconds: Math.floor(persistentTimeout / SECOND) }),
    servers: glibcSort(servers, comparePlaces).map(serverRow),
  };
}

function serverRow({ address, port, weight, active, inactive }: RealServer): IpvsServerRow {
  return { real: shownEndpoint(address, port), forward: "Masq", weight, connections: { active, inactive } };
}

function compareServices(a: VirtualService, b: VirtualService): number {
  return a.protocol - b.protocol || comparePlaces(a, b);
}

function comparePlaces(
  a: { readonly address: Ipv4; readonly port: Port },
  b: { readonly address: Ipv4; readonly port: Port },
): number {
  return (a.address - b.address) | 0 || a.port - b.port;
}
