import { MILLISECOND } from "../../units.ts";
import type { Netns } from "../netns.ts";
import { type Packet, TcpFlag } from "../packet.ts";
import type { Tcp } from "./tcp.ts";

/**
 * Whether a segment that does not fit may be answered by an ACK: one with payload or a FIN always, since the peer waits for
 * that ACK; any other as `mayAnswerInvalid` says.
 *
 * Source: net/ipv4/tcp_input.c tcp_oow_rate_limited, v6.1.
 */
export function mayAnswerMisplaced(tcp: Tcp, slot: number, { flags, len }: Packet): boolean {
  const isAwaited = (len > 0 || (flags & TcpFlag.FIN) !== 0) && (flags & TcpFlag.SYN) === 0;
  return isAwaited || mayAnswerInvalid(tcp, slot);
}

/** tcp_invalid_ratelimit: at most one such answer per half second and connection. Source: net/ipv4/tcp_input.c __tcp_oow_rate_limited, v6.1. */
export function mayAnswerInvalid(tcp: Tcp, slot: number): boolean {
  const { sockets, machine } = tcp;
  if (machine.era.invalidRateLimitMs > 0) {
    const gap = tcp.netnsOf(slot).sysctls.number("net.ipv4.tcp_invalid_ratelimit") * MILLISECOND;
    const last = sockets.lastAnswer(slot);
    if (last >= 0 && machine.loop.now - last < gap) return false;
  }
  sockets.setLastAnswer(slot, machine.loop.now);
  return true;
}

/** Answers a segment that only the true peer could mend by an ACK. Source: net/ipv4/tcp_input.c tcp_send_challenge_ack, v6.1. Not modelled: tcp_challenge_ack_limit. */
export function challenge(tcp: Tcp, netns: Netns, slot: number): void {
  if (!mayAnswerInvalid(tcp, slot)) return;
  netns.counters.TcpExtTCPChallengeACK += 1;
  tcp.sendAck(slot);
}
