import type { Device } from "../../src/kernel/device.ts";
import { formatFlags, type Packet, Protocol } from "../../src/kernel/packet.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import { formatEndpoint, type Micros } from "../../src/units.ts";

/** A packet as a capture on one interface shows it. */
export interface LoggedPacket {
  readonly time: Micros;
  readonly direction: "in" | "out";
  /** `address:port > address:port`. */
  readonly way: string;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly ttl: number;
  readonly hasZeroWindow: boolean;
}

/** Captures on every interface at once; asked by namespace and interface. */
export class PacketLog implements TraceSink {
  readonly #packets = new Map<string, LoggedPacket[]>();
  #count = 0;

  packet(time: Micros, device: Device, direction: "in" | "out", packet: Packet): void {
    const place = `${device.netns.name}/${device.name}`;
    const way = `${formatEndpoint(packet.src, packet.sport)} > ${formatEndpoint(packet.dst, packet.dport)}`;
    const isIcmp = packet.protocol === Protocol.ICMP;
    const flags = isIcmp ? `icmp ${packet.icmpType}/${packet.icmpCode}` : formatFlags(packet.flags);
    const { seq, ack, ttl, hasZeroWindow } = packet;
    const packets = this.#packets.get(place) ?? [];
    packets.push({ time, direction, way, flags, seq, ack, ttl, hasZeroWindow });
    this.#packets.set(place, packets);
    this.#count += 1;
  }

  /** What an interface (`p1/eth0`) has seen, oldest first. */
  at(place: string): readonly LoggedPacket[] {
    return this.#packets.get(place) ?? [];
  }

  /** Sightings on all interfaces together. */
  get count(): number {
    return this.#count;
  }
}
