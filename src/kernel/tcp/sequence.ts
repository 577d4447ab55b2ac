import { type Packet, TcpFlag } from "../packet.ts";

/** The window that a socket offers at first, before scaling, bytes: segments beyond it are out of window. */
export const RECEIVE_WINDOW = 65535;

/** The sequence number behind a segment: SYN and FIN count one each. */
export function segmentEnd(packet: Packet): number {
  const syn = (packet.flags & TcpFlag.SYN) !== 0 ? 1 : 0;
  const fin = (packet.flags & TcpFlag.FIN) !== 0 ? 1 : 0;
  return (packet.seq + packet.len + syn + fin) | 0;
}

/** Whether sequence number `a` comes before `b` (modulo 2^32). */
export function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
