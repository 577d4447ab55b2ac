import type { Ipv4, Port } from "../units.ts";
import type { Device } from "./device.ts";

/** IP protocol numbers. */
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17 } as const;

/** TCP header flags. */
export const TcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

/** What conntrack says of a packet, as a bit set that `-m conntrack --ctstate` matches. */
export const CtState = { INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 16 } as const;

/**
 * How little hook functions have to do for a packet, by what conntrack has found. SETTLED: its entry is confirmed,
 * answered and not translated, so NAT and confirmation have nothing to do. MIDWAY: it is a segment without SYN besides,
 * which begins nothing. NONE is above all that a packet can have.
 */
export const Standing = { FRESH: 0, SETTLED: 1, MIDWAY: 2, NONE: 3 } as const;

/**
 * A packet on its way: header fields, and what the kernel hangs on an skb. All packets have one shape and come from a
 * `PacketPool`, so that none is allocated per hop.
 *
 * Not modelled: fragments, IP options, payload bytes (only their number), checksums, windows and congestion.
 */
export class Packet {
  /** Its place in the pool: the argument of the arrival event. */
  readonly row: number;
  protocol: number = Protocol.TCP;
  src: Ipv4 = 0;
  dst: Ipv4 = 0;
  sport: Port = 0;
  dport: Port = 0;
  /** `TcpFlag` bits. */
  flags = 0;
  /** Sequence and acknowledgement number as signed 32-bit integers. */
  seq = 0;
  ack = 0;
  /** Bytes of payload. */
  len = 0;
  ttl = 64;
  /** Whether the window field is 0, as in a RST. */
  hasZeroWindow = false;
  mark = 0;
  /** The conntrack entry, or -1; and its generation, which tells an entry that died while the packet was in flight. */
  ct = -1;
  ctGeneration = 0;
  /** 0 original, 1 reply. */
  ctDirection = 0;
  /** One of `CtState`; 0 where no conntrack hook has seen the packet. */
  ctState = 0;
  /** One of `Standing`. */
  standing: number = Standing.FRESH;
  /** Set once IPVS has handled the packet: later IPVS hooks let it pass. */
  isIpvsDone = false;
  /** Names of the interfaces, for rules that match on them. */
  inDevice: string | undefined = undefined;
  outDevice: string | undefined = undefined;
  /** The device it arrives at next or has come in by (a port, not its bridge), and the one its frame is addressed to. */
  device: Device | undefined = undefined;
  target: Device | undefined = undefined;
  /** ICMP errors only: type, code and the header that caused them. */
  icmpType = 0;
  icmpCode = 0;
  quotedProtocol = 0;
  quotedSrc: Ipv4 = 0;
  quotedDst: Ipv4 = 0;
  quotedSport: Port = 0;
  quotedDport: Port = 0;
  quotedSeq = 0;
  /** The packet that a tunnel has put into this one. */
  inner: Packet | undefined = undefined;

  constructor(row: number) {
    this.row = row;
  }

  /** The packet's length on the wire without the link layer: IP and TCP headers (with the options that Linux sends) and payload. */
  get bytes(): number {
    if (this.protocol === Protocol.ICMP) return 28 + 40;
    if (this.protocol === Protocol.UDP) return 28 + this.len;
    if ((this.flags & TcpFlag.SYN) !== 0) return 60;
    if ((this.flags & TcpFlag.RST) !== 0) return 40;
    return 52 + this.len;
  }
}

/** Packets in use and free ones; grows as needed and never shrinks. */
export class PacketPool {
  readonly #packets: Packet[] = [];
  /** The free ones are the first `#freeCount`. */
  readonly #free: Packet[] = [];
  #freeCount = 0;

  /** Packets that have been taken and not given back. */
  get inUse(): number {
    return this.#packets.length - this.#freeCount;
  }

  /** A packet with default fields; the taker fills in the rest. */
  take(): Packet {
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      return this.#free[this.#freeCount]!;
    }
    const made = new Packet(this.#packets.length);
    this.#packets.push(made);
    return made;
  }

  /** The packet in this row. */
  at(row: number): Packet {
    return this.#packets[row]!;
  }

  /** Packets that there are, under way or free. */
  get count(): number {
    return this.#packets.length;
  }

  /** Those that nobody holds. */
  get free(): readonly Packet[] {
    return this.#free.slice(0, this.#freeCount);
  }

  /** Takes the packet back, with the one inside it; nobody may hold it any longer. */
  release(packet: Packet): void {
    if (packet.inner !== undefined) this.#releaseInner(packet);
    packet.mark = 0;
    packet.ct = -1;
    packet.ctState = 0;
    packet.ctDirection = 0;
    packet.isIpvsDone = false;
    packet.standing = Standing.FRESH;
    packet.hasZeroWindow = false;
    packet.inDevice = undefined;
    packet.outDevice = undefined;
    packet.target = undefined;
    packet.protocol = Protocol.TCP;
    packet.len = 0;
    packet.ttl = 64;
    // V8 calls a function of its own for push() and pop(), at a hundred instructions each.
    this.#free[this.#freeCount] = packet;
    this.#freeCount += 1;
  }

  #releaseInner(packet: Packet): void {
    const inner = packet.inner!;
    packet.inner = undefined;
    this.release(inner);
  }
}

/** The flags as tcpdump prints them: `S.`, `R`, `P.`, `.`. */
export function formatFlags(flags: number): string {
  let text = "";
  if ((flags & TcpFlag.FIN) !== 0) text += "F";
  if ((flags & TcpFlag.SYN) !== 0) text += "S";
  if ((flags & TcpFlag.RST) !== 0) text += "R";
  if ((flags & TcpFlag.PSH) !== 0) text += "P";
  if ((flags & TcpFlag.ACK) !== 0) text += ".";
  return text === "" ? "none" : text;
}
