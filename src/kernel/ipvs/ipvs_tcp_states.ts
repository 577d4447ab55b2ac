import type { KernelEra } from "../kernel_era.ts";

/** States of a connection in IPVS. Source: include/net/ip_vs.h IP_VS_TCP_S_*, v6.1. */
export const IpvsState = {
  NONE: 0,
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT: 4,
  TIME_WAIT: 5,
  CLOSE: 6,
  CLOSE_WAIT: 7,
  LAST_ACK: 8,
  LISTEN: 9,
  SYNACK: 10,
} as const;

/** Names as `ipvsadm -Lnc` prints them. */
export const IPVS_STATE_NAMES: readonly string[] = [
  "NONE",
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "SYNACK",
];

/** Seconds by state. Source: net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_timeouts, v6.1. */
export const IPVS_TCP_TIMEOUTS: readonly number[] = [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120];

/**
 * Whether a state counts as ActiveConn: ESTABLISHED does, and from 4.8 on handshakes do.
 *
 * Source: net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_state_active_table, v6.1; net/netfilter/ipvs/ip_vs_proto_tcp.c set_tcp_state, v4.4.
 */
export function isActiveState(era: KernelEra, state: number): boolean {
  if (state === IpvsState.ESTABLISHED) return true;
  const isHandshake = state === IpvsState.SYN_SENT || state === IpvsState.SYN_RECV || state === IpvsState.SYNACK;
  return isHandshake && era.ipvsCountsHandshakesActive;
}

/** Which way a packet goes: from the client to the virtual service, or from the real server back. */
export const IpvsDirection = { INPUT: 0, OUTPUT: 1 } as const;

const CODES: Readonly<Record<string, number>> = {
  NO: 0,
  ES: 1,
  SS: 2,
  SR: 3,
  FW: 4,
  TW: 5,
  CL: 6,
  CW: 7,
  LA: 8,
  LI: 9,
  SA: 10,
};

/** Rows are old states in the order of `IpvsState`; each names the next state for SYN, FIN, ACK, RST. */
const INPUT = [
  "SR CL ES CL",
  "ES CW ES CL",
  "ES SS SS CL",
  "SR TW ES SR",
  "SR TW FW CL",
  "SR TW TW CL",
  "SR CL CL CL",
  "SR CW CW CL",
  "SR LA CL LA",
  "SR LI LI LI",
  "SR TW ES SR",
];
const OUTPUT = [
  "SS TW ES CL",
  "ES FW ES CL",
  "SS SS SS SS",
  "SR TW ES CL",
  "SS FW FW CL",
  "SS TW TW TW",
  "SS CL CL CL",
  "SS TW CW CL",
  "SS LA LA CL",
  "LI LI ES CL",
  "SR TW ES CL",
];

const TABLE = Uint8Array.from([...INPUT, ...OUTPUT].flatMap((row) => row.split(" ").map((code) => CODES[code]!)));

/**
 * The next state of a masqueraded connection: a RST is told first, then SYN, FIN, ACK; no flag means CLOSE.
 *
 * Source: net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_states, set_tcp_state, v6.1. Not modelled: the table of secure_tcp,
 * INPUT-ONLY (direct routing and tunnels).
 */
export function nextIpvsTcpState(direction: number, state: number, flags: number): number {
  const column = (flags & 4) !== 0 ? 3 : (flags & 2) !== 0 ? 0 : (flags & 1) !== 0 ? 1 : (flags & 16) !== 0 ? 2 : -1;
  if (column < 0) return IpvsState.CLOSE;
  return TABLE[(direction * 11 + state) * 4 + column]!;
}
