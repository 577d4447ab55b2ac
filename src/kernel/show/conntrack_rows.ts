import { CtStatus } from "../conntrack/ct_status.ts";
import { CT_TCP_STATE_NAMES } from "../conntrack/tcp_state_table.ts";
import type { Netns } from "../netns.ts";
import { Protocol } from "../packet.ts";
import { compareEndpoints, shownEndpoint, type ShownEndpoint } from "./shown_endpoint.ts";
import { secondsLeft } from "./time_left.ts";

/** One direction of an entry. */
export interface ConntrackTuple {
  readonly source: ShownEndpoint;
  readonly destination: ShownEndpoint;
}

/** A line of `conntrack -L` for TCP or UDP. */
export interface ConntrackRow {
  readonly protocol: "tcp" | "udp";
  readonly timeoutSeconds: number;
  /** As `conntrack` writes it: `SYN_RECV`; absent for UDP. */
  readonly state?: string;
  readonly original: ConntrackTuple;
  readonly reply: ConntrackTuple;
  readonly isUnreplied: boolean;
  readonly isAssured: boolean;
  /** Unsigned. */
  readonly mark: number;
}

/**
 * The conntrack entries of a namespace now: those that are confirmed and have not expired. They come in the order of the
 * hash in the kernel, and here by protocol, source and destination of their original direction.
 *
 * Source: net/netfilter/nf_conntrack_netlink.c ctnetlink_dump_table, v6.1.
 */
export function listConntrackRows(netns: Netns): ConntrackRow[] {
  const table = netns.conntrack?.table;
  if (table === undefined) return [];
  netns.conntrack?.deferred?.recallAll();
  const tuple = (node: number): ConntrackTuple => ({
    source: shownEndpoint(table.src(node), table.ports(node) >>> 16),
    destination: shownEndpoint(table.dst(node), table.ports(node) & 0xffff),
  });
  const rows: ConntrackRow[] = [];
  for (let slot = 0; slot < table.extent; slot += 1) {
    if (!table.isUsed(slot) || !table.has(slot, CtStatus.CONFIRMED)) continue;
    if (table.expires(slot) <= netns.machine.loop.now) continue;
    const isTcp = table.protocol(slot) === Protocol.TCP;
    rows.push({
      protocol: isTcp ? "tcp" : "udp",
      timeoutSeconds: secondsLeft(netns.machine, table.expires(slot)),
      ...(isTcp ? { state: CT_TCP_STATE_NAMES[table.state(slot)] ?? "NONE" } : {}),
      original: tuple(2 * slot),
      reply: tuple(2 * slot + 1),
      isUnreplied: !table.has(slot, CtStatus.SEEN_REPLY),
      isAssured: table.has(slot, CtStatus.ASSURED),
      mark: 0,
    });
  }
  return rows.toSorted(compareRows);
}

function compareRows(a: ConntrackRow, b: ConntrackRow): number {
  if (a.protocol !== b.protocol) return a.protocol === "tcp" ? -1 : 1;
  return (
    compareEndpoints(a.original.source, b.original.source) ||
    compareEndpoints(a.original.destination, b.original.destination)
  );
}
