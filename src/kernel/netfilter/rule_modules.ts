import { CtState } from "../packet.ts";
import { parseMasked, parsePorts, parseWhole } from "./rule_text.ts";
import type { PortRange, RuleMatch } from "./ruleset.ts";

/** The value of one option, and whether a `!` stood before it. */
export interface OptionValue {
  readonly text: string;
  readonly isNegated: boolean;
}

/** The options given to one match or target, by their names. */
export type OptionValues = ReadonlyMap<string, OptionValue>;

/** A match that `-m` loads: the options it knows, and what they mean. */
export interface MatchModule {
  readonly options: readonly string[];
  /** @returns the conditions, or a text that says what is wrong. */
  readonly build: (options: OptionValues) => readonly RuleMatch[] | string;
}

const PORT_OPTIONS = {
  "--sport": "sourcePort",
  "--source-port": "sourcePort",
  "--dport": "destinationPort",
  "--destination-port": "destinationPort",
} as const;

const PORT_LIST_OPTIONS = {
  "--sports": "sourcePort",
  "--source-ports": "sourcePort",
  "--dports": "destinationPort",
  "--destination-ports": "destinationPort",
  "--ports": "eitherPort",
} as const;

const ADDRESS_TYPE_OPTIONS = { "--src-type": "localSource", "--dst-type": "localDestination" } as const;

const CT_STATE_BITS = new Map<string, number>(Object.entries(CtState));

/** Most port ranges in one `-m multiport`, a range counting as two. Source: include/uapi/linux/netfilter/xt_multiport.h XT_MULTI_PORTS, v6.1. */
const MULTIPORT_MOST = 15;

/** The matches that the model knows, by name. Not modelled: `-m set`, `-m limit`, `-m physdev` and all others. */
export const MATCH_MODULES: ReadonlyMap<string, MatchModule> = new Map([
  ["comment", { options: ["--comment"], build: () => [] }],
  ["tcp", { options: Object.keys(PORT_OPTIONS), build: buildPorts }],
  ["udp", { options: Object.keys(PORT_OPTIONS), build: buildPorts }],
  ["multiport", { options: Object.keys(PORT_LIST_OPTIONS), build: buildPortLists }],
  ["mark", { options: ["--mark"], build: buildMark }],
  ["conntrack", { options: ["--ctstate"], build: buildCtState }],
  ["state", { options: ["--state"], build: buildCtState }],
  ["addrtype", { options: Object.keys(ADDRESS_TYPE_OPTIONS), build: buildAddressType }],
  ["statistic", { options: ["--mode", "--every", "--packet", "--probability"], build: buildStatistic }],
]);

function buildPorts(options: OptionValues): RuleMatch[] | string {
  const matches: RuleMatch[] = [];
  for (const [option, kind] of Object.entries(PORT_OPTIONS)) {
    const value = options.get(option);
    if (value === undefined) continue;
    const range = parsePorts(value.text);
    if (range === undefined) return `"${value.text}" after ${option} is neither a port nor a range of ports`;
    matches.push({ kind, ranges: [range], isNegated: value.isNegated });
  }
  return matches;
}

function buildPortLists(options: OptionValues): RuleMatch[] | string {
  const matches: RuleMatch[] = [];
  for (const [option, kind] of Object.entries(PORT_LIST_OPTIONS)) {
    const value = options.get(option);
    if (value === undefined) continue;
    const ranges: PortRange[] = [];
    for (const text of value.text.split(",")) {
      const range = parsePorts(text);
      if (range === undefined) return `"${text}" after ${option} is neither a port nor a range of ports`;
      ranges.push(range);
    }
    const count = ranges.reduce((sum, { low, high }) => sum + (low === high ? 1 : 2), 0);
    if (count > MULTIPORT_MOST) return `${option} takes at most ${MULTIPORT_MOST} ports, a range counting as two`;
    matches.push({ kind, ranges, isNegated: value.isNegated });
  }
  return matches.length === 1 ? matches : "-m multiport needs exactly one of its options";
}

function buildMark(options: OptionValues): RuleMatch[] | string {
  const value = options.get("--mark");
  if (value === undefined) return "-m mark needs --mark";
  const masked = parseMasked(value.text);
  if (masked === undefined) return `"${value.text}" after --mark is not a number with an optional /mask`;
  return [{ kind: "mark", ...masked, isNegated: value.isNegated }];
}

function buildCtState(options: OptionValues): RuleMatch[] | string {
  const value = options.get("--ctstate") ?? options.get("--state");
  if (value === undefined) return "the match needs its list of states";
  let states = 0;
  for (const name of value.text.split(",")) {
    const bit = CT_STATE_BITS.get(name);
    if (bit === undefined) return `the state "${name}" is none of ${[...CT_STATE_BITS.keys()].join(", ")}`;
    states |= bit;
  }
  return [{ kind: "ctState", states, isNegated: value.isNegated }];
}

function buildAddressType(options: OptionValues): RuleMatch[] | string {
  const matches: RuleMatch[] = [];
  for (const [option, kind] of Object.entries(ADDRESS_TYPE_OPTIONS)) {
    const value = options.get(option);
    if (value === undefined) continue;
    if (value.text !== "LOCAL") return `the address type "${value.text}" is not LOCAL, the only one modelled`;
    matches.push({ kind, isNegated: value.isNegated });
  }
  return matches.length > 0 ? matches : "-m addrtype needs --src-type or --dst-type";
}

function buildStatistic(options: OptionValues): RuleMatch[] | string {
  const mode = options.get("--mode")?.text;
  const every = options.get("--every");
  const probability = options.get("--probability");
  if (mode === "nth") {
    const count = parseWhole(every?.text ?? "", 0xffffffff);
    const packet = parseWhole(options.get("--packet")?.text ?? "0", 0xffffffff);
    if (every === undefined || count === undefined || count === 0) return "--mode nth needs --every, 1 or more";
    if (packet === undefined || packet >= count) return "--packet is a number from 0 to one less than --every";
    return [{ kind: "nth", every: count, packet, isNegated: every.isNegated }];
  }
  if (mode !== "random") return `the mode "${mode ?? ""}" of -m statistic is neither nth nor random`;
  const share = Number(probability?.text);
  if (probability === undefined || !(share >= 0 && share <= 1)) return "--mode random needs --probability from 0 to 1";
  // The kernel keeps the probability as a multiple of 2^-31.
  return [
    { kind: "random", probability: Math.round(share * 2147483648) / 2147483648, isNegated: probability.isNegated },
  ];
}
