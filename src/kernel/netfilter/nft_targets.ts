import type { Ipv4, Port } from "../../units.ts";
import { quote } from "./nft_cursor.ts";
import type { NftCursor } from "./nft_cursor.ts";
import type { NftTarget, NftValue } from "./nft_ruleset.ts";
import { readValue } from "./nft_values.ts";
import type { DnatTarget, PortRange } from "./ruleset.ts";

const VERDICTS = ["accept", "drop", "return", "continue"] as const;
const CALLS = ["jump", "goto"] as const;
const NAT_FLAGS = ["random", "fully-random", "persistent"] as const;

/** Codes of ICMP type 3 by the names that `reject with icmp` and `reject with icmpx` have for them. */
const REJECT_CODES: ReadonlyMap<string, number> = new Map([
  ["net-unreachable", 0],
  ["no-route", 0],
  ["host-unreachable", 1],
  ["prot-unreachable", 2],
  ["port-unreachable", 3],
  ["net-prohibited", 9],
  ["host-prohibited", 10],
  ["admin-prohibited", 13],
]);

/** Whether the next token begins a verdict. */
export function isAtVerdict(cursor: NftCursor): boolean {
  return [...VERDICTS, ...CALLS].some((word) => cursor.isAt(word));
}

/** Reads `accept`, `drop`, `return`, `continue`, `jump CHAIN` or `goto CHAIN`. */
export function readVerdict(cursor: NftCursor): NftTarget | undefined {
  const verdict = cursor.takeAny(VERDICTS);
  if (verdict !== undefined) return { kind: verdict };
  const call = cursor.takeAny(CALLS);
  if (call === undefined) return cursor.fail(`${quote(cursor.token)} is not a verdict`);
  const chain = cursor.name("chain");
  return chain === undefined ? undefined : { kind: call, chain };
}

/** Reads what follows `reject`; without `with` the answer is ICMP port unreachable. */
export function readReject(cursor: NftCursor): NftTarget | undefined {
  if (!cursor.take("with")) return { kind: "reject", answer: "icmp", icmpCode: 3 };
  if (cursor.take("tcp"))
    return cursor.expect("reset") ? { kind: "reject", answer: "tcp-reset", icmpCode: 3 } : undefined;
  if (cursor.takeAny(["icmp", "icmpx"]) === undefined)
    return cursor.fail(`"reject with ${cursor.token.text.trim()}" is not modelled`);
  cursor.take("type");
  const icmpCode = REJECT_CODES.get(cursor.token.text);
  if (icmpCode === undefined) return cursor.fail(`${quote(cursor.token)} after "reject with icmp" is not known`);
  cursor.next();
  return { kind: "reject", answer: "icmp", icmpCode };
}

/** Reads what follows `masquerade`: `[to :port[-port]] [flags]`. */
export function readMasquerade(cursor: NftCursor): NftTarget | undefined {
  let ports: PortRange | undefined;
  if (cursor.take("to")) {
    ports = cursor.expect(":") ? readPorts(cursor) : undefined;
    if (ports === undefined) return undefined;
  }
  const isRandom = readNatFlags(cursor);
  return isRandom === undefined ? undefined : { kind: "masquerade", ...portFields(ports), isRandom };
}

/** A destination that is the same for all packets: `address[:port[-port]]` or `:port[-port]`, then flags. */
export function readDnatTarget(cursor: NftCursor): DnatTarget | undefined {
  let address: Ipv4 | undefined;
  if (!cursor.isAt(":")) {
    const value = readValue(cursor, "ipv4_addr");
    address = value === undefined ? undefined : onlyNumber(value);
    if (value === undefined) return undefined;
    if (address === undefined) return cursor.fail("a range of addresses to choose from is not modelled");
  }
  const suffix = readDnatSuffix(cursor);
  if (suffix === undefined) return undefined;
  return { kind: "dnat", ...(address === undefined ? {} : { address: address | 0 }), ...suffix };
}

/** What may follow the address of a `dnat`: `[:port[-port]]` and flags. */
export function readDnatSuffix(cursor: NftCursor): Omit<DnatTarget, "kind" | "address"> | undefined {
  let ports: PortRange | undefined;
  if (cursor.take(":")) {
    ports = readPorts(cursor);
    if (ports === undefined) return undefined;
  }
  const isRandom = readNatFlags(cursor);
  return isRandom === undefined ? undefined : { ...portFields(ports), isRandom };
}

/** The number that a value stands for if it is no range. */
export function onlyNumber(value: NftValue): number | undefined {
  return "low" in value && value.low === value.high ? value.low : undefined;
}

/** Whether the port is drawn at random; `persistent` only matters for ranges of addresses, which are not modelled. */
function readNatFlags(cursor: NftCursor): boolean | undefined {
  let isRandom = false;
  let flag = cursor.takeAny(NAT_FLAGS);
  while (flag !== undefined) {
    if (flag !== "persistent") isRandom = true;
    const hasMore = cursor.take(",");
    flag = cursor.takeAny(NAT_FLAGS);
    if (hasMore && flag === undefined) return cursor.fail(`${quote(cursor.token)} is not a flag of a translation`);
  }
  return isRandom;
}

function readPorts(cursor: NftCursor): PortRange | undefined {
  const value = readValue(cursor, "inet_service");
  return value !== undefined && "low" in value ? value : undefined;
}

function portFields(ports: PortRange | undefined): { readonly portLow?: Port; readonly portHigh?: Port } {
  return ports === undefined ? {} : { portLow: ports.low, portHigh: ports.high };
}
