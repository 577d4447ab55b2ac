import { SS_STATE_NAMES } from "../tcp/tcp_states.ts";
import { type LineReading, type Listing, NO_ROW, parseCount, readLines, wordsOf } from "./listing.ts";
import { parseEndpoint } from "./shown_endpoint.ts";
import type { SsRow, SsTimer } from "./ss_rows.ts";

/** Words that a header begins with; `ss` without `-t` has a column before the state. */
const HEADER = /^(Netid\s+)?(State\s+)?Recv-Q\s/;

/**
 * Reads the text of `ss -tan`, with or without header, `-o`, `-p`, `-e`; of a listing of all protocols (`ss -an`) it
 * takes TCP. Details that `-i` puts on lines of their own are passed over.
 */
export function parseSs(text: string): Listing<SsRow> {
  return readLines(text, readSocket);
}

function readSocket(line: string): LineReading<SsRow> {
  if (HEADER.test(line) || line.startsWith("\t")) return NO_ROW;
  const words = wordsOf(line);
  if (/^(udp|u_(str|dgr|seq)|raw|icmp6?|nl|p_(raw|dgr)|v_(str|dgr)|sctp|mptcp|tipc|xdp|\?\?\?)$/.test(words[0]!))
    return NO_ROW;
  const [state = "", received, sent, localText = "", peerText = "", ...details] =
    words[0] === "tcp" ? words.slice(1) : words;
  if (!SS_STATE_NAMES.includes(state)) return { problem: `Cannot read "${state}" as a TCP state of ss` };
  const receiveQueue = parseCount(received);
  const sendQueue = parseCount(sent);
  if (receiveQueue === undefined || sendQueue === undefined)
    return { problem: `Cannot read "${[received, sent].join(" ").trim()}" as Recv-Q and Send-Q` };
  const local = parseEndpoint(localText);
  if (local === undefined) return { problem: `Cannot read "${localText}" as the local address:port` };
  const peer = parseEndpoint(peerText);
  if (peer === undefined) return { problem: `Cannot read "${peerText}" as the peer's address:port` };
  const place = { state, receiveQueue, sendQueue, local, peer };
  const timerText = details.find((detail) => detail.startsWith("timer:"));
  if (timerText === undefined) return { row: place };
  const timer = parseTimer(timerText);
  return timer === undefined ? { problem: `Cannot read "${timerText}" as a timer` } : { row: { ...place, timer } };
}

function parseTimer(text: string): SsTimer | undefined {
  const parts = /^timer:\(([a-z]+),([^,]*),([0-9]+)\)$/.exec(text);
  if (parts === null) return undefined;
  const leftMs = parseDuration(parts[2]!);
  const retransmits = parseCount(parts[3]);
  if (leftMs === undefined || retransmits === undefined) return undefined;
  return { name: parts[1]!, leftMs, retransmits };
}

/** Milliseconds of `1min59sec`, `1.500sec`, `200ms` or nothing. */
function parseDuration(text: string): number | undefined {
  const parts = /^(?:([0-9]+)min)?(?:([0-9]+)(?:\.([0-9]{3}))?sec)?(?:([0-9]+)ms)?$/.exec(text);
  if (parts === null) return undefined;
  const [, minutes = "0", seconds = "0", fraction = "0", milliseconds = "0"] = parts;
  return Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(fraction) + Number(milliseconds);
}
