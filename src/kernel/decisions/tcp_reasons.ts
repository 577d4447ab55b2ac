import { formatEndpoint } from "../../units.ts";
import type { Netns } from "../netns.ts";
import { formatFlags, type Packet, TcpFlag } from "../packet.ts";
import { receiveSegment } from "../tcp/segment_arrives.ts";
import type { Tcp } from "../tcp/tcp.ts";
import { SS_STATE_NAMES, TcpState } from "../tcp/tcp_states.ts";
import type { Reason } from "./decision.ts";
import { beginDecision } from "./tell.ts";

/** Hands a segment to TCP as `receiveSegment` does, and tells what TCP makes of it and why. */
export function receiveAndTell(tcp: Tcp, netns: Netns, packet: Packet): void {
  const sink = tcp.machine.decisions;
  if (sink === undefined || !sink.wants(packet)) {
    receiveSegment(tcp, netns, packet);
    return;
  }
  const { dst, dport, src, sport, flags, ack, seq } = packet;
  const slot = tcp.find(netns, dst, dport, src, sport);
  const before = slot < 0 ? -1 : tcp.sockets.state(slot);
  const resets = netns.counters.TcpOutRsts;
  const hasListener = tcp.listeners.find(tcp.sockets, netns.id, dst, dport) >= 0;
  const isExpected =
    before === TcpState.SYN_SENT ? ack === tcp.sockets.sndNxt(slot) : slot >= 0 && seq === tcp.sockets.rcvNxt(slot);
  const decision = beginDecision(netns, packet, { place: "tcp", name: "tcp", verdict: "receive" });
  sink.begin(decision);
  receiveSegment(tcp, netns, packet);
  const now = tcp.find(netns, dst, dport, src, sport);
  const after = now < 0 ? -1 : tcp.sockets.state(now);
  const hasReset = netns.counters.TcpOutRsts > resets;
  const reason = reasonOf({ before, after, flags, hasListener, isExpected, hasReset, at: formatEndpoint(dst, dport) });
  Object.assign(decision, reason, { changes: [...changesOf(before, after), ...(hasReset ? ["RST sent"] : [])] });
  sink.end(decision);
}

interface Segment {
  readonly before: number;
  readonly after: number;
  readonly flags: number;
  readonly hasListener: boolean;
  readonly isExpected: boolean;
  readonly hasReset: boolean;
  readonly at: string;
}

function reasonOf(segment: Segment): Pick<Reason, "why" | "source"> {
  if (segment.before < 0) return withoutConnection(segment);
  if (segment.before === TcpState.SYN_SENT) return inSynSent(segment);
  if (segment.before === TcpState.SYN_RECV) return inSynRecv(segment);
  const said = `flags [${formatFlags(segment.flags)}]`;
  if (segment.before === TcpState.TIME_WAIT)
    return { why: `${said} in TIME_WAIT`, source: "net/ipv4/tcp_minisocks.c tcp_timewait_state_process, v6.1" };
  const why = segment.isExpected
    ? `${said}, the sequence number expected`
    : `${said}, not the sequence number expected`;
  return { why, source: "net/ipv4/tcp_input.c tcp_rcv_state_process, v6.1" };
}

function withoutConnection({ flags, hasListener, at }: Segment): Pick<Reason, "why" | "source"> {
  if ((flags & TcpFlag.RST) !== 0)
    return {
      why: "a RST for a connection that is not there is ignored",
      source: "net/ipv4/tcp_ipv4.c tcp_v4_rcv, v6.1",
    };
  if (!hasListener) {
    const same = (flags & TcpFlag.ACK) !== 0 ? "; a listener would answer a segment with ACK by the same RST" : "";
    return { why: `no socket stands on ${at}${same}`, source: "net/ipv4/tcp_ipv4.c tcp_v4_send_reset, v6.1" };
  }
  const source = "net/ipv4/tcp_input.c tcp_rcv_state_process, v6.1";
  if ((flags & TcpFlag.ACK) !== 0) return { why: "a listening socket answers a segment with ACK by a RST", source };
  if ((flags & TcpFlag.SYN) !== 0)
    return {
      why: `a socket listens on ${at}: the SYN makes a request socket, which is answered by a SYN-ACK`,
      source: "net/ipv4/tcp_input.c tcp_conn_request, v6.1",
    };
  return { why: "a listening socket ignores it", source };
}

function inSynSent({ flags, isExpected, hasReset }: Segment): Pick<Reason, "why" | "source"> {
  const source = "net/ipv4/tcp_input.c tcp_rcv_synsent_state_process, v6.1";
  if (hasReset) return { why: "its ACK acknowledges nothing that was sent: a RST answers it", source };
  if (!isExpected) return { why: "without an ACK of the SYN it changes nothing", source };
  if ((flags & TcpFlag.RST) !== 0) return { why: "a RST that acknowledges the SYN: connection refused", source };
  return { why: "the SYN-ACK acknowledges the SYN: the handshake is complete on this side", source };
}

function inSynRecv({ flags, after }: Segment): Pick<Reason, "why" | "source"> {
  const source = "net/ipv4/tcp_minisocks.c tcp_check_req, v6.1";
  if ((flags & TcpFlag.RST) !== 0) {
    const why =
      after < 0
        ? "the RST ends the request socket; listener and application see nothing"
        : "the RST is not exact and changes nothing";
    return { why, source };
  }
  if ((flags & TcpFlag.SYN) !== 0) return { why: "the SYN came again: the same SYN-ACK answers it", source };
  if (after === TcpState.SYN_RECV) return { why: "it does not complete the handshake", source };
  return { why: "the ACK completes the handshake: the application gets the connection", source };
}

function changesOf(before: number, after: number): string[] {
  if (before === after) return before < 0 ? [] : [`socket stays ${nameOf(before)}`];
  return [`socket ${nameOf(before)} -> ${nameOf(after)}`];
}

function nameOf(state: number): string {
  return state < 0 ? "none" : (SS_STATE_NAMES[state] ?? "none");
}
