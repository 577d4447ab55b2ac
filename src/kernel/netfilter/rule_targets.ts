import { assert } from "../../sim/assert.ts";
import { parseIpv4 } from "../../units.ts";
import type { OptionValues } from "./rule_modules.ts";
import { parseMasked, parsePorts, parseWhole } from "./rule_text.ts";
import type { RuleTarget, TableName } from "./ruleset.ts";

/** What can stand behind `-j` besides a chain: where it may stand, its options, and what they mean. */
export interface TargetExtension {
  readonly tables: readonly TableName[];
  readonly options: readonly string[];
  /** Options without a value. */
  readonly flags: readonly string[];
  /** @returns the target, or a text that says what is wrong. */
  readonly build: (options: OptionValues) => RuleTarget | string;
}

const BOTH: readonly TableName[] = ["nat", "filter"];
const MARK_OPTIONS = ["--set-xmark", "--set-mark", "--xor-mark", "--or-mark", "--and-mark"];

/** `--reject-with` by its names; the numbers are codes of ICMP type 3. */
const REJECT_CODES: ReadonlyMap<string, number> = new Map([
  ["icmp-net-unreachable", 0],
  ["net-unreach", 0],
  ["icmp-host-unreachable", 1],
  ["host-unreach", 1],
  ["icmp-proto-unreachable", 2],
  ["proto-unreach", 2],
  ["icmp-port-unreachable", 3],
  ["port-unreach", 3],
  ["icmp-net-prohibited", 9],
  ["net-prohib", 9],
  ["icmp-host-prohibited", 10],
  ["host-prohib", 10],
  ["icmp-admin-prohibited", 13],
  ["admin-prohib", 13],
]);

/** The name that `iptables -S` prints after `--reject-with` for a code of ICMP type 3. */
export function rejectName(icmpCode: number): string {
  for (const [name, code] of REJECT_CODES) if (code === icmpCode) return name;
  assert(false, `the code ${icmpCode} of a REJECT has a name`);
}

/** The targets that the model knows, by name. Not modelled: SNAT, REDIRECT, LOG, CT and all others. */
export const TARGET_EXTENSIONS: ReadonlyMap<string, TargetExtension> = new Map([
  ["ACCEPT", { tables: BOTH, options: [], flags: [], build: () => ({ kind: "accept" }) }],
  ["DROP", { tables: BOTH, options: [], flags: [], build: () => ({ kind: "drop" }) }],
  ["RETURN", { tables: BOTH, options: [], flags: [], build: () => ({ kind: "return" }) }],
  ["MARK", { tables: BOTH, options: MARK_OPTIONS, flags: [], build: buildMark }],
  ["DNAT", { tables: ["nat"], options: ["--to-destination"], flags: ["--random"], build: buildDnat }],
  [
    "MASQUERADE",
    { tables: ["nat"], options: ["--to-ports"], flags: ["--random", "--random-fully"], build: buildMasquerade },
  ],
  ["REJECT", { tables: ["filter"], options: ["--reject-with"], flags: [], build: buildReject }],
]);

/**
 * The five spellings of one operation, mark = (mark & ~mask) ^ value.
 *
 * Source: net/netfilter/xt_mark.c mark_tg, v6.1.
 */
function buildMark(options: OptionValues): RuleTarget | string {
  const [option, given] = [...options][0] ?? [];
  if (option === undefined || given === undefined || options.size !== 1) return "MARK needs exactly one of its options";
  const takesMask = option === "--set-xmark" || option === "--set-mark";
  const masked = parseMasked(given.text);
  if (masked === undefined || (!takesMask && given.text.includes("/")))
    return `"${given.text}" after ${option} is not a mark`;
  const { value, mask } = masked;
  switch (option) {
    case "--set-xmark":
      return { kind: "mark", value, mask };
    case "--set-mark":
      return { kind: "mark", value, mask: (mask | value) >>> 0 };
    case "--xor-mark":
      return { kind: "mark", value, mask: 0 };
    case "--or-mark":
      return { kind: "mark", value, mask: value };
    default:
      return { kind: "mark", value: 0, mask: ~value >>> 0 };
  }
}

function buildDnat(options: OptionValues): RuleTarget | string {
  const text = options.get("--to-destination")?.text;
  if (text === undefined) return "DNAT needs --to-destination";
  const colon = text.indexOf(":");
  const addressText = colon < 0 ? text : text.slice(0, colon);
  const address = addressText === "" ? undefined : parseIpv4(addressText);
  const ports = colon < 0 ? undefined : parsePorts(text.slice(colon + 1), "-");
  const isRead = (address !== undefined || (addressText === "" && colon === 0)) && (ports !== undefined || colon < 0);
  if (!isRead) return `"${text}" after --to-destination is not address[:port[-port]]`;
  return {
    kind: "dnat",
    ...(address === undefined ? {} : { address }),
    ...(ports === undefined ? {} : { portLow: ports.low, portHigh: ports.high }),
    isRandom: options.has("--random"),
  };
}

function buildMasquerade(options: OptionValues): RuleTarget | string {
  const text = options.get("--to-ports")?.text;
  const ports = text === undefined ? undefined : parsePorts(text, "-");
  if (text !== undefined && ports === undefined) return `"${text}" after --to-ports is not port[-port]`;
  return {
    kind: "masquerade",
    ...(ports === undefined ? {} : { portLow: ports.low, portHigh: ports.high }),
    isRandom: options.has("--random") || options.has("--random-fully"),
  };
}

function buildReject(options: OptionValues): RuleTarget | string {
  const name = options.get("--reject-with")?.text ?? "icmp-port-unreachable";
  if (name === "tcp-reset" || name === "tcp-rst") return { kind: "reject", answer: "tcp-reset", icmpCode: 3 };
  const icmpCode = REJECT_CODES.get(name);
  if (icmpCode === undefined) return `"${name}" after --reject-with is not known`;
  return { kind: "reject", answer: "icmp", icmpCode };
}

/** The number of a protocol given as `tcp`, `udp`, `icmp`, `all` (0) or a number; `undefined` for any other name. */
export function parseProtocol(text: string): number | undefined {
  const names: ReadonlyMap<string, number> = new Map([
    ["all", 0],
    ["icmp", 1],
    ["tcp", 6],
    ["udp", 17],
    ["sctp", 132],
  ]);
  return names.get(text.toLowerCase()) ?? parseWhole(text, 255);
}
