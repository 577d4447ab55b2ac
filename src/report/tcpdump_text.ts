import type { SentPacket } from "../cluster/flow_recorder.ts";
import { formatFlags, Protocol, TcpFlag } from "../kernel/packet.ts";
import { formatIpv4 } from "../units.ts";
import { type TcpHeader, TcpHeaders } from "./artefacts/tcp_header.ts";

/** ICMP carries the quoted IP and TCP headers behind its own. */
const ICMP_LENGTH = 48;

/** What `tcpdump` calls a VXLAN header by its port: what it is, and OTV at the port that Linux has always used for it. */
const TUNNELS: ReadonlyMap<number, string> = new Map([
  [4789, "VXLAN, flags [I] (0x08), vni 1"],
  [8472, "OTV, flags [I] (0x08), overlay 0, instance 1"],
]);

/** Where the numbers of a conversation begin, by its smaller and its greater end. */
interface Numbers {
  readonly low: number;
  readonly high: number;
}

/**
 * Packets as `tcpdump -n` prints them behind the time: numbers are relative to the first segment with an ACK that it
 * has seen of a conversation; a segment without one is printed as it is.
 */
export class TcpdumpText {
  readonly #headers = new TcpHeaders();
  readonly #numbers = new Map<string, Numbers>();

  /** The next packet; a second line shows what a tunnel has put into it. */
  line(sighting: SentPacket): string {
    const { packet, inner } = sighting;
    if (packet.protocol === Protocol.ICMP) return icmpLine(sighting);
    const header = this.#headers.next(sighting);
    const ends = `IP ${end(packet.src, packet.sport)} > ${end(packet.dst, packet.dport)}`;
    if (packet.protocol === Protocol.UDP) {
      const tunnel = TUNNELS.get(packet.dport);
      return inner === undefined || tunnel === undefined
        ? `${ends}: UDP, length ${packet.len}`
        : `${ends}: ${tunnel}\n${this.line(inner)}`;
    }
    const { seq, ack } = this.#relative(sighting);
    const parts = [`Flags [${formatFlags(packet.flags)}]`];
    const { flags, len } = packet;
    if (len > 0) parts.push(`seq ${seq}:${(seq + len) >>> 0}`);
    else if ((flags & (TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST)) !== 0) parts.push(`seq ${seq}`);
    if ((flags & TcpFlag.ACK) !== 0) parts.push(`ack ${ack}`);
    parts.push(`win ${header.window}`);
    const options = optionsText(header);
    if (options !== "") parts.push(`options [${options}]`);
    return `${ends}: ${parts.join(", ")}, length ${len}`;
  }

  #relative({ packet }: SentPacket): { seq: number; ack: number } {
    const seq = packet.seq >>> 0;
    const ack = packet.ack >>> 0;
    if ((packet.flags & TcpFlag.ACK) === 0) return { seq, ack };
    const a = end(packet.src, packet.sport);
    const b = end(packet.dst, packet.dport);
    const isLow = a < b;
    const key = isLow ? `${a} ${b}` : `${b} ${a}`;
    const known = this.#numbers.get(key);
    if (known === undefined || (packet.flags & TcpFlag.SYN) !== 0) {
      this.#numbers.set(key, isLow ? { low: seq, high: ack - 1 } : { low: ack - 1, high: seq });
      return { seq, ack };
    }
    const own = isLow ? known.low : known.high;
    const other = isLow ? known.high : known.low;
    return { seq: (seq - own) >>> 0, ack: (ack - other) >>> 0 };
  }
}

function optionsText({ mss, hasSackPermitted, timestamps, windowScale }: TcpHeader): string {
  const options: string[] = [];
  if (mss !== undefined) options.push(`mss ${mss}`);
  if (timestamps === undefined) {
    if (hasSackPermitted) options.push("nop,nop,sackOK");
  } else {
    options.push(hasSackPermitted ? "sackOK" : "nop,nop");
    options.push(`TS val ${timestamps.value} ecr ${timestamps.echo}`);
  }
  if (windowScale !== undefined) options.push(`nop,wscale ${windowScale}`);
  return options.join(",");
}

function icmpLine({ packet }: SentPacket): string {
  const ends = `IP ${formatIpv4(packet.src)} > ${formatIpv4(packet.dst)}: ICMP`;
  const { icmpType: type, icmpCode: code, quotedDst = 0, quotedDport = 0, quotedProtocol } = packet;
  const host = formatIpv4(quotedDst);
  const tail = `, length ${ICMP_LENGTH}`;
  if (type === 11) return `${ends} time exceeded in-transit${tail}`;
  if (type !== 3) return `${ends} type-#${type}${tail}`;
  if (code === 0) return `${ends} net ${host} unreachable${tail}`;
  if (code === 3)
    return `${ends} ${host} ${quotedProtocol === 17 ? "udp" : "tcp"} port ${quotedDport} unreachable${tail}`;
  if (code === 13) return `${ends} host ${host} unreachable - admin prohibited filter${tail}`;
  return `${ends} host ${host} unreachable${tail}`;
}

function end(address: number, port: number): string {
  return `${formatIpv4(address)}.${port}`;
}
