import type { Ipv4, Micros, Port } from "../../units.ts";

/** What names a connection in a packet's header, and in the header that an ICMP error quotes. A `Packet` is one. */
export interface Flow {
  readonly protocol: number;
  readonly src: Ipv4;
  readonly dst: Ipv4;
  readonly sport: Port;
  readonly dport: Port;
  readonly quotedProtocol?: number;
  readonly quotedSrc?: Ipv4;
  readonly quotedDst?: Ipv4;
  readonly quotedSport?: Port;
  readonly quotedDport?: Port;
  /** What a tunnel has put into the packet. */
  readonly inner?: Flow | undefined;
}

/** What a decision came to and why: filled in when it has been made. */
export interface Reason {
  /** What the packet, an entry or a socket has become, as short phrases: `destination 10.0.0.1:80 -> 10.0.0.2:8080`. */
  readonly changes: readonly string[];
  /** One clause without a full stop. */
  readonly why: string;
  /** The kernel source that decides: `net/ipv4/tcp_ipv4.c tcp_v4_rcv, v6.1`. */
  readonly source: string;
}

/** One candidate of a port search and what was found. */
export interface PortCandidate {
  readonly port: Port;
  readonly verdict: "taken" | "passed over";
  readonly why: string;
}

/** How `connect()` came by its source port. */
export interface PortChoice {
  readonly low: Port;
  readonly high: Port;
  /** The walk's cursor before the search, the table row it stands in (0 where there is one cursor), and the hash, unsigned. */
  readonly cursor: number;
  readonly row: number;
  readonly hashLow: number;
  readonly hashHigh: number;
  /** The first candidates, oldest first; `examined` counts all of them. */
  readonly candidates: readonly PortCandidate[];
  readonly examined: number;
}

/** Where a decision is made: on a netfilter hook, or in a part of the stack. */
export type DecisionPlace = "hook" | "route" | "tcp" | "connect" | "close" | "timer";

/**
 * A decision of the kernel about one packet or socket. It is handed over when it begins, so that whatever it causes
 * stands behind it; verdict, changes, reason and rules follow when it ends.
 */
export interface Decision extends Reason {
  readonly place: DecisionPlace;
  readonly time: Micros;
  /** The name of the network namespace. */
  readonly netns: string;
  /** The header as it was when the decision began; for a socket its local end is the source. */
  readonly flow: Flow;
  /** `LOCAL_IN` and its like, and the function's priority, on a hook only. */
  readonly hook?: string;
  readonly priority?: number;
  /** Who decides: `conntrack`, `nat`, `filter`, `ip_vs_in`, `ip_vs_out`, `confirm`, or a part of the stack. */
  readonly name: string;
  verdict: string;
  changes: readonly string[];
  why: string;
  source: string;
  /** Rules of iptables or nftables that matched, in order. */
  rules: readonly string[];
  port?: PortChoice;
}

/** Hears of decisions; it must not change anything. */
export interface DecisionSink {
  /** Whether decisions about this packet or socket are wanted at all: asked before a reason is worked out. */
  wants(flow: Flow): boolean;
  /** A decision begins. Whatever happens until its `end` is caused by it. */
  begin(decision: Decision): void;
  /** The decision has been made. @param flow the packet a hook function has judged, its header as it is now. */
  end(decision: Decision, flow?: Flow): void;
}

/** The part of a packet that names its connection, as it is now. */
export function flowOf(flow: Flow): Flow {
  const { protocol, src, dst, sport, dport } = flow;
  if (flow.quotedSrc === undefined || protocol !== 1) return { protocol, src, dst, sport, dport };
  const { quotedProtocol = 0, quotedSrc, quotedDst = 0, quotedSport = 0, quotedDport = 0 } = flow;
  return { protocol, src, dst, sport, dport, quotedProtocol, quotedSrc, quotedDst, quotedSport, quotedDport };
}
