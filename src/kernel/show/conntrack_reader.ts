import { CT_TCP_STATE_NAMES } from "../conntrack/tcp_state_table.ts";
import type { ConntrackRow, ConntrackTuple } from "./conntrack_rows.ts";
import { type LineReading, type Listing, NO_ROW, parseCount, readLines, wordsOf } from "./listing.ts";
import { parseHost, parsePort } from "./shown_endpoint.ts";

const KEYS = ["src", "dst", "sport", "dport"] as const;

/**
 * Reads the text of `conntrack -L`, also with `-o extended,id,ktimestamp`, accounting or zones, and /proc/net/nf_conntrack.
 * Entries of protocols other than TCP and UDP are passed over, and so is the summary.
 */
export function parseConntrack(text: string): Listing<ConntrackRow> {
  return readLines(text, readEntry);
}

function readEntry(line: string): LineReading<ConntrackRow> {
  if (line.startsWith("conntrack v")) return NO_ROW;
  const all = wordsOf(line);
  const isExtended = (all[0] === "ipv4" || all[0] === "ipv6") && /^[0-9]+$/.test(all[1] ?? "");
  const [protocol = "", number, timeoutText, ...words] = isExtended ? all.slice(2) : all;
  if (parseCount(number) === undefined) return { problem: `Cannot read "${line.trim()}" as an entry of conntrack -L` };
  if (protocol !== "tcp" && protocol !== "udp") return NO_ROW;
  const timeoutSeconds = parseCount(timeoutText);
  if (timeoutSeconds === undefined) return { problem: `Cannot read "${timeoutText ?? ""}" as a timeout in seconds` };
  const state = words[0]?.includes("=") === false && !words[0].startsWith("[") ? words[0] : undefined;
  if (protocol === "tcp" && !CT_TCP_STATE_NAMES.includes(state ?? ""))
    return { problem: `Cannot read "${state ?? ""}" as a TCP state of conntrack` };
  const [original, reply] = [tupleOf(words, 0), tupleOf(words, 1)];
  if (typeof original === "string") return { problem: `${original} in the original direction` };
  if (typeof reply === "string") return { problem: `${reply} in the reply direction` };
  const markText = words.find((word) => word.startsWith("mark="))?.slice("mark=".length);
  const mark = markText === undefined ? 0 : parseCount(markText);
  if (mark === undefined) return { problem: `Cannot read "mark=${markText}" as a mark` };
  return {
    row: {
      protocol,
      timeoutSeconds,
      ...(protocol === "tcp" && state !== undefined ? { state } : {}),
      original,
      reply,
      isUnreplied: words.includes("[UNREPLIED]"),
      isAssured: words.includes("[ASSURED]") || words.includes("[OFFLOAD]") || words.includes("[HW_OFFLOAD]"),
      mark,
    },
  };
}

/** The tuple of a direction (0 or 1): the values of the nth `src=`, `dst=`, `sport=` and `dport=`; or what is wrong. */
function tupleOf(words: readonly string[], direction: number): ConntrackTuple | string {
  const texts = KEYS.map((key) => words.filter((word) => word.startsWith(`${key}=`))[direction]?.slice(key.length + 1));
  const missing = KEYS.findIndex((_, index) => texts[index] === undefined);
  if (missing >= 0) return `Cannot find ${KEYS[missing]}=`;
  const [source, destination, sport, dport] = [
    parseHost(texts[0]!),
    parseHost(texts[1]!),
    parsePort(texts[2]),
    parsePort(texts[3]),
  ];
  if (source === undefined) return `Cannot read "src=${texts[0]}" as an address`;
  if (destination === undefined) return `Cannot read "dst=${texts[1]}" as an address`;
  if (sport === undefined) return `Cannot read "sport=${texts[2]}" as a port`;
  if (dport === undefined) return `Cannot read "dport=${texts[3]}" as a port`;
  return { source: { address: source, port: sport }, destination: { address: destination, port: dport } };
}
