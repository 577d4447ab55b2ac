/** States of a TCP socket. `SYN_RECV` is a request socket (`TCP_NEW_SYN_RECV`). Source: include/net/tcp_states.h, v6.1. */
export const TcpState = {
  CLOSE: 0,
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;

/** Names as `ss` prints them. */
export const SS_STATE_NAMES: readonly (string | undefined)[] = [
  "UNCONN",
  "ESTAB",
  "SYN-SENT",
  "SYN-RECV",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "TIME-WAIT",
  undefined,
  "CLOSE-WAIT",
  "LAST-ACK",
  "LISTEN",
  "CLOSING",
];
