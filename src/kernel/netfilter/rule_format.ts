import { formatIpv4, type Ipv4 } from "../../units.ts";
import { CtState, Protocol } from "../packet.ts";
import { rejectName } from "./rule_targets.ts";
import type { PortRange, Rule, RuleMatch, RuleTarget } from "./ruleset.ts";

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [Protocol.ICMP, "icmp"],
  [Protocol.TCP, "tcp"],
  [Protocol.UDP, "udp"],
  [132, "sctp"],
]);

const CT_STATE_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [CtState.INVALID, "INVALID"],
  [CtState.NEW, "NEW"],
  [CtState.RELATED, "RELATED"],
  [CtState.ESTABLISHED, "ESTABLISHED"],
  [CtState.UNTRACKED, "UNTRACKED"],
];

/** Ports that one match names at most in a text; the rest is counted. */
const RANGES_SHOWN = 5;

/** A rule as `iptables -S` prints it; a long list of ports is cut short with the number of those left out. */
export function formatRule(chain: string, { matches, target }: Rule): string {
  const words = [`-A ${chain}`, ...matches.map(formatMatch)];
  if (target !== undefined) words.push(formatTarget(target));
  return words.join(" ");
}

function formatMatch(match: RuleMatch): string {
  const not = match.isNegated ? "! " : "";
  switch (match.kind) {
    case "protocol":
      return `${not}-p ${PROTOCOL_NAMES.get(match.protocol) ?? match.protocol}`;
    case "source":
      return `${not}-s ${formatNet(match.address, match.mask)}`;
    case "destination":
      return `${not}-d ${formatNet(match.address, match.mask)}`;
    case "inDevice":
      return `${not}-i ${match.name}${match.isPrefix ? "+" : ""}`;
    case "outDevice":
      return `${not}-o ${match.name}${match.isPrefix ? "+" : ""}`;
    case "sourcePort":
      return formatPorts("s", not, match.ranges);
    case "destinationPort":
      return formatPorts("d", not, match.ranges);
    case "eitherPort":
      return `-m multiport ${not}--ports ${formatRanges(match.ranges)}`;
    case "addressPortSet":
      return `-m set ${not}--match-set ${match.name} src,dst`;
    case "mark":
      return `-m mark ${not}--mark ${formatMasked(match.value, match.mask)}`;
    case "ctState":
      return `-m conntrack ${not}--ctstate ${formatStates(match.states)}`;
    case "localSource":
      return `-m addrtype ${not}--src-type LOCAL`;
    case "localDestination":
      return `-m addrtype ${not}--dst-type LOCAL`;
    case "nth":
      return `-m statistic --mode nth ${not}--every ${match.every} --packet ${match.packet}`;
    case "random":
      return `-m statistic --mode random ${not}--probability ${match.probability}`;
  }
}

function formatTarget(target: RuleTarget): string {
  switch (target.kind) {
    case "accept":
      return "-j ACCEPT";
    case "drop":
      return "-j DROP";
    case "return":
      return "-j RETURN";
    case "jump":
      return `-j ${target.chain}`;
    case "goto":
      return `-g ${target.chain}`;
    case "mark":
      return `-j MARK --set-xmark ${formatMasked(target.value, target.mask)}`;
    case "dnat":
      return `-j DNAT --to-destination ${target.address === undefined ? "" : formatIpv4(target.address)}${target.portLow === undefined ? "" : `:${formatRange(target.portLow, target.portHigh)}`}`;
    case "masquerade":
      return `-j MASQUERADE${target.portLow === undefined ? "" : ` --to-ports ${formatRange(target.portLow, target.portHigh)}`}${target.isRandom ? " --random-fully" : ""}`;
    case "reject":
      return `-j REJECT --reject-with ${target.answer === "tcp-reset" ? "tcp-reset" : rejectName(target.icmpCode)}`;
  }
}

function formatPorts(side: "s" | "d", not: string, ranges: readonly PortRange[]): string {
  const isOne = ranges.length === 1;
  return isOne
    ? `${not}--${side}port ${formatRanges(ranges)}`
    : `-m multiport ${not}--${side}ports ${formatRanges(ranges)}`;
}

function formatRanges(ranges: readonly PortRange[]): string {
  const shown = ranges.slice(0, RANGES_SHOWN).map(({ low, high }) => (low === high ? `${low}` : `${low}:${high}`));
  const more = ranges.length - shown.length;
  return more > 0 ? `${shown.join(",")},… (${more} more)` : shown.join(",");
}

function formatRange(low: number, high: number | undefined): string {
  return high === undefined || high === low ? `${low}` : `${low}-${high}`;
}

function formatNet(address: Ipv4, mask: Ipv4): string {
  let length = 0;
  while (length < 32 && ((mask << length) & 0x80000000) !== 0) length += 1;
  return `${formatIpv4(address)}/${length}`;
}

function formatMasked(value: number, mask: number): string {
  return `0x${(value >>> 0).toString(16)}/0x${(mask >>> 0).toString(16)}`;
}

function formatStates(states: number): string {
  return CT_STATE_NAMES.filter(([bit]) => (states & bit) !== 0)
    .map(([, name]) => name)
    .join(",");
}
