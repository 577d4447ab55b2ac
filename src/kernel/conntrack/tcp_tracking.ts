import { type Micros, SECOND } from "../../units.ts";
import { type Packet, Protocol, TcpFlag } from "../packet.ts";
import type { SysctlValues } from "../sysctl.ts";
import { isBefore, segmentEnd } from "../tcp/sequence.ts";
import type { Conntrack } from "./conntrack.ts";
import type { ConntrackTable } from "./conntrack_table.ts";
import { CtStatus } from "./ct_status.ts";
import { CtTcpInput, CtTcpState, nextCtTcpState } from "./tcp_state_table.ts";

/** What became of a segment. `killed`: nobody finds its entry any more. */
export type TrackOutcome = "accept" | "invalid" | "repeat" | "killed";

const TIMEOUT_NAMES = [
  undefined,
  "syn_sent",
  "syn_recv",
  "established",
  "fin_wait",
  "close_wait",
  "last_ack",
  "time_wait",
  "close",
] as const;

/** The TCP settings of conntrack in one namespace, read when a sysctl changes. */
export class TcpTimeouts {
  /** Timeout by state, microseconds. */
  readonly byState: readonly Micros[];
  readonly maxRetrans: Micros;
  readonly unacknowledged: Micros;
  readonly retransMax: number;
  readonly isLoose: boolean;
  readonly ignoresInvalidRst: boolean;

  constructor(sysctls: SysctlValues) {
    const timeout = (name: string): Micros => sysctls.number(`net.netfilter.nf_conntrack_tcp_timeout_${name}`) * SECOND;
    this.byState = [...TIMEOUT_NAMES.map((name) => (name === undefined ? 0 : timeout(name))), timeout("syn_sent")];
    this.maxRetrans = timeout("max_retrans");
    this.unacknowledged = timeout("unacknowledged");
    this.retransMax = sysctls.number("net.netfilter.nf_conntrack_tcp_max_retrans");
    this.isLoose = sysctls.number("net.netfilter.nf_conntrack_tcp_loose") !== 0;
    this.ignoresInvalidRst = sysctls.number("net.netfilter.nf_conntrack_tcp_ignore_invalid_rst") !== 0;
  }
}

/** The first segment of a connection. Source: net/netfilter/nf_conntrack_proto_tcp.c tcp_new, v6.1. */
export function startTcp(conntrack: Conntrack, slot: number, packet: Packet): void {
  const input = inputOf(packet);
  const state = nextCtTcpState(0, CtTcpState.NONE, input);
  conntrack.table.setState(slot, state);
  const end = segmentEnd(packet);
  conntrack.table.memory.setSentEnd(2 * slot, end);
  remember(conntrack.table, slot, packet, input, end);
  conntrack.refresh(slot, timeoutOf(conntrack, slot, state));
}

/**
 * A segment of a known connection, its direction in `packet.ctDirection`: the next state, or that it is ignored or
 * invalid.
 *
 * Source: net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet, v6.1. Not modelled: the window check
 * (tcp_in_window), so a segment out of its window is not called INVALID, nor ignored if it is merely late (6.1); the SYN
 * proxy; challenge ACKs seen on the way.
 */
export function trackTcp(conntrack: Conntrack, slot: number, packet: Packet): TrackOutcome {
  const table = conntrack.table;
  const direction = packet.ctDirection;
  const input = inputOf(packet);
  const old = table.state(slot);
  const end = segmentEnd(packet);
  let next = nextCtTcpState(direction, old, input);
  if (next === CtTcpState.INVALID) return "invalid";
  const isReopening = next === CtTcpState.SYN_SENT && old >= CtTcpState.TIME_WAIT;
  if (isReopening && mayReopen(table, slot, direction)) return "repeat";
  if (next === CtTcpState.IGNORE || isReopening) {
    if (input !== CtTcpInput.SYN_ACK || !followsIgnoredSyn(table, slot, packet)) {
      remember(table, slot, packet, input, end);
      return "accept";
    }
    next = CtTcpState.SYN_RECV;
  } else if (input === CtTcpInput.RST && next === CtTcpState.CLOSE) {
    if (!isAcceptableReset(conntrack, slot, direction, packet)) return "invalid";
    if (old === CtTcpState.ESTABLISHED && leavesOpen(conntrack, slot, packet)) next = old;
  } else if (next === CtTcpState.SYN_SENT && isUnansweredRepetition(conntrack, slot, input)) {
    remember(table, slot, packet, input, end);
    return "accept";
  }
  if (input === CtTcpInput.ACK && packet.len > 0) noteRetransmission(table, slot, packet);
  noteSent(table, slot, packet, end);
  remember(table, slot, packet, input, end);
  return applyState(conntrack, slot, next, packet);
}

/** Whether GC may drop an entry when the table is nearly full. Source: net/netfilter/nf_conntrack_proto_tcp.c tcp_can_early_drop, v6.1. */
export function maySlotBeDroppedByGc(table: ConntrackTable, slot: number): boolean {
  if (!table.has(slot, CtStatus.ASSURED)) return true;
  if (table.protocol(slot) !== Protocol.TCP) return false;
  const state = table.state(slot);
  return state >= CtTcpState.FIN_WAIT && state <= CtTcpState.CLOSE;
}

/** The segment has been accepted: the entry takes its new state and timeout. */
function applyState(conntrack: Conntrack, slot: number, next: number, packet: Packet): TrackOutcome {
  const table = conntrack.table;
  const old = table.state(slot);
  table.setState(slot, next);
  if (old !== next && next === CtTcpState.FIN_WAIT) {
    table.set(slot, packet.ctDirection === 0 ? CtStatus.CLOSE_INIT_ORIGINAL : CtStatus.CLOSE_INIT_REPLY);
  }
  if (!table.has(slot, CtStatus.SEEN_REPLY)) {
    if (table.lastInput(slot) === CtTcpInput.RST) {
      conntrack.killBy(packet);
      return "killed";
    }
  } else if (
    next === CtTcpState.ESTABLISHED &&
    (old === CtTcpState.SYN_RECV || old === CtTcpState.ESTABLISHED) &&
    !table.has(slot, CtStatus.ASSURED)
  ) {
    table.set(slot, CtStatus.ASSURED);
  }
  conntrack.refresh(slot, timeoutOf(conntrack, slot, next));
  return "accept";
}

/**
 * The timeout of a state, which retransmissions, data without an acknowledgement and a want of any answer cut to 300 s.
 * Not modelled: the cut by a last window of 0, since packets carry no window.
 */
function timeoutOf(conntrack: Conntrack, slot: number, state: number): Micros {
  const { table, timeouts } = conntrack;
  const timeout = timeouts.byState[state]!;
  const isRst = table.lastInput(slot) === CtTcpInput.RST;
  if (!isRst && timeouts.retransMax > 0 && table.isInOrder(slot)) return timeout;
  const { unacknowledged } = timeouts;
  if (table.retransmits(slot) >= timeouts.retransMax) return Math.min(timeout, timeouts.maxRetrans);
  if (isRst) {
    const isCapped = state === CtTcpState.ESTABLISHED && conntrack.inexactRst === "caps-timeout";
    return isCapped ? Math.min(timeout, unacknowledged) : timeouts.byState[CtTcpState.CLOSE]!;
  }
  const isUnanswered = state === CtTcpState.ESTABLISHED && !table.has(slot, CtStatus.SEEN_REPLY);
  const isWaiting = table.has(slot, CtStatus.UNACKNOWLEDGED_ORIGINAL | CtStatus.UNACKNOWLEDGED_REPLY);
  return isUnanswered || isWaiting ? Math.min(timeout, unacknowledged) : timeout;
}

/** Whether a SYN of the client ends this entry and begins another with the same tuple. */
export function isReopenedBySyn(table: ConntrackTable, slot: number): boolean {
  const state = table.state(slot);
  const next = nextCtTcpState(0, state, CtTcpInput.SYN);
  return next === CtTcpState.SYN_SENT && state >= CtTcpState.TIME_WAIT && mayReopen(table, slot, 0);
}

/** RFC 1122: a SYN reopens a connection that a FIN had begun to close, or that this side had reset. */
function mayReopen(table: ConntrackTable, slot: number, direction: number): boolean {
  if (table.has(slot, CtStatus.CLOSE_INIT_ORIGINAL | CtStatus.CLOSE_INIT_REPLY)) return true;
  return table.lastDirection(slot) === direction && table.lastInput(slot) === CtTcpInput.RST;
}

/** A SYN that was ignored was in sync after all if this SYN-ACK answers it: then the entry follows. */
function followsIgnoredSyn(table: ConntrackTable, slot: number, packet: Packet): boolean {
  const direction = packet.ctDirection;
  const isAnswer = table.lastInput(slot) === CtTcpInput.SYN && table.lastDirection(slot) !== direction;
  if (!isAnswer || packet.ack !== table.lastEnd(slot)) return false;
  table.memory.setMaxAck(2 * slot + direction, packet.ack);
  table.memory.setSentEnd(2 * slot + 1 - direction, packet.ack);
  return true;
}

/** A repeated SYN does not keep an unanswered entry alive, from 6.2 on. */
function isUnansweredRepetition(conntrack: Conntrack, slot: number, input: number): boolean {
  const { table } = conntrack;
  if (input !== CtTcpInput.SYN || table.state(slot) !== CtTcpState.SYN_SENT) return false;
  return !conntrack.renewsUnanswered && !table.has(slot, CtStatus.SEEN_REPLY);
}

/** A RST that answers a SYN or ACK which had been let through without being believed. */
function answersIgnored(table: ConntrackTable, slot: number, packet: Packet): boolean {
  if (packet.ack !== table.lastEnd(slot)) return false;
  const last = table.lastInput(slot);
  if (last === CtTcpInput.SYN) return table.has(slot, CtStatus.SEEN_REPLY);
  return last === CtTcpInput.ACK && !table.has(slot, CtStatus.ASSURED);
}

/** A RST closes the entry unless it lies before what the other side has acknowledged; from 5.14 on, a closing one always. */
function isAcceptableReset(conntrack: Conntrack, slot: number, direction: number, packet: Packet): boolean {
  const table = conntrack.table;
  const other = 1 - direction;
  const state = table.state(slot);
  if (state >= CtTcpState.FIN_WAIT && state <= CtTcpState.CLOSE && !conntrack.checksClosingRst) return true;
  if (answersIgnored(table, slot, packet)) return true;
  if (!table.has(slot, other === 0 ? CtStatus.MAXACK_ORIGINAL : CtStatus.MAXACK_REPLY)) return true;
  const isEstablished = state >= CtTcpState.ESTABLISHED && state < CtTcpState.TIME_WAIT;
  if (packet.seq === 0 && !isEstablished) return true;
  return conntrack.timeouts.ignoresInvalidRst || !isBefore(packet.seq, table.memory.maxAck(2 * slot + other));
}

/**
 * Whether an acceptable RST leaves an ESTABLISHED entry open: its sequence is neither what the other side acknowledged
 * last nor where the segment just before it ended, so that the peer may answer with a challenge ACK.
 */
function leavesOpen(conntrack: Conntrack, slot: number, packet: Packet): boolean {
  const { table } = conntrack;
  const direction = packet.ctDirection;
  if (conntrack.inexactRst === "closes" || !table.has(slot, CtStatus.ASSURED)) return false;
  if (!table.has(slot, direction === 0 ? CtStatus.MAXACK_REPLY : CtStatus.MAXACK_ORIGINAL)) return false;
  if (table.lastInput(slot) === CtTcpInput.SYN || packet.seq === table.memory.maxAck(2 * slot + 1 - direction))
    return false;
  const isOfTrain = table.lastInput(slot) === CtTcpInput.ACK && table.lastDirection(slot) === direction;
  return !isOfTrain || packet.seq !== table.lastEnd(slot);
}

/** Follows how far each direction has sent, and whether the other has acknowledged all of it. Source: net/netfilter/nf_conntrack_proto_tcp.c tcp_in_window, v6.1. */
function noteSent(table: ConntrackTable, slot: number, packet: Packet, end: number): void {
  const isReply = packet.ctDirection === 1;
  const node = 2 * slot + packet.ctDirection;
  if ((packet.flags & TcpFlag.SYN) !== 0 || (isReply && !table.has(slot, CtStatus.SEEN_REPLY))) {
    table.memory.setSentEnd(node, end);
  } else if (isBefore(table.memory.sentEnd(node), end)) {
    table.memory.setSentEnd(node, end);
    table.set(slot, isReply ? CtStatus.UNACKNOWLEDGED_REPLY : CtStatus.UNACKNOWLEDGED_ORIGINAL);
  }
  if ((packet.flags & TcpFlag.ACK) !== 0 && packet.ack === table.memory.sentEnd(node ^ 1))
    table.unset(slot, isReply ? CtStatus.UNACKNOWLEDGED_ORIGINAL : CtStatus.UNACKNOWLEDGED_REPLY);
}

function noteRetransmission(table: ConntrackTable, slot: number, packet: Packet): void {
  const isSame =
    table.lastDirection(slot) === packet.ctDirection &&
    table.memory.lastSeq(slot) === packet.seq &&
    table.memory.lastAck(slot) === packet.ack &&
    table.lastEnd(slot) === segmentEnd(packet);
  table.setRetransmits(slot, isSame ? Math.min(table.retransmits(slot) + 1, 255) : 0);
}

// oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
function remember(table: ConntrackTable, slot: number, packet: Packet, input: number, end: number): void {
  const direction = packet.ctDirection;
  table.setLast(slot, direction, input, end);
  if (packet.len > 0) {
    table.memory.setLastData(slot, packet.seq, packet.ack);
  }
  if ((packet.flags & TcpFlag.ACK) === 0) return;
  const node = 2 * slot + direction;
  const known = direction === 0 ? CtStatus.MAXACK_ORIGINAL : CtStatus.MAXACK_REPLY;
  if (!table.has(slot, known) || isBefore(table.memory.maxAck(node), packet.ack)) {
    table.memory.setMaxAck(node, packet.ack);
    table.set(slot, known);
  }
}

function inputOf(packet: Packet): number {
  const flags = packet.flags;
  if ((flags & TcpFlag.RST) !== 0) return CtTcpInput.RST;
  if ((flags & TcpFlag.SYN) !== 0) return (flags & TcpFlag.ACK) !== 0 ? CtTcpInput.SYN_ACK : CtTcpInput.SYN;
  if ((flags & TcpFlag.FIN) !== 0) return CtTcpInput.FIN;
  return (flags & TcpFlag.ACK) !== 0 ? CtTcpInput.ACK : CtTcpInput.NONE;
}
