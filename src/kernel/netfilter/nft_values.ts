import { parseIpv4, prefixMask } from "../../units.ts";
import { CtState } from "../packet.ts";
import { quote } from "./nft_cursor.ts";
import type { NftCursor } from "./nft_cursor.ts";
import type { NftDatatype } from "./nft_fields.ts";
import type { NftElement, NftValue } from "./nft_ruleset.ts";

/** The number of `fib … type local`; every other type of address has number 0 here. */
export const ADDRESS_TYPE_LOCAL = 2;

/** The number of `meta nfproto ipv4`. */
export const NFPROTO_IPV4 = 2;

type Names = ReadonlyMap<string, number>;

/** Values that have names. Not modelled: services by their names (`https`) and types of addresses other than local. */
const NAMES: Readonly<Record<NftDatatype, Names>> = {
  ipv4_addr: new Map<string, number>(),
  inet_proto: new Map([
    ["icmp", 1],
    ["tcp", 6],
    ["udp", 17],
    ["sctp", 132],
  ]),
  inet_service: new Map<string, number>(),
  mark: new Map<string, number>(),
  ifname: new Map<string, number>(),
  ct_state: new Map([
    ["invalid", CtState.INVALID],
    ["established", CtState.ESTABLISHED],
    ["related", CtState.RELATED],
    ["new", CtState.NEW],
    ["untracked", CtState.UNTRACKED],
  ]),
  fib_addrtype: new Map([["local", ADDRESS_TYPE_LOCAL]]),
  nf_proto: new Map([
    ["ipv4", NFPROTO_IPV4],
    ["ipv6", 10],
  ]),
  integer: new Map<string, number>(),
};

/** The greatest number of each type that may be written as a number; -1 if none may. */
const NUMBERS_MOST: Readonly<Record<NftDatatype, number>> = {
  ipv4_addr: -1,
  inet_proto: 255,
  inet_service: 65535,
  mark: 0xffffffff,
  ifname: -1,
  ct_state: -1,
  fib_addrtype: -1,
  nf_proto: -1,
  integer: 0xffffffff,
};

/** Reads one value per type, joined by `.`. */
export function readElement(cursor: NftCursor, types: readonly NftDatatype[]): NftElement | undefined {
  const element: NftValue[] = [];
  for (const type of types) {
    if (element.length > 0 && !cursor.expect(".")) return undefined;
    const value = readValue(cursor, type);
    if (value === undefined) return undefined;
    element.push(value);
  }
  return element;
}

/** Reads a value, a range `low-high`, or a prefix. */
export function readValue(cursor: NftCursor, type: NftDatatype): NftValue | undefined {
  if (type === "ifname") return readInterfaceName(cursor);
  const low = readNumber(cursor, type);
  if (low === undefined) return undefined;
  if (type === "ipv4_addr" && cursor.take("/")) {
    const length = cursor.number("a prefix length", 32);
    if (length === undefined) return undefined;
    const mask = prefixMask(length);
    return { low: (low & mask) >>> 0, high: (low | ~mask) >>> 0 };
  }
  if (!cursor.take("-")) return { low, high: low };
  const high = readNumber(cursor, type);
  if (high === undefined) return undefined;
  return high < low ? cursor.fail("a range begins with its lower end") : { low, high };
}

function readNumber(cursor: NftCursor, type: NftDatatype): number | undefined {
  const { kind, text } = cursor.token;
  if (kind === "address" && type === "ipv4_addr") {
    const address = parseIpv4(text);
    if (address === undefined) return cursor.fail(`"${text}" is not an IPv4 address`);
    cursor.next();
    return address >>> 0;
  }
  const named = kind === "word" ? NAMES[type].get(text) : undefined;
  const value = named ?? (kind === "number" ? Number(text) : NaN);
  if (named === undefined && !(value <= NUMBERS_MOST[type]))
    return cursor.fail(`${quote(cursor.token)} is not a value of type ${type} that is modelled`);
  cursor.next();
  return value;
}

function readInterfaceName(cursor: NftCursor): NftValue | undefined {
  const { kind, text } = cursor.token;
  if (kind !== "word" && kind !== "string") return cursor.fail(`${quote(cursor.token)} is not a name of an interface`);
  cursor.next();
  const isPrefix = text.endsWith("*");
  return { name: isPrefix ? text.slice(0, -1) : text, isPrefix };
}
