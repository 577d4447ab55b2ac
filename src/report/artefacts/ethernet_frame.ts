import type { PacketSnapshot, SentPacket } from "../../cluster/flow_recorder.ts";
import { Protocol } from "../../kernel/packet.ts";
import type { TcpHeader } from "./tcp_header.ts";

const ETHERNET_LENGTH = 14;
const IP_LENGTH = 20;
const ETHERTYPE_IPV4 = 0x0800;
const DONT_FRAGMENT = 0x4000;
/** The flag that a VXLAN header has a network identifier, and flannel's identifier. */
const VXLAN_FLAGS = 0x08;
const VNI = 1;

/** The six bytes of an interface's hardware address. */
export type MacAddress = readonly number[];

/** What a frame needs beside the packet. */
export interface FrameParts {
  /** The header fields of a segment. */
  headerOf(packet: SentPacket): TcpHeader;
  /** The hardware address of an interface. */
  macOf(name: string): MacAddress;
}

/**
 * A packet as the bytes of an Ethernet frame with correct checksums.
 *
 * Not modelled: payload bytes (they are zeros), IP identification (0, with "don't fragment"), what is quoted beyond the
 * quoted TCP header's ports and sequence number.
 */
export function ethernetFrame(sent: SentPacket, parts: FrameParts): Uint8Array {
  const { packet } = sent;
  const body = transportBytes(sent, parts);
  const frame = new Uint8Array(ETHERNET_LENGTH + IP_LENGTH + body.length);
  frame.set(parts.macOf(sent.to), 0);
  frame.set(parts.macOf(sent.from), 6);
  writeIpv4(new DataView(frame.buffer), ETHERNET_LENGTH, packet, IP_LENGTH + body.length);
  new DataView(frame.buffer).setUint16(12, ETHERTYPE_IPV4);
  frame.set(body, ETHERNET_LENGTH + IP_LENGTH);
  return frame;
}

function transportBytes(sent: SentPacket, parts: FrameParts): Uint8Array {
  const { packet, inner } = sent;
  switch (packet.protocol) {
    case Protocol.TCP:
      return tcpBytes(packet, parts.headerOf(sent));
    case Protocol.UDP:
      return inner === undefined ? udpBytes(packet) : vxlanBytes(packet, ethernetFrame(inner, parts));
    default:
      return icmpBytes(packet);
  }
}

function tcpBytes(packet: PacketSnapshot, header: TcpHeader): Uint8Array {
  const options = optionBytes(header);
  const length = 20 + options.length;
  const bytes = new Uint8Array(length + packet.len);
  const view = new DataView(bytes.buffer);
  writeTcpStart(view, 0, packet);
  view.setUint32(8, packet.ack >>> 0);
  view.setUint8(12, (length / 4) << 4);
  view.setUint8(13, packet.flags);
  view.setUint16(14, header.window);
  bytes.set(options, 20);
  view.setUint16(16, checksum(bytes, pseudoHeader(packet, bytes.length)));
  return bytes;
}

function writeTcpStart(view: DataView, at: number, packet: { sport: number; dport: number; seq: number }): void {
  view.setUint16(at, packet.sport);
  view.setUint16(at + 2, packet.dport);
  view.setUint32(at + 4, packet.seq >>> 0);
}

/** Options in the order and with the padding of the kernel. Source: net/ipv4/tcp_output.c tcp_options_write, v6.1. */
function optionBytes({ mss, hasSackPermitted, timestamps, windowScale }: TcpHeader): number[] {
  const options: number[] = [];
  if (mss !== undefined) options.push(2, 4, mss >>> 8, mss & 255);
  if (timestamps !== undefined) {
    options.push(...(hasSackPermitted ? [4, 2] : [1, 1]), 8, 10);
    options.push(...wordBytes(timestamps.value), ...wordBytes(timestamps.echo));
  } else if (hasSackPermitted) options.push(1, 1, 4, 2);
  if (windowScale !== undefined) options.push(1, 3, 3, windowScale);
  return options;
}

function wordBytes(word: number): number[] {
  return [(word >>> 24) & 255, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
}

function udpBytes(packet: PacketSnapshot): Uint8Array {
  const bytes = new Uint8Array(8 + packet.len);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, packet.sport);
  view.setUint16(2, packet.dport);
  view.setUint16(4, bytes.length);
  const sum = checksum(bytes, pseudoHeader(packet, bytes.length));
  // 0 would mean that there is no checksum (RFC 768).
  view.setUint16(6, sum === 0 ? 0xffff : sum);
  return bytes;
}

/** A tunnel's packet. Its UDP has no checksum, which is the default. Source: drivers/net/vxlan/vxlan_core.c vxlan_build_skb, v6.1. */
function vxlanBytes(packet: PacketSnapshot, inner: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + inner.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, packet.sport);
  view.setUint16(2, packet.dport);
  view.setUint16(4, bytes.length);
  view.setUint8(8, VXLAN_FLAGS);
  view.setUint32(12, VNI << 8);
  bytes.set(inner, 16);
  return bytes;
}

/** An ICMP error: its own header, then the IP header and the TCP header that it quotes. */
function icmpBytes(packet: PacketSnapshot): Uint8Array {
  const bytes = new Uint8Array(8 + IP_LENGTH + 20);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, packet.icmpType);
  view.setUint8(1, packet.icmpCode);
  const { quotedProtocol = Protocol.TCP, quotedSrc = 0, quotedDst = 0, quotedSport = 0, quotedDport = 0 } = packet;
  const quoted = { protocol: quotedProtocol, src: quotedSrc, dst: quotedDst, ttl: 64 };
  writeIpv4(view, 8, quoted, IP_LENGTH + 20);
  writeTcpStart(view, 8 + IP_LENGTH, { sport: quotedSport, dport: quotedDport, seq: packet.quotedSeq });
  view.setUint8(8 + IP_LENGTH + 12, 5 << 4);
  view.setUint16(2, checksum(bytes, 0));
  return bytes;
}

function writeIpv4(
  view: DataView,
  at: number,
  header: { readonly protocol: number; readonly src: number; readonly dst: number; readonly ttl: number },
  totalLength: number,
): void {
  view.setUint8(at, 0x45);
  view.setUint16(at + 2, totalLength);
  view.setUint16(at + 6, DONT_FRAGMENT);
  view.setUint8(at + 8, header.ttl);
  view.setUint8(at + 9, header.protocol);
  view.setInt32(at + 12, header.src);
  view.setInt32(at + 16, header.dst);
  view.setUint16(at + 10, checksum(new Uint8Array(view.buffer, at, IP_LENGTH), 0));
}

function pseudoHeader({ src, dst, protocol }: PacketSnapshot, length: number): number {
  return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + length;
}

/** The Internet checksum (RFC 1071) of bytes whose checksum field is 0. @param start the sum of what else it covers. */
function checksum(bytes: Uint8Array, start: number): number {
  let sum = start;
  for (let place = 0; place < bytes.length; place += 2) sum += (bytes[place]! << 8) | (bytes[place + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
