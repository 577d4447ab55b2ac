import type { Decision, DecisionSink, Flow } from "../kernel/decisions/decision.ts";
import type { Device } from "../kernel/device.ts";
import type { Netns } from "../kernel/netns.ts";
import { type Packet, Protocol, TcpFlag } from "../kernel/packet.ts";
import type { TraceSink } from "../kernel/trace.ts";
import type { Ipv4, Micros, Port } from "../units.ts";

/** A packet as it was at one moment. */
export interface PacketSnapshot extends Flow {
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly len: number;
  readonly ttl: number;
  readonly hasZeroWindow: boolean;
  readonly icmpType: number;
  readonly icmpCode: number;
  readonly quotedSeq: number;
  /** Whether its sender and, past the SYN, its receiver have `tcp_timestamps`. */
  readonly hasTimestamps: boolean;
}

/** A packet and where it comes from. */
export interface SentPacket {
  readonly packet: PacketSnapshot;
  readonly isLoopback: boolean;
  /** The same for all sightings of one packet, whatever address it has meanwhile. */
  readonly serial: number;
  /** When and by which namespace it was first sent. */
  readonly sentAt: Micros;
  readonly sentBy: string;
  /** The interfaces that sent the frame and that it is addressed to. */
  readonly from: string;
  readonly to: string;
  /** What a tunnel has put into it. */
  readonly inner?: SentPacket;
}

/** A packet seen on an interface; interfaces are `namespace/device`. */
export interface PacketSighting extends SentPacket {
  readonly kind: "packet";
  readonly time: Micros;
  readonly netns: string;
  readonly interface: string;
  readonly direction: "in" | "out";
}

/** A decision of a kernel. */
export interface RecordedDecision {
  readonly kind: "decision";
  readonly decision: Decision;
}

/** What a connection lived through, in order. */
export type FlowEvent = PacketSighting | RecordedDecision;

/** A client's connections before anything is known but their ports and where they go. */
export interface FlowSeed {
  readonly address: Ipv4;
  readonly port: Port;
  /** Where they come from, unless that is not known. */
  readonly source?: Ipv4;
  /** The source ports, of a client that dials again more than one; 0 if connect() found none. */
  readonly localPorts: readonly Port[];
}

/** A packet under way: its segment, the interface that sent the frame, and when it was seen last and first. */
interface Sender {
  readonly serial: number;
  readonly segment: string;
  readonly device: Device;
  readonly seenAt: Micros;
  readonly sentAt: Micros;
  readonly sentBy: Netns;
}

/** Longer than any packet takes from one interface to the next, and shorter than any retransmission timer. */
const FLIGHT_MOST: Micros = 100_000;

/** Most events that are kept; one connection has some hundreds. */
const EVENTS_MOST = 100_000;

/**
 * Writes down one connection: its packets on every interface, what was decided about them, and what became of them
 * under other addresses. It follows translations by the decisions that made them.
 */
export class FlowRecorder implements TraceSink, DecisionSink {
  readonly decisions: DecisionSink = this;
  readonly events: FlowEvent[] = [];
  /** Off, nothing is written down. */
  isListening = false;
  /** Whether there was more than is kept. */
  isTruncated = false;
  readonly #seed: FlowSeed;
  readonly #pairs = new Set<string>();
  /** What a row of the packet pool is now. */
  readonly #senders = new Map<number, Sender>();
  /** Open judgements of hook functions: all that happens within is caused by them. */
  #depth = 0;
  #hasOfferedTimestamps = false;
  #packets = 0;

  constructor(seed: FlowSeed) {
    this.#seed = seed;
  }

  packet(time: Micros, device: Device, direction: "in" | "out", packet: Packet): void {
    if (!this.wants(packet)) return;
    const sent = this.#senderOf(time, device, direction, packet);
    this.#push({
      kind: "packet",
      time,
      netns: device.netns.name,
      interface: interfaceName(device),
      direction,
      ...this.#sent(packet, sent, device),
    });
  }

  wants(flow: Flow): boolean {
    if (!this.isListening) return false;
    const key = keyOf(flow);
    // A tunnel's packet is wanted for what is in it, and an error about it then, too.
    if (flow.inner !== undefined) {
      if (!this.wants(flow.inner)) return false;
      this.#pairs.add(key);
      return true;
    }
    if (this.#pairs.has(key)) return true;
    if (this.#depth === 0 && !this.#isSeed(flow)) return false;
    this.#pairs.add(key);
    return true;
  }

  begin(decision: Decision): void {
    if (decision.place === "hook") this.#depth += 1;
    this.#push({ kind: "decision", decision });
  }

  end(decision: Decision, flow?: Flow): void {
    if (decision.place !== "hook") return;
    this.#depth -= 1;
    if (flow !== undefined && decision.verdict === "ACCEPT") this.#pairs.add(keyOf(flow));
  }

  #isSeed({ protocol, src, sport, dst, dport }: Flow): boolean {
    const { address, port, source, localPorts } = this.#seed;
    if (protocol !== Protocol.TCP) return false;
    const isOwn = (host: Ipv4, own: Port): boolean =>
      localPorts.includes(own) && (source === undefined || host === source);
    return (
      (dst === address && dport === port && isOwn(src, sport)) ||
      (src === address && sport === port && isOwn(dst, dport))
    );
  }

  #push(event: FlowEvent): void {
    if (this.events.length < EVENTS_MOST) this.events.push(event);
    else this.isTruncated = true;
  }

  /** Who put the frame on its link. A row that carries another segment than before, or after a pause, is another packet. */
  #senderOf(time: Micros, device: Device, direction: "in" | "out", packet: Packet): Sender {
    const { row, flags, seq, ack, len } = packet;
    const segment = `${flags} ${seq} ${ack} ${len}`;
    const known = this.#senders.get(row);
    const isSame = known !== undefined && known.segment === segment && time - known.seenAt < FLIGHT_MOST;
    if (!isSame) this.#packets += 1;
    const origin = isSame ? known : { serial: this.#packets, sentAt: time, sentBy: device.netns };
    const isSending = direction === "out" && device.master === undefined;
    const sender: Sender = {
      segment,
      device: isSending || !isSame ? device : known.device,
      seenAt: time,
      serial: origin.serial,
      sentAt: origin.sentAt,
      sentBy: origin.sentBy,
    };
    this.#senders.set(row, sender);
    return sender;
  }

  #sent(packet: Packet, { serial, sentAt, sentBy, device: sender }: Sender, device: Device): SentPacket {
    const { inner } = packet;
    const known = inner === undefined ? undefined : this.#senders.get(inner.row);
    return {
      packet: this.#snapshot(packet, sentBy),
      isLoopback: device.kind === "loopback",
      serial,
      sentAt,
      sentBy: sentBy.name,
      from: interfaceName(sender),
      to: interfaceName(packet.target ?? device),
      ...(inner === undefined || known === undefined ? {} : { inner: this.#sent(inner, known, device) }),
    };
  }

  #snapshot(packet: Packet, sentBy: Netns): PacketSnapshot {
    const { protocol, src, dst, sport, dport, flags, seq, ack, len, ttl, hasZeroWindow, icmpType, icmpCode } = packet;
    const { quotedProtocol, quotedSrc, quotedDst, quotedSport, quotedDport, quotedSeq } = packet;
    const header = { protocol, src, dst, sport, dport, flags, seq, ack, len, ttl, hasZeroWindow, icmpType, icmpCode };
    const quoted = { quotedProtocol, quotedSrc, quotedDst, quotedSport, quotedDport, quotedSeq };
    return { ...header, ...quoted, hasTimestamps: protocol === Protocol.TCP && this.#hasTimestamps(packet, sentBy) };
  }

  /** Timestamps are used if the SYN offers them and the other side has them switched on, too. */
  #hasTimestamps({ flags }: Packet, sentBy: Netns): boolean {
    const isOn = sentBy.sysctls.number("net.ipv4.tcp_timestamps") !== 0;
    if ((flags & (TcpFlag.SYN | TcpFlag.ACK)) !== TcpFlag.SYN) return isOn && this.#hasOfferedTimestamps;
    this.#hasOfferedTimestamps = isOn;
    return isOn;
  }
}

/** An interface's name in captures: `default/nginx/eth0`. */
export function interfaceName(device: Device): string {
  return `${device.netns.name}/${device.name}`;
}

/** The same text for both directions of a connection; an ICMP error goes with the connection it quotes. */
function keyOf(flow: Flow): string {
  const isError = flow.protocol === Protocol.ICMP && flow.quotedSrc !== undefined;
  const a = isError ? `${flow.quotedSrc}:${flow.quotedSport ?? 0}` : `${flow.src}:${flow.sport}`;
  const b = isError ? `${flow.quotedDst ?? 0}:${flow.quotedDport ?? 0}` : `${flow.dst}:${flow.dport}`;
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
