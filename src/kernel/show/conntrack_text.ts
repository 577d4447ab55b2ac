import type { Netns } from "../netns.ts";
import { Protocol } from "../packet.ts";
import { type ConntrackRow, type ConntrackTuple, listConntrackRows } from "./conntrack_rows.ts";

/** What `conntrack -L` prints in a namespace now. */
export function showConntrack(netns: Netns): string {
  return formatConntrack(listConntrackRows(netns));
}

/**
 * The text of `conntrack -L` for rows in their order.
 *
 * Source: libnetfilter_conntrack/src/conntrack/snprintf_default.c __snprintf_conntrack_default, v1.0.9.
 * Not modelled: accounting (`packets=` and `bytes=`), zones, security contexts, offload; an entry in use by a packet under
 * way, which would show a `use` above 1.
 */
export function formatConntrack(rows: readonly ConntrackRow[]): string {
  return rows.map((row) => `${lineOf(row)}\n`).join("");
}

/** The line that `conntrack -L` adds on its standard error. Source: conntrack-tools/src/conntrack.c main, v1.4.7. */
export function conntrackSummary(count: number): string {
  return `conntrack v1.4.7 (conntrack-tools): ${count} flow entries have been shown.\n`;
}

function lineOf(row: ConntrackRow): string {
  const { protocol, timeoutSeconds, state, original, reply, isUnreplied, isAssured, mark } = row;
  const number = protocol === "tcp" ? Protocol.TCP : Protocol.UDP;
  return [
    `${protocol.padEnd(8)} ${number} ${timeoutSeconds}`,
    ...(state === undefined ? [] : [state]),
    tupleText(original),
    ...(isUnreplied ? ["[UNREPLIED]"] : []),
    tupleText(reply),
    ...(isAssured ? ["[ASSURED]"] : []),
    `mark=${mark} use=1`,
  ].join(" ");
}

function tupleText({ source, destination }: ConntrackTuple): string {
  return `src=${source.address} dst=${destination.address} sport=${source.port} dport=${destination.port}`;
}
