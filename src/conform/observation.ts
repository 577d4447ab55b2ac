import type { Micros, Port } from "../units.ts";
import type { RecordedPacket } from "./recorded_packet.ts";

/** How a `probe` or `send` ended; moments count from the start of the capture. */
export interface ObservedResult {
  /** The index of the action. */
  readonly action: number;
  /** In the words of the recordings: `http 200`, `timeout in connect`, `connect ECONNREFUSED`, `bind EADDRINUSE` … */
  readonly result: string;
  readonly at?: Micros;
  readonly connectedAt?: Micros;
  readonly closedAt?: Micros;
  readonly localPort?: Port;
}

interface ObservedOnInterface {
  /** Since the start of the capture. */
  readonly at: Micros;
  /** `namespace/interface`. */
  readonly interface: string;
  readonly dir: "in" | "out";
}

/** A TCP segment as an interface saw it, before or after translation. */
export interface ObservedTcpPacket extends ObservedOnInterface {
  readonly kind: "tcp";
  /** `address:port`. */
  readonly src: string;
  readonly dst: string;
  /** As tcpdump prints them: `S.`, `R`, `P.`. */
  readonly flags: string;
  /** Sequence numbers as on the wire; read modulo 2^32, so signed ones will do. */
  readonly seq: number;
  /** Null without the ACK flag. */
  readonly ack: number | null;
  /** Bytes of payload. */
  readonly len: number;
  readonly ttl: number;
}

/** An ICMP error as an interface saw it. */
export interface ObservedIcmpPacket extends ObservedOnInterface {
  readonly kind: "icmp";
  /** Addresses without ports. */
  readonly src: string;
  readonly dst: string;
  readonly type: number;
  readonly code: number;
  /** `address:port` of the packet that caused it. */
  readonly quotedSrc: string;
  readonly quotedDst: string;
}

/** One packet on one interface. */
export type ObservedPacket = ObservedTcpPacket | ObservedIcmpPacket;

/** A line of `ss`, without listening sockets; timer, time left and retransmits only while a timer runs. */
export interface ObservedSocket {
  /** As `ss` prints it: `SYN-SENT`, `TIME-WAIT`; a half-open connection of a server is `SYN-RECV`. */
  readonly state: string;
  readonly local: string;
  readonly peer: string;
  readonly timer?: string;
  readonly left?: Micros;
  readonly retransmits?: number;
}

/** A TCP line of `conntrack -L`; tuples as `source > destination`. */
export interface ObservedConntrackEntry {
  readonly state: string;
  readonly left: Micros;
  readonly original: string;
  readonly reply: string;
  /** `UNREPLIED`, `ASSURED`, in any order. */
  readonly flags: readonly string[];
}

/** A line of `ipvsadm -Lnc`; endpoints as `address:port`. */
export interface ObservedIpvsConnection {
  readonly protocol: string;
  readonly state: string;
  readonly client: string;
  readonly virtual: string;
  readonly real: string;
  readonly left: Micros;
}

/** A virtual service with its real servers in the kernel's order. */
export interface ObservedIpvsService {
  readonly protocol: string;
  readonly address: string;
  readonly port: Port;
  readonly scheduler: string;
  readonly realServers: readonly {
    readonly real: string;
    readonly weight: number;
    readonly active: number;
    readonly inactive: number;
  }[];
}

/** What IPVS has counted. */
export interface ObservedTraffic {
  readonly connections: number;
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

/** The traffic of a virtual service; services and real servers without any may be listed or not. */
export interface ObservedIpvsStats extends ObservedTraffic {
  readonly protocol: string;
  readonly virtual: string;
  readonly realServers: readonly (ObservedTraffic & { readonly real: string })[];
}

/** All listings at one moment. */
export interface ObservedMoment {
  readonly at: Micros;
  /** By namespace. */
  readonly ss: ReadonlyMap<string, readonly ObservedSocket[]>;
  /** Of `node`. */
  readonly conntrack: readonly ObservedConntrackEntry[];
  readonly ipvsConnections: readonly ObservedIpvsConnection[];
  readonly ipvs: readonly ObservedIpvsService[];
  readonly ipvsStats: readonly ObservedIpvsStats[];
}

/** The listings for one snapshot of the case, at as many moments around it as the run cared to look. */
export interface ObservedSnapshot {
  readonly moments: readonly ObservedMoment[];
}

/** A change of a watched socket's state after its close; no state = no socket any longer. */
export interface ObservedSocketState {
  readonly at: Micros;
  readonly state: string | null;
  /** What is left on the timer of the state. */
  readonly left?: Micros;
}

/**
 * What a run of a case yields, as plain data: the counterpart of the recording's `observed`. The run owns nothing of it
 * once it is handed over.
 */
export interface Observation {
  readonly results: readonly ObservedResult[];
  /** In the order of the capture, each interface that the case records included. */
  readonly packets: readonly ObservedPacket[];
  /** One for each snapshot of the case, in its order. */
  readonly snapshots: readonly ObservedSnapshot[];
  /** By name: a port, seconds, a count, or the text of what a call returned instead; one entry per connect. */
  readonly groups: ReadonlyMap<string, readonly (number | string)[]>;
  /** For the groups of which it is known: when each connect began, by the kernel's monotonic clock. */
  readonly connectTimes: ReadonlyMap<string, readonly Micros[]>;
  /** Counts of a `storm` by the names of the recordings. */
  readonly storm: ReadonlyMap<string, number>;
  readonly socketStates: ReadonlyMap<string, readonly ObservedSocketState[]>;
  readonly closeTook: ReadonlyMap<string, Micros>;
}

/** Beyond this distance a sequence number does not belong to an initial one. */
const WINDOW_MOST = 1 << 30;

/**
 * Turns raw sequence numbers into names, as the recordings have them: the initial number of a SYN is `c0`, `c1`, … and
 * that of a SYN-ACK `s0`, `s1`, … by first appearance; `c0+47` lies 47 beyond. The 0 of a RST that answers a SYN stays
 * `0`. A number that lies beyond no initial one (its SYN came before the capture) is `?` and the number.
 *
 * A number gets the name of the closest initial one before it: initial numbers of one capture must lie further apart
 * than its connections are long.
 *
 * @param packets in the order of the capture, which decides the names.
 */
export function nameSequences(packets: readonly ObservedPacket[]): RecordedPacket[] {
  const names = new Map<number, string>();
  /** The initial numbers in the order of their size. */
  const initials: number[] = [];
  let clients = 0;
  let servers = 0;
  const nameOf = (raw: number): string => {
    const before = initials[placeOf(initials, raw >>> 0) - 1] ?? initials.at(-1);
    const distance = before === undefined ? WINDOW_MOST : (raw - before) >>> 0;
    if (before === undefined || distance >= WINDOW_MOST) return `?${raw >>> 0}`;
    const name = names.get(before) ?? "";
    return distance === 0 ? name : `${name}+${distance}`;
  };
  return packets.map((packet) => {
    const { at, interface: seenOn, dir, src, dst } = packet;
    const place = { t_ms: at / 1000, interface: seenOn, dir, src, dst };
    if (packet.kind === "icmp") {
      const { type, code, quotedSrc, quotedDst } = packet;
      return { kind: "icmp", ...place, type, code, quoted_src: quotedSrc, quoted_dst: quotedDst };
    }
    const { flags, seq, ack, len, ttl } = packet;
    if (flags.includes("S") && !names.has(seq >>> 0)) {
      names.set(seq >>> 0, ack === null ? `c${clients}` : `s${servers}`);
      initials.splice(placeOf(initials, seq >>> 0), 0, seq >>> 0);
      if (ack === null) clients += 1;
      else servers += 1;
    }
    const isRealZero = seq === 0 && flags.includes("R");
    const named = { seq: isRealZero ? "0" : nameOf(seq), ack: ack === null ? null : nameOf(ack) };
    return { kind: "tcp", ...place, flags, ...named, len, ttl };
  });
}

/** How many of the numbers, which are in order, are not above a number. O(log n). */
function placeOf(numbers: readonly number[], number: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
