import type { Netns } from "../netns.ts";
import { type IpvsConnectionRow, listIpvsConnectionRows } from "./ipvs_connection_rows.ts";
import { type LineReading, type Listing, NO_ROW, readLines, wordsOf } from "./listing.ts";
import { endpointText, parseEndpoint } from "./shown_endpoint.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP", "IP"] as const;
const TITLE = /^(IPVS connection entries|pro\s+expire\s)/;

/** What `ipvsadm -Lnc` prints in a namespace now. */
export function showIpvsConnections(netns: Netns): string {
  return formatIpvsConnections(listIpvsConnectionRows(netns));
}

/** The text of `ipvsadm -Lnc` for rows in their order. Source: ipvsadm/ipvsadm.c print_conn, list_conn, v1.31. */
export function formatIpvsConnections(rows: readonly IpvsConnectionRow[]): string {
  const title = ["IPVS connection entries", lineOf(["pro", "expire", "state", "source", "virtual", "destination"])];
  const lines = rows.map(({ protocol, expiresSeconds, state, source, virtual, destination }) =>
    lineOf([
      protocol,
      expiryText(expiresSeconds),
      state,
      endpointText(source),
      endpointText(virtual),
      endpointText(destination),
    ]),
  );
  return [...title, ...lines].map((line) => `${line}\n`).join("");
}

/** Reads the text of `ipvsadm -Lnc`, with or without its title; what `--persistent-conn` adds is passed over. */
export function parseIpvsConnections(text: string): Listing<IpvsConnectionRow> {
  return readLines(text, readConnection);
}

const WIDTHS = [3, 6, 11, 18, 18, 0];

function lineOf(columns: readonly string[]): string {
  return columns.map((text, column) => text.padEnd(WIDTHS[column]!)).join(" ");
}

/** Minutes may have more than two digits. */
function expiryText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${`${minutes}`.padStart(2, "0")}:${`${seconds % 60}`.padStart(2, "0")}`;
}

function readConnection(line: string): LineReading<IpvsConnectionRow> {
  if (TITLE.test(line)) return NO_ROW;
  const [protocolText = "", expiry = "", state, ...endpoints] = wordsOf(line);
  const protocol = PROTOCOLS.find((name) => name === protocolText);
  if (protocol === undefined) return { problem: `Cannot read "${protocolText}" as one of ${PROTOCOLS.join(", ")}` };
  const time = /^([0-9]{2,7}):([0-5][0-9])$/.exec(expiry);
  if (time === null) return { problem: `Cannot read "${expiry}" as minutes:seconds` };
  if (state === undefined) return { problem: "Cannot find the state of this connection" };
  const expiresSeconds = Number(time[1]) * 60 + Number(time[2]);
  const [source, virtual, destination] = endpoints.map(parseEndpoint);
  if (source === undefined || virtual === undefined || destination === undefined)
    return { problem: `Cannot read "${endpoints.slice(0, 3).join(" ")}" as three times address:port` };
  return { row: { protocol, expiresSeconds, state, source, virtual, destination } };
}
