import { RUN_EPOCH } from "../../cluster/calendar.ts";
import type { PacketSighting } from "../../cluster/flow_recorder.ts";
import { ethernetFrame, type FrameParts, type MacAddress } from "./ethernet_frame.ts";
import { TcpHeaders } from "./tcp_header.ts";

/** A packet on an interface and what stands beside it in the capture. */
export interface CapturedPacket {
  readonly sighting: PacketSighting;
  readonly comment: string;
}

/** What a capture file holds. */
export interface Capture {
  /** Every interface, `namespace/device`; each gets a block, whether it saw a packet or not. */
  readonly interfaces: readonly string[];
  readonly packets: readonly CapturedPacket[];
  /** Only the packets of this interface, which then is the only one. */
  readonly only?: string;
  /** What wrote the file: `portfall 0.1.0`. */
  readonly application: string;
  readonly comment: string;
}

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
/** libpcap 1.10.3 reads several interfaces only if all have one link type and one snapshot length. */
const SNAP_LENGTH = 262_144;
const OPTION = { END: 0, COMMENT: 1, SHB_USER_APPLICATION: 4, IF_NAME: 2, IF_MAC: 6, IF_TIMESTAMP: 9, EPB_FLAGS: 2 };
const MICROSECONDS = 6;
const TWO_TO_32 = 4_294_967_296;

/**
 * A capture as the bytes of a pcapng file, one interface block per simulated interface, all of link type Ethernet.
 * Hardware addresses are made up: locally administered, `02:00:00:00`, then the interface's place in `interfaces` from 1;
 * loopback devices have zeros.
 */
export function pcapng(capture: Capture): Uint8Array {
  const { interfaces, only } = capture;
  const shown = only === undefined ? interfaces : [only];
  const places = new Map(shown.map((name, place) => [name, place]));
  const macs = new Map(interfaces.map((name, place) => [name, macOf(name, place)]));
  const headers = new TcpHeaders();
  const parts: FrameParts = {
    headerOf: (packet) => headers.next(packet),
    macOf: (name) => macs.get(name) ?? macOf(name, 0),
  };
  const blocks = [sectionHeader(capture)];
  for (const name of shown) blocks.push(interfaceBlock(name, macs.get(name) ?? macOf(name, 0)));
  for (const { sighting, comment } of capture.packets) {
    // Header fields depend on what came before, on whatever interface.
    if (sighting.inner !== undefined) headers.next(sighting.inner);
    headers.next(sighting);
    const place = places.get(sighting.interface);
    if (place === undefined) continue;
    blocks.push(packetBlock(place, sighting, { frame: ethernetFrame(sighting, parts), comment }));
  }
  return joined(blocks);
}

function macOf(name: string, place: number): MacAddress {
  if (name.endsWith("/lo")) return [0, 0, 0, 0, 0, 0];
  return [2, 0, 0, 0, ((place + 1) >> 8) & 255, (place + 1) & 255];
}

function sectionHeader({ application, comment }: Capture): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true);
  // The section's length is not stated.
  view.setBigInt64(8, -1n, true);
  const options = [textOption(OPTION.COMMENT, comment), textOption(OPTION.SHB_USER_APPLICATION, application)];
  return block(SECTION_HEADER, [body, ...options, endOfOptions()]);
}

function interfaceBlock(name: string, mac: MacAddress): Uint8Array {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, LINKTYPE_ETHERNET, true);
  view.setUint32(4, SNAP_LENGTH, true);
  const options = [
    textOption(OPTION.IF_NAME, name),
    option(OPTION.IF_MAC, Uint8Array.from(mac)),
    option(OPTION.IF_TIMESTAMP, Uint8Array.of(MICROSECONDS)),
  ];
  return block(INTERFACE_DESCRIPTION, [body, ...options, endOfOptions()]);
}

function packetBlock(
  place: number,
  sighting: PacketSighting,
  { frame, comment }: { readonly frame: Uint8Array; readonly comment: string },
): Uint8Array {
  const body = new Uint8Array(20);
  const view = new DataView(body.buffer);
  const time = RUN_EPOCH + sighting.time;
  view.setUint32(0, place, true);
  view.setUint32(4, Math.floor(time / TWO_TO_32), true);
  view.setUint32(8, time % TWO_TO_32, true);
  view.setUint32(12, frame.length, true);
  view.setUint32(16, frame.length, true);
  const flags = Uint8Array.of(sighting.direction === "in" ? 1 : 2, 0, 0, 0);
  const options = comment === "" ? [] : [textOption(OPTION.COMMENT, comment)];
  return block(ENHANCED_PACKET, [body, padded(frame), ...options, option(OPTION.EPB_FLAGS, flags), endOfOptions()]);
}

/** A block: type, length, content, length again. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const content = joined(parts);
  const length = content.length + 12;
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, type, true);
  new DataView(head.buffer).setUint32(4, length, true);
  const tail = new Uint8Array(4);
  new DataView(tail.buffer).setUint32(0, length, true);
  return joined([head, content, tail]);
}

function textOption(code: number, text: string): Uint8Array {
  return option(code, new TextEncoder().encode(text).slice(0, 65_535));
}

function option(code: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint16(0, code, true);
  new DataView(head.buffer).setUint16(2, value.length, true);
  return joined([head, padded(value)]);
}

function endOfOptions(): Uint8Array {
  return option(OPTION.END, new Uint8Array(0));
}

/** The bytes, followed by zeros up to a multiple of four. */
function padded(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  all.set(bytes);
  return all;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}
