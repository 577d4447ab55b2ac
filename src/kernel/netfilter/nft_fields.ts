import type { NftCursor } from "./nft_cursor.ts";
import { quote } from "./nft_cursor.ts";
import type { NftField, NftKey } from "./nft_ruleset.ts";

/** The type of a field's values, under the name that `type` in a set has for it. */
export type NftDatatype =
  | "ipv4_addr"
  | "inet_proto"
  | "inet_service"
  | "mark"
  | "ifname"
  | "ct_state"
  | "fib_addrtype"
  | "nf_proto"
  | "integer";

const DATATYPES: Readonly<Record<NftField["kind"], NftDatatype>> = {
  saddr: "ipv4_addr",
  daddr: "ipv4_addr",
  protocol: "inet_proto",
  sport: "inet_service",
  dport: "inet_service",
  mark: "mark",
  iifname: "ifname",
  oifname: "ifname",
  ctState: "ct_state",
  saddrType: "fib_addrtype",
  daddrType: "fib_addrtype",
  nfproto: "nf_proto",
  numgen: "integer",
};

/** The types that a set may be declared with. Not modelled: those of IPv6, the link layer and all others. */
export const SET_DATATYPES: readonly NftDatatype[] = [
  "ipv4_addr",
  "inet_proto",
  "inet_service",
  "mark",
  "ifname",
  "ct_state",
];

/** The headers with ports that nft names, and their protocols; `th` is whichever the packet has. */
const PORT_HEADERS: ReadonlyMap<string, number | undefined> = new Map([
  ["tcp", 6],
  ["udp", 17],
  ["sctp", 132],
  ["th", undefined],
]);

const NUMBER_MOST = 0xffffffff;

/** A key as it was read. */
export interface NftKeyReading {
  readonly key: NftKey;
  /** The protocol that the key takes for granted (`tcp dport`), so that nft tests it first. */
  readonly protocol: number | undefined;
}

/** The type of the values that a field has. */
export function datatypeOf(field: NftField): NftDatatype {
  return DATATYPES[field.kind];
}

/**
 * Reads `ip daddr`, `ip daddr . meta l4proto . th dport`, `meta mark and 0x4000`, `numgen random mod 2` and the like.
 *
 * Not modelled: all other fields, among them TCP flags, `ct status`, `ct mark`, `jhash`, and the interface in `fib`.
 */
export function readKey(cursor: NftCursor): NftKeyReading | undefined {
  const key: NftField[] = [];
  let protocol: number | undefined;
  do {
    const header = cursor.token.text;
    const field = readField(cursor);
    if (field === undefined) return undefined;
    key.push(field);
    if (field.kind === "sport" || field.kind === "dport") protocol ??= PORT_HEADERS.get(header);
  } while (cursor.take("."));
  return { key, protocol };
}

/** Whether the next token begins a key. */
export function isAtKey(cursor: NftCursor): boolean {
  const { kind, text } = cursor.token;
  return kind === "word" && (PORT_HEADERS.has(text) || FIELD_READERS.has(text));
}

type FieldReader = (cursor: NftCursor) => NftField | undefined;

/** What follows the first word of a field that is not a header with ports. */
const FIELD_READERS: ReadonlyMap<string, FieldReader> = new Map([
  ["ip", readIpField],
  ["meta", readMetaField],
  ["mark", readMark],
  ["iifname", (): NftField => ({ kind: "iifname" })],
  ["oifname", (): NftField => ({ kind: "oifname" })],
  ["iif", (): NftField => ({ kind: "iifname" })],
  ["oif", (): NftField => ({ kind: "oifname" })],
  ["ct", readCtField],
  ["fib", readFib],
  ["numgen", readNumgen],
]);

function readField(cursor: NftCursor): NftField | undefined {
  const { kind, text } = cursor.token;
  const reader = kind === "word" ? FIELD_READERS.get(text) : undefined;
  if (reader !== undefined) {
    cursor.next();
    return reader(cursor);
  }
  if (kind !== "word" || !PORT_HEADERS.has(text)) return cursor.fail(`${quote(cursor.token)} is not modelled`);
  cursor.next();
  const port = cursor.takeAny(["sport", "dport"]);
  return port === undefined ? failField(cursor, text) : { kind: port };
}

function failField(cursor: NftCursor, header: string): undefined {
  return cursor.fail(`"${header} ${cursor.token.text.trim()}" is not modelled`);
}

function readIpField(cursor: NftCursor): NftField | undefined {
  const kind = cursor.takeAny(["saddr", "daddr", "protocol"]);
  return kind === undefined ? failField(cursor, "ip") : { kind };
}

function readMetaField(cursor: NftCursor): NftField | undefined {
  if (cursor.take("l4proto")) return { kind: "protocol" };
  if (cursor.take("nfproto")) return { kind: "nfproto" };
  if (cursor.take("iifname") || cursor.take("iif")) return { kind: "iifname" };
  if (cursor.take("oifname") || cursor.take("oif")) return { kind: "oifname" };
  return cursor.take("mark") ? readMark(cursor) : failField(cursor, "meta");
}

/** The mark, perhaps cut by a mask: `mark and 0x4000`, `mark & 0x4000`. */
function readMark(cursor: NftCursor): NftField | undefined {
  if (cursor.takeAny(["and", "&"]) === undefined) return { kind: "mark", mask: NUMBER_MOST };
  const mask = cursor.number("a mask", NUMBER_MOST);
  return mask === undefined ? undefined : { kind: "mark", mask };
}

function readCtField(cursor: NftCursor): NftField | undefined {
  return cursor.take("state") ? { kind: "ctState" } : failField(cursor, "ct");
}

function readFib(cursor: NftCursor): NftField | undefined {
  const address = cursor.takeAny(["saddr", "daddr"]);
  if (address === undefined || !cursor.take("type")) return failField(cursor, `fib ${address ?? ""}`.trim());
  return { kind: address === "saddr" ? "saddrType" : "daddrType" };
}

function readNumgen(cursor: NftCursor): NftField | undefined {
  const mode = cursor.takeAny(["random", "inc"]);
  if (mode === undefined) return failField(cursor, "numgen");
  if (!cursor.expect("mod")) return undefined;
  const modulus = cursor.number("a modulus", NUMBER_MOST);
  if (modulus === undefined) return undefined;
  if (modulus === 0) return cursor.fail("a modulus is 1 or more");
  const offset = cursor.take("offset") ? cursor.number("an offset", NUMBER_MOST) : 0;
  return offset === undefined ? undefined : { kind: "numgen", isRandom: mode === "random", modulus, offset };
}
