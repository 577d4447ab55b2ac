import type { DecisionSink } from "../../src/kernel/decisions/decision.ts";
import { Machine } from "../../src/kernel/machine.ts";
import type { Device } from "../../src/kernel/device.ts";
import { Hook, Verdict } from "../../src/kernel/netfilter/hooks.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { formatFlags, type Packet, Protocol, TcpFlag } from "../../src/kernel/packet.ts";
import { SocketFlag } from "../../src/kernel/tcp/socket_table.ts";
import { TcpState } from "../../src/kernel/tcp/tcp_states.ts";
import type { Tcp } from "../../src/kernel/tcp/tcp.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { type Ipv4, type Micros, type Port, seconds } from "../../src/units.ts";
import { era, ip, RecordingOwner } from "./small_network.ts";

/** The host whose kernel is under test, and the far end of its wire, which only speaks when the test says so. */
export const HOST = ip("192.0.2.1");
export const PEER = ip("192.0.2.2");

/** A segment that the host has sent. */
export interface SentSegment {
  readonly time: Micros;
  readonly src: Ipv4;
  readonly dst: Ipv4;
  readonly sport: Port;
  readonly dport: Port;
  readonly ttl: number;
  /** As tcpdump prints them; `icmp 3/1` for an ICMP error. */
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly hasZeroWindow: boolean;
}

/** A segment from the peer to the host (or between the addresses given); flags as tcpdump prints them, `""` for none. */
export interface InjectedSegment {
  readonly src?: Ipv4;
  readonly dst?: Ipv4;
  readonly sport: Port;
  readonly dport: Port;
  readonly flags: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly len?: number;
}

export interface WireOptions {
  readonly kernel?: string;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly uptime?: Micros;
  readonly seed?: string;
  /** Hears why the host does what it does. */
  readonly decisions?: DecisionSink;
}

/**
 * A host on a wire: its segments are recorded, and the peer's are injected one by one, so that a test reads like a
 * script of a handshake. Every foreign address is behind the wire.
 */
export class Wire {
  readonly loop = new EventLoop();
  readonly machine: Machine;
  readonly tcp: Tcp;
  readonly host: Netns;
  readonly owner = new RecordingOwner();
  readonly #device: Device;
  #sent: SentSegment[] = [];

  constructor(options: WireOptions = {}) {
    this.machine = new Machine({
      loop: this.loop,
      era: era(options.kernel ?? "5.4.188"),
      random: new RandomStreams(options.seed ?? "wire", 0),
      uptime: options.uptime ?? seconds(100_000),
      trace: {
        packet: (time, device, direction, packet) => this.#record(time, device, direction, packet),
        ...(options.decisions === undefined ? {} : { decisions: options.decisions }),
      },
    });
    this.tcp = this.machine.tcp;
    this.host = this.machine.createNetns("host");
    const far = this.machine.createNetns("far end");
    const [device, farDevice] = this.machine.createVeth(
      { netns: this.host, name: "eth0" },
      { netns: far, name: "eth0" },
    );
    this.#device = device;
    this.host.addAddress(device, HOST, 24);
    far.addAddress(farDevice, PEER, 24);
    this.host.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device, via: PEER });
    far.hooks.register(Hook.PRE_ROUTING, 0, () => Verdict.DROP);
    for (const [name, value] of Object.entries(options.sysctls ?? {})) this.set(name, value);
  }

  /** `sysctl name=value` on the host. */
  set(name: string, value: string): void {
    const problem = this.host.sysctls.set(name, value);
    if (problem !== undefined) throw new Error(problem.message);
  }

  /** Runs to a moment, in seconds from the start. */
  at(moment: number): this {
    this.loop.runUntil(seconds(moment));
    return this;
  }

  /** What the host has sent since this was last asked. */
  takeSent(): SentSegment[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The flags of what the host has sent since this was last asked. */
  takeFlags(): string[] {
    return this.takeSent().map((segment) => segment.flags);
  }

  /** A segment of the peer arrives at the host. */
  inject(segment: InjectedSegment): this {
    const packet = this.#take(Protocol.TCP);
    packet.src = segment.src ?? PEER;
    packet.dst = segment.dst ?? HOST;
    packet.sport = segment.sport;
    packet.dport = segment.dport;
    packet.flags = parseFlags(segment.flags);
    packet.seq = (segment.seq ?? 0) | 0;
    packet.ack = (segment.ack ?? 0) | 0;
    packet.len = segment.len ?? 0;
    this.host.receive(packet, this.#device);
    return this;
  }

  /** An ICMP error arrives that quotes a segment from the host to the peer. */
  injectIcmpError(
    type: number,
    code: number,
    quoted: { sport: Port; dport: Port; seq: number },
    quotedProtocol: number = Protocol.TCP,
  ): this {
    const packet = this.#take(Protocol.ICMP);
    packet.icmpType = type;
    packet.icmpCode = code;
    packet.quotedProtocol = quotedProtocol;
    packet.quotedSrc = HOST;
    packet.quotedDst = PEER;
    packet.quotedSport = quoted.sport;
    packet.quotedDport = quoted.dport;
    packet.quotedSeq = quoted.seq;
    this.host.receive(packet, this.#device);
    return this;
  }

  /** A socket in SYN_SENT towards the peer (or another address). @returns its slot and the SYN. */
  connect(dport: Port, daddr: Ipv4 = PEER): { readonly slot: number; readonly syn: SentSegment } {
    this.takeSent();
    const slot = this.tcp.socket(this.host, this.owner, 0);
    const outcome = this.tcp.connect(slot, daddr, dport);
    if (outcome < 0) throw new Error(`connect gives ${outcome}`);
    const syn = this.takeSent()[0];
    if (syn === undefined) throw new Error("connect sends no SYN");
    return { slot, syn };
  }

  /** What connect() answers: 0 or a negative errno. */
  tryConnect(dport: Port, daddr: Ipv4 = PEER): number {
    return this.tcp.connect(this.tcp.socket(this.host, this.owner, 0), daddr, dport);
  }

  /** A client's connection that is ESTABLISHED; the peer's next sequence number is 5001. */
  establish(dport: Port): { readonly slot: number; readonly syn: SentSegment } {
    const client = this.connect(dport);
    this.inject({ sport: dport, dport: client.syn.sport, flags: "S.", seq: 5000, ack: client.syn.seq + 1 });
    this.takeSent();
    return client;
  }

  /** A client's connection that closed first and is in TIME_WAIT. */
  timeWait(dport: Port): { readonly slot: number; readonly syn: SentSegment } {
    const client = this.establish(dport);
    this.tcp.close(client.slot);
    this.inject({ sport: dport, dport: client.syn.sport, flags: "F.", seq: 5001, ack: client.syn.seq + 2 });
    this.takeSent();
    return client;
  }

  /** Listening, bound and connected sockets of the host by state, as `ss` counts them. */
  count(state: (typeof TcpState)[keyof typeof TcpState]): number {
    this.tcp.timeWaits.expire();
    let count = 0;
    for (let slot = 0; slot < this.tcp.sockets.extent; slot += 1) {
      if (state !== TcpState.CLOSE || this.tcp.sockets.has(slot, SocketFlag.HAS_PORT)) {
        count += this.tcp.sockets.state(slot) === state ? 1 : 0;
      }
    }
    return count;
  }

  #take(protocol: number): Packet {
    const packet = this.machine.packets.take();
    packet.protocol = protocol;
    packet.src = PEER;
    packet.dst = HOST;
    return packet;
  }

  #record(time: Micros, device: Device, direction: "in" | "out", packet: Packet): void {
    if (device.netns !== this.host || device.kind !== "veth" || direction !== "out") return;
    const { src, dst, sport, dport, ttl, seq, ack, hasZeroWindow } = packet;
    const isIcmp = packet.protocol === Protocol.ICMP;
    const flags = isIcmp ? `icmp ${packet.icmpType}/${packet.icmpCode}` : formatFlags(packet.flags);
    this.#sent.push({ time, src, dst, sport, dport, ttl, flags, seq, ack, hasZeroWindow });
  }
}

/** `S.` and the like as flag bits. */
export function parseFlags(text: string): number {
  const bits: Readonly<Record<string, number>> = {
    F: TcpFlag.FIN,
    S: TcpFlag.SYN,
    R: TcpFlag.RST,
    P: TcpFlag.PSH,
    ".": TcpFlag.ACK,
  };
  let flags = 0;
  for (const letter of text) {
    const bit = bits[letter];
    if (bit === undefined) throw new Error(`no TCP flag: ${letter}`);
    flags |= bit;
  }
  return flags;
}
