import type { Netns } from "../netns.ts";
import { SS_STATE_NAMES, TcpState } from "../tcp/tcp_states.ts";
import { TIMEWAIT_LEN } from "../tcp/time_wait.ts";
import { compareEndpoints, shownEndpoint, type ShownEndpoint } from "./shown_endpoint.ts";
import { millisecondsLeft } from "./time_left.ts";

/** The timer of a socket as `ss -o` shows it. */
export interface SsTimer {
  /** `on` retransmits, `timewait` ends the entry; `keepalive`, `persist` and `delack` come from real nodes only. */
  readonly name: string;
  /** What the text says, which is coarser the longer it is. */
  readonly leftMs: number;
  readonly retransmits: number;
}

/** A line of `ss -tan`. */
export interface SsRow {
  /** As `ss` writes it: `SYN-SENT`, `TIME-WAIT`. */
  readonly state: string;
  /** Bytes that the application has not read; connections that wait for accept(2) if the state is LISTEN. */
  readonly receiveQueue: number;
  /** Bytes without acknowledgement, a SYN or FIN counting as one; the accept backlog if the state is LISTEN. */
  readonly sendQueue: number;
  readonly local: ShownEndpoint;
  readonly peer: ShownEndpoint;
  readonly timer?: SsTimer;
}

/**
 * The TCP sockets of a namespace now. Listening ones come first, as in the kernel's dump; the others come in its hash
 * order there and by local, then by peer endpoint here.
 *
 * Source: net/ipv4/inet_diag.c inet_sk_diag_fill, inet_twsk_diag_fill, inet_req_diag_fill; net/ipv4/tcp_diag.c
 * tcp_diag_get_info, v6.1.
 * Not modelled: bytes that wait to be read, and what an application asks of listen(2): each backlog is
 * `net.core.somaxconn`, as servers written in Go have it.
 */
export function listSsRows(netns: Netns): SsRow[] {
  const { sockets, deferred } = netns.machine.tcp;
  deferred?.recallAll();
  const rows: SsRow[] = [];
  for (let slot = 0; slot < sockets.extent; slot += 1) {
    if (sockets.scope(slot) === netns.id && isShown(netns, slot)) rows.push(rowOf(netns, slot));
  }
  return rows.toSorted(compareRows);
}

/** A TIME_WAIT entry whose timer has fired may still stand in the table until somebody looks for its port. */
function isShown({ machine }: Netns, slot: number): boolean {
  const { sockets } = machine.tcp;
  if (sockets.state(slot) === TcpState.CLOSE) return false;
  if (sockets.state(slot) !== TcpState.TIME_WAIT) return true;
  return machine.jiffies.expiry(sockets.due(slot) - TIMEWAIT_LEN, TIMEWAIT_LEN) > machine.loop.now;
}

function rowOf(netns: Netns, slot: number): SsRow {
  const { sockets } = netns.machine.tcp;
  const state = sockets.state(slot);
  const local = shownEndpoint(sockets.local(slot), sockets.localPort(slot));
  const peer = shownEndpoint(sockets.remote(slot), sockets.remotePort(slot));
  const place = { state: SS_STATE_NAMES[state] ?? "UNKNOWN", receiveQueue: 0, local, peer };
  if (state === TcpState.LISTEN) return { ...place, sendQueue: netns.sysctls.number("net.core.somaxconn") };
  const isTimeWait = state === TcpState.TIME_WAIT;
  const isSmall = isTimeWait || state === TcpState.FIN_WAIT2;
  const unacknowledged = isTimeWait ? 0 : (sockets.sndNxt(slot) - sockets.sndUna(slot)) | 0;
  const isRequest = state === TcpState.SYN_RECV;
  const sendQueue = isSmall || isRequest ? 0 : unacknowledged;
  if (!isSmall && unacknowledged === 0) return { ...place, sendQueue };
  const timer = {
    name: isSmall ? "timewait" : "on",
    leftMs: shownMilliseconds(millisecondsLeft(netns.machine, sockets.due(slot))),
    retransmits: isSmall ? 0 : sockets.retransmits(slot),
  };
  return { ...place, sendQueue, timer };
}

/**
 * What is left of a time once `ss` has written it: from ten minutes on whole minutes, from ten seconds on whole
 * seconds, and no milliseconds beside minutes.
 *
 * Source: iproute2/misc/ss.c print_ms_timer, v6.1.0.
 */
export function shownMilliseconds(milliseconds: number): number {
  if (milliseconds >= 600_000) return milliseconds - (milliseconds % 60_000);
  return milliseconds >= 10_000 ? milliseconds - (milliseconds % 1000) : milliseconds;
}

function compareRows(a: SsRow, b: SsRow): number {
  const isListening = Number(b.state === "LISTEN") - Number(a.state === "LISTEN");
  return isListening || compareEndpoints(a.local, b.local) || compareEndpoints(a.peer, b.peer);
}
