import { Protocol } from "../packet.ts";

/** The protocols that conntrack knows, by the two bits that an entry has for them; 0 is no protocol. */
const PROTOCOLS: readonly number[] = [0, Protocol.ICMP, Protocol.TCP, Protocol.UDP];

/** The code of a protocol of conntrack, 0 to 3: its place in `PROTOCOLS`. */
export function codeOf(protocol: number): number {
  return (protocol ^ (protocol >> 3)) & 3;
}

/** The protocol of a code. */
export function protocolOf(code: number): number {
  return PROTOCOLS[code]!;
}
