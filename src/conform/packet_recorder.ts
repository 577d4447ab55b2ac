import type { Device } from "../kernel/device.ts";
import { formatFlags, type Packet, Protocol, TcpFlag } from "../kernel/packet.ts";
import type { TraceSink } from "../kernel/trace.ts";
import { formatEndpoint, formatIpv4, type Micros } from "../units.ts";
import type { ObservedPacket } from "./observation.ts";

/** Writes down each packet on each interface, as `tcpdump -i any` in every namespace would. */
export class PacketRecorder implements TraceSink {
  readonly packets: ObservedPacket[] = [];
  readonly #origin: Micros;

  /** @param origin the moment of the run at which the capture starts. */
  constructor(origin: Micros) {
    this.#origin = origin;
  }

  packet(time: Micros, device: Device, direction: "in" | "out", packet: Packet): void {
    const place = {
      at: time - this.#origin,
      interface: `${device.netns.name}/${device.name}`,
      dir: direction,
    };
    if (packet.protocol === Protocol.ICMP) {
      this.packets.push({
        kind: "icmp",
        ...place,
        src: formatIpv4(packet.src),
        dst: formatIpv4(packet.dst),
        type: packet.icmpType,
        code: packet.icmpCode,
        quotedSrc: formatEndpoint(packet.quotedSrc, packet.quotedSport),
        quotedDst: formatEndpoint(packet.quotedDst, packet.quotedDport),
      });
    } else if (packet.protocol === Protocol.TCP) {
      this.packets.push({
        kind: "tcp",
        ...place,
        src: formatEndpoint(packet.src, packet.sport),
        dst: formatEndpoint(packet.dst, packet.dport),
        flags: formatFlags(packet.flags),
        seq: packet.seq,
        ack: (packet.flags & TcpFlag.ACK) === 0 ? null : packet.ack,
        len: packet.len,
        ttl: packet.ttl,
      });
    }
  }
}
