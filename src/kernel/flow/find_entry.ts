import type { Ipv4 } from "../../units.ts";
import type { ConntrackTable } from "../conntrack/conntrack_table.ts";
import { CtStatus } from "../conntrack/ct_status.ts";
import { Protocol } from "../packet.ts";
import { reversePorts } from "../tuple_index.ts";
import type { EntryFacts } from "./exchange_facts.ts";

/** A tuple as tables have it, its ports in one word. */
export interface Tuple {
  readonly src: Ipv4;
  readonly dst: Ipv4;
  readonly ports: number;
}

/**
 * The entry of a connection, if it has one, and whose tuples that has: `undefined` if they are not its ends', or if DNAT
 * made them where nobody expects it.
 */
// oxlint-disable-next-line max-params -- the two ends' tuples
export function findEntry(
  table: ConntrackTable,
  asClient: Tuple,
  asServer: Tuple,
  hasDnat: boolean,
): { readonly slot: number; readonly tuples: EntryFacts["tuples"] | undefined } | undefined {
  const isOf = ({ src, dst, ports }: Tuple, node: number): boolean =>
    (node & 1) === 0 && table.find(dst, src, reversePorts(ports), Protocol.TCP) === node + 1;
  const byClient = table.find(asClient.src, asClient.dst, asClient.ports, Protocol.TCP);
  const byServer = table.find(asServer.src, asServer.dst, asServer.ports, Protocol.TCP);
  const node = byClient < 0 ? byServer : byClient;
  if (node < 0) return undefined;
  const slot = node >> 1;
  const isMasqueraded = table.has(slot, CtStatus.SRC_NAT);
  if (table.has(slot, CtStatus.DST_NAT) && !hasDnat) return { slot, tuples: undefined };
  if (!isMasqueraded && byClient >= 0 && isOf(asClient, node)) return { slot, tuples: "client" };
  if (!isOf(asServer, node)) return { slot, tuples: undefined };
  if (byClient >= 0) return { slot, tuples: "both" };
  return { slot, tuples: isMasqueraded ? undefined : "server" };
}
