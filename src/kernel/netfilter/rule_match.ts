import { assert } from "../../sim/assert.ts";
import type { Ipv4, Port } from "../../units.ts";
import { CtState } from "../packet.ts";
import { PortBits } from "../ports/port_bits.ts";
import type { RuleLog } from "../decisions/rule_log.ts";
import type { Decision } from "./rule_draws.ts";
import type { RuleTally } from "./rule_tally.ts";
import type { AddressPortSet, PortRange, RuleMatch } from "./ruleset.ts";

/** XT_MULTI_PORTS. Source: include/uapi/linux/netfilter/xt_multiport.h, v6.1. */
const RANGES_OF_MULTIPORT = 15;

/** The fields of a packet that rules read, and the mark that they write. A `Packet` is one. */
export interface MatchView {
  readonly protocol: number;
  readonly src: Ipv4;
  readonly dst: Ipv4;
  readonly sport: Port;
  readonly dport: Port;
  mark: number;
  /** One of `CtState`; 0, a packet without a conntrack entry, matches as INVALID. */
  readonly ctState: number;
  readonly inDevice: string | undefined;
  readonly outDevice: string | undefined;
}

/** What rules decide otherwise than by a packet's fields. */
export interface RuleChances {
  /** What `--mode random` and `numgen random` decide. */
  draw(decide: Decision): number;
  /** Called whenever a rule decides by a count of packets. */
  noteCount(): void;
  /** Called once for each rule that does. */
  noteCounter(): void;
}

/** What rules ask of the namespace they stand in. */
export interface RuleEnvironment {
  /** Whether the routing table of the namespace calls the address local. */
  isLocalAddress(address: Ipv4): boolean;
  /** What rules decide by chance or by a count of packets. */
  readonly draws: RuleChances;
  /** Where rules note that they matched; absent or `undefined` unless somebody wants to know. */
  readonly ruleLog?: RuleLog | undefined;
  /** Where rules count the packets that are tested against them; without it they count nothing. */
  readonly tally?: RuleTally;
}

/** Whether a packet meets a condition. */
export type PacketTest = (packet: MatchView) => boolean;

/** The packets that a `--mode nth` match has seen, modulo `every`; one per rule, whichever hooks lead to it. */
export interface NthCounter {
  count: number;
}

/**
 * One condition as a function; it allocates nothing when called.
 *
 * @param counter where an `nth` match counts.
 */
export function compileMatch(match: RuleMatch, environment: RuleEnvironment, counter: NthCounter): PacketTest {
  const test = compilePositive(match, environment, counter);
  return match.isNegated ? (packet) => !test(packet) : test;
}

/** All conditions together, tested in order and only as far as needed; `undefined` if there are none. */
export function allOf(tests: readonly PacketTest[]): PacketTest | undefined {
  const [first, second, third] = tests;
  if (first === undefined || second === undefined) return first;
  if (third === undefined) return (packet) => first(packet) && second(packet);
  const rest = allOf(tests.slice(2));
  assert(rest !== undefined, "three tests and more leave a rest");
  return (packet) => first(packet) && second(packet) && rest(packet);
}

function compilePositive(match: RuleMatch, environment: RuleEnvironment, counter: NthCounter): PacketTest {
  switch (match.kind) {
    case "protocol":
      return (packet) => packet.protocol === match.protocol;
    case "source":
      return (packet) => (packet.src & match.mask) === match.address;
    case "destination":
      return (packet) => (packet.dst & match.mask) === match.address;
    case "sourcePort":
    case "destinationPort":
    case "eitherPort":
      return compilePorts(match.kind, match.ranges);
    case "inDevice":
      return compileDevice(match.name, match.isPrefix, (packet) => packet.inDevice);
    case "outDevice":
      return compileDevice(match.name, match.isPrefix, (packet) => packet.outDevice);
    case "addressPortSet":
      return compileAddressPortSet(match.members);
    case "mark":
      return compileMark(match.value, match.mask);
    case "ctState":
      return compileCtState(match.states);
    case "localSource":
      return (packet) => environment.isLocalAddress(packet.src);
    case "localDestination":
      return (packet) => environment.isLocalAddress(packet.dst);
    case "nth":
      return compileNth(match.every, counter, environment);
    case "random": {
      const decide = (unit: number): number => Number(unit < match.probability);
      return () => environment.draws.draw(decide) === 1;
    }
  }
}

function compilePorts(kind: "sourcePort" | "destinationPort" | "eitherPort", ranges: readonly PortRange[]): PacketTest {
  const [only] = ranges;
  if (ranges.length === 1 && only !== undefined && kind === "destinationPort") {
    return (packet) => packet.dport >= only.low && packet.dport <= only.high;
  }
  const isIn = compileRanges(ranges);
  if (kind === "sourcePort") return (packet) => isIn(packet.sport);
  if (kind === "destinationPort") return (packet) => isIn(packet.dport);
  return (packet) => isIn(packet.sport) || isIn(packet.dport);
}

/** More ranges than a multiport rule can name become a set, as the ipset of all NodePorts is one (bitmap:port). */
function compileRanges(ranges: readonly PortRange[]): (port: Port) => boolean {
  if (ranges.length <= RANGES_OF_MULTIPORT)
    return (port) => ranges.some(({ low, high }) => port >= low && port <= high);
  const ports = new PortBits();
  for (const { low, high } of ranges) for (let port = low; port <= high; port += 1) ports.set(port);
  return (port) => ports.has(port);
}

/** A packet that has no such device, as on the way out, never matches a name; `+` alone matches any, even none. */
function compileDevice(
  name: string,
  isPrefix: boolean,
  deviceOf: (packet: MatchView) => string | undefined,
): PacketTest {
  if (isPrefix) return (packet) => (deviceOf(packet) ?? "").startsWith(name);
  return (packet) => deviceOf(packet) === name;
}

/**
 * `--match-set NAME src,dst`: the source address with the destination port.
 *
 * Source: net/netfilter/ipset/ip_set_hash_ipport.c hash_ipport4_kadt, v6.1.
 */
function compileAddressPortSet(members: AddressPortSet): PacketTest {
  return (packet) => members.get(packet.src)?.has((packet.protocol << 16) | packet.dport) === true;
}

/** Source: net/netfilter/xt_mark.c mark_mt, v6.1. */
function compileMark(value: number, mask: number): PacketTest {
  const wanted = value >>> 0;
  return (packet) => (packet.mark & mask) >>> 0 === wanted;
}

/** Source: net/netfilter/xt_conntrack.c conntrack_mt, v6.1. */
function compileCtState(states: number): PacketTest {
  return (packet) => ((packet.ctState === 0 ? CtState.INVALID : packet.ctState) & states) !== 0;
}

/** Matches when the count wraps to 0. Source: net/netfilter/xt_statistic.c statistic_mt, v6.1. */
function compileNth(every: number, counter: NthCounter, environment: RuleEnvironment): PacketTest {
  environment.draws.noteCounter();
  return () => {
    environment.draws.noteCount();
    counter.count = counter.count === every - 1 ? 0 : counter.count + 1;
    return counter.count === 0;
  };
}
