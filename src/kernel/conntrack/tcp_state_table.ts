/** States of a tracked TCP connection. Source: include/uapi/linux/netfilter/nf_conntrack_tcp.h, v6.1. */
export const CtTcpState = {
  NONE: 0,
  SYN_SENT: 1,
  SYN_RECV: 2,
  ESTABLISHED: 3,
  FIN_WAIT: 4,
  CLOSE_WAIT: 5,
  LAST_ACK: 6,
  TIME_WAIT: 7,
  CLOSE: 8,
  SYN_SENT2: 9,
  /** Outcomes of the table that are no states: let the packet pass and change nothing, or call it invalid. */
  IGNORE: 10,
  INVALID: 11,
} as const;

/** Names as `conntrack -L` prints them. */
export const CT_TCP_STATE_NAMES: readonly string[] = [
  "NONE",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT",
  "CLOSE_WAIT",
  "LAST_ACK",
  "TIME_WAIT",
  "CLOSE",
  "SYN_SENT2",
];

/** Kinds of segment, the columns of the table; a RST is told first, then SYN, FIN, ACK. */
export const CtTcpInput = { SYN: 0, SYN_ACK: 1, FIN: 2, ACK: 3, RST: 4, NONE: 5 } as const;

const CODES: Readonly<Record<string, number>> = {
  NO: CtTcpState.NONE,
  SS: CtTcpState.SYN_SENT,
  SR: CtTcpState.SYN_RECV,
  ES: CtTcpState.ESTABLISHED,
  FW: CtTcpState.FIN_WAIT,
  CW: CtTcpState.CLOSE_WAIT,
  LA: CtTcpState.LAST_ACK,
  TW: CtTcpState.TIME_WAIT,
  CL: CtTcpState.CLOSE,
  S2: CtTcpState.SYN_SENT2,
  IG: CtTcpState.IGNORE,
  IV: CtTcpState.INVALID,
};

/** Rows are old states NONE to SYN_SENT2; each names the outcomes of SYN, SYN-ACK, FIN, ACK, RST. */
const ORIGINAL = [
  "SS IV IV ES IV",
  "SS IV IV IV CL",
  "IG SR FW ES CL",
  "IG IV FW ES CL",
  "IG IV LA CW CL",
  "IG IV LA CW CL",
  "IG IV LA TW CL",
  "SS IV TW TW CL",
  "SS IV CL CL CL",
  "S2 SR IV IV CL",
];
const REPLY = [
  "IV IV IV IV IV",
  "S2 SR IV IG CL",
  "IV IG FW SR CL",
  "IV IG FW ES CL",
  "IV IG LA CW CL",
  "IV IG LA CW CL",
  "IV IG LA TW CL",
  "SS IG TW TW CL",
  "IV IG CL CL CL",
  "S2 SR IV IG CL",
];

/**
 * The outcome for (direction, old state, kind of segment): a state, `IGNORE` or `INVALID`.
 *
 * Source: net/netfilter/nf_conntrack_proto_tcp.c tcp_conntracks, v6.1. Not modelled: up to 3.13 a SYN of the server in
 * TIME_WAIT is INVALID.
 */
export function nextCtTcpState(direction: number, state: number, input: number): number {
  if (input === CtTcpInput.NONE) return CtTcpState.INVALID;
  return TABLE[(direction * 10 + state) * 5 + input]!;
}

const TABLE = Uint8Array.from([...ORIGINAL, ...REPLY].flatMap((row) => row.split(" ").map((code) => CODES[code]!)));
