import type { Counters } from "../counters.ts";
import { type LineReading, type Listing, NO_ROW, parseCount, readLines, wordsOf } from "./listing.ts";

/** A counter of a namespace. */
export interface NstatRow {
  readonly name: string;
  readonly value: number;
}

/**
 * The counters that `nstat` knows, in its order: /proc/net/snmp, then /proc/net/netstat.
 *
 * Source: net/ipv4/proc.c snmp4_ipstats_list, snmp4_tcp_list, snmp4_net_list, snmp4_ipextstats_list, v6.1.
 * Not modelled: all other counters, which a kernel has beside these.
 */
const NSTAT_NAMES = [
  "IpInReceives",
  "IpInAddrErrors",
  "IpForwDatagrams",
  "IpInDelivers",
  "IpOutNoRoutes",
  "IcmpOutDestUnreachs",
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpInSegs",
  "TcpOutSegs",
  "TcpRetransSegs",
  "TcpOutRsts",
  "TcpExtEmbryonicRsts",
  "TcpExtTW",
  "TcpExtTWRecycled",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPTimeouts",
  "TcpExtIPReversePathFilter",
  "TcpExtTCPTimeWaitOverflow",
  "TcpExtTCPChallengeACK",
  "TcpExtTCPSynRetrans",
  "IpExtInNoRoutes",
] as const satisfies readonly (keyof Counters)[];

/** The counters that `nstat -az` prints for a namespace. */
export function listNstatRows(counters: Counters): NstatRow[] {
  return NSTAT_NAMES.map((name) => ({ name, value: counters[name] }));
}

/** What `nstat -az` prints in a namespace now. */
export function showNstat(counters: Counters): string {
  return formatNstat(listNstatRows(counters));
}

/** The text of `nstat -az` without its daemon, so that every rate is 0. Source: iproute2/misc/nstat.c dump_kern_db, v6.1.0. */
export function formatNstat(rows: readonly NstatRow[]): string {
  const lines = rows.map(({ name, value }) => `${name.padEnd(32)}${`${value}`.padEnd(16)}${"0.0".padStart(6)}`);
  return ["#kernel", ...lines].map((line) => `${line}\n`).join("");
}

/** Reads the text of `nstat`, `nstat -a` or `nstat -az`; rates are passed over. */
export function parseNstat(text: string): Listing<NstatRow> {
  return readLines(text, readCounter);
}

/** What `conntrack -S` prints for a namespace, as if it had one CPU. Source: conntrack-tools/src/conntrack.c nfct_stats_cb, v1.4.7. */
export function showConntrackStats(counters: Counters): string {
  const { nf_conntrack_found: found, nf_conntrack_invalid: invalid, nf_conntrack_drop: drop } = counters;
  const { nf_conntrack_insert_failed: insertFailed, nf_conntrack_early_drop: earlyDrop } = counters;
  return (
    `cpu=0   \tfound=${found} invalid=${invalid} insert=0 insert_failed=${insertFailed} drop=${drop} ` +
    `early_drop=${earlyDrop} error=0 search_restart=0 clash_resolve=0 chaintoolong=0 \n`
  );
}

function readCounter(line: string): LineReading<NstatRow> {
  if (line.startsWith("#")) return NO_ROW;
  const [name = "", text] = wordsOf(line);
  const value = parseCount(text);
  if (value === undefined || !/^[A-Za-z][A-Za-z0-9_]*$/.test(name))
    return { problem: `Cannot read "${line.trim()}" as the name and the value of a counter` };
  return { row: { name, value } };
}
