import type { TimerColumnOwner } from "../../sim/timer_column.ts";
import { type Micros, SECOND } from "../../units.ts";
import { tellTimeout } from "../decisions/socket_reasons.ts";
import { Errno } from "../errno.ts";
import { KernelTimer } from "../kernel_timer.ts";
import { TcpFlag } from "../packet.ts";
import { sendSynAck } from "./request_socket.ts";
import { SocketFlag } from "./socket_table.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";

/** TCP_TIMEOUT_INIT, TCP_RTO_MIN, TCP_RTO_MAX, TCP_DELACK_MIN and the life of an orphan in FIN_WAIT2. Source: include/net/tcp.h, v6.1. */
const TIMEOUT_INIT: Micros = SECOND;
const RTO_MIN: Micros = 200_000;
const RTO_MAX: Micros = 120 * SECOND;
const DELACK_MIN: Micros = 40_000;
const RETRIES2 = 15;
const ORPHAN_RETRIES = 8;

/**
 * The timers of sockets. Each has one retransmission timer, which in FIN_WAIT2 bounds the orphan's life, and one for
 * delayed ACKs. All timers of one length share a column; they fire on the ticks that the kernel's wheel gives.
 *
 * Before working on this file read net/ipv4/tcp_timer.c and inet_connection_sock.c reqsk_timer_handler (v6.1).
 */
export class TcpTimers implements TimerColumnOwner {
  readonly #tcp: Tcp;
  /** By how often the interval was doubled: handshakes begin at 1 s, payload at 200 ms. */
  readonly #handshake: KernelTimer[] = [];
  readonly #payload: KernelTimer[] = [];
  readonly #byDelay = new Map<Micros, KernelTimer>();
  readonly #delayedAcks: KernelTimer;
  /** When the first SYN of a socket went out that sends it again; `#sinceFirstSyn` tells whether it is still that socket. */
  readonly #firstSyns = new Map<number, Micros>();

  constructor(tcp: Tcp) {
    this.#tcp = tcp;
    this.#delayedAcks = new KernelTimer(tcp.machine.jiffies, tcp.machine.loop, DELACK_MIN, {
      isLive: (slot, generation) => tcp.sockets.ackGeneration(slot) === generation,
      fire: (slot) => this.#delayedAckDue(slot),
    });
  }

  /** Arms the retransmission timer for the state the socket is in; it replaces a running one. */
  armRetransmit(slot: number): void {
    const sockets = this.#tcp.sockets;
    const state = sockets.state(slot);
    const isHandshake = state === TcpState.SYN_SENT || state === TcpState.SYN_RECV;
    const timers = isHandshake ? this.#handshake : this.#payload;
    const backoff = sockets.backoff(slot);
    while (timers.length <= backoff) {
      const first = isHandshake ? TIMEOUT_INIT : RTO_MIN;
      timers.push(this.#timer(Math.min(first * (1 << timers.length), RTO_MAX)));
    }
    this.#arm(slot, timers[backoff]!);
  }

  /** Lets the retransmission timer fire after two ticks (TCP_TIMEOUT_MIN). */
  armSoon(slot: number): void {
    this.#firstSyns.set(slot, this.#tcp.machine.loop.now);
    this.#arm(slot, this.#timer((2 * SECOND) / this.#tcp.machine.jiffies.hz));
  }

  /**
   * Bounds the life of an orphan in FIN_WAIT2. Source: net/ipv4/tcp.c tcp_fin_time, v6.1. Not modelled: that it is an entry
   * like those of TIME_WAIT, which answers a SYN in its window by a RST.
   */
  armFinWait2(slot: number): void {
    this.#arm(slot, this.#timer(this.#tcp.netnsOf(slot).finTimeout));
  }

  /** A running timer will not fire. */
  cancel(slot: number): void {
    const { sockets } = this.#tcp;
    sockets.setGeneration(slot, (sockets.generation(slot) + 1) | 0);
  }

  /** An ACK will be sent in 40 ms unless something else carries it before. */
  delayAck(slot: number): void {
    const sockets = this.#tcp.sockets;
    sockets.set(slot, SocketFlag.ACK_PENDING);
    this.#delayedAcks.arm(slot, sockets.ackGeneration(slot));
  }

  isLive(slot: number, generation: number): boolean {
    return this.#tcp.sockets.generation(slot) === generation;
  }

  fire(slot: number): void {
    this.cancel(slot);
    const state = this.#tcp.sockets.state(slot);
    if (state === TcpState.SYN_SENT) this.#synTimeout(slot);
    else if (state === TcpState.SYN_RECV) this.#requestTimeout(slot);
    else if (state === TcpState.FIN_WAIT2) this.#tcp.destroy(slot);
    else this.#retransmissionTimeout(slot);
  }

  #arm(slot: number, timer: KernelTimer): void {
    const { sockets, machine } = this.#tcp;
    this.cancel(slot);
    timer.arm(slot, sockets.generation(slot));
    sockets.setDue(slot, machine.loop.now + timer.delay);
  }

  #timer(delay: Micros): KernelTimer {
    let timer = this.#byDelay.get(delay);
    if (timer === undefined) {
      const { jiffies, loop } = this.#tcp.machine;
      timer = new KernelTimer(jiffies, loop, delay, this);
      this.#byDelay.set(delay, timer);
    }
    return timer;
  }

  /**
   * A SYN has gone unanswered. Up to 6.4 the interval doubles each time; from 6.5 on the first
   * `tcp_syn_linear_timeouts` keep it, and the time that `tcp_syn_retries` would take without them ends the attempt, too.
   *
   * Source: net/ipv4/tcp_timer.c tcp_write_timeout, retransmits_timed_out and tcp_retransmit_timer, v6.4, v6.5 and v6.12.
   */
  #synTimeout(slot: number): void {
    const { sockets, machine } = this.#tcp;
    const netns = this.#tcp.netnsOf(slot);
    const linear = machine.era.synLinearTimeouts === 0 ? 0 : netns.sysctls.number("net.ipv4.tcp_syn_linear_timeouts");
    netns.counters.TcpExtTCPTimeouts += 1;
    const retries = netns.sysctls.number("net.ipv4.tcp_syn_retries");
    const isLate = linear > 0 && this.#sinceFirstSyn(slot) >= timeOfRetries(retries) && sockets.retransmits(slot) > 0;
    if (isLate || sockets.retransmits(slot) >= retries + linear) {
      this.#tcp.fail(slot, Errno.ETIMEDOUT);
      return;
    }
    sockets.setRetransmits(slot, sockets.retransmits(slot) + 1);
    if (sockets.retransmits(slot) > linear) sockets.setBackoff(slot, sockets.backoff(slot) + 1);
    netns.counters.TcpRetransSegs += 1;
    netns.counters.TcpExtTCPSynRetrans += 1;
    this.armRetransmit(slot);
    this.#tell(slot, "no SYN-ACK has come: the SYN goes out again", "tcp_timer.c tcp_retransmit_timer");
    this.#tcp.transmit(slot, TcpFlag.SYN, sockets.iss(slot), 0);
  }

  /** The time since the first SYN of a socket whose retransmission timer fires. */
  #sinceFirstSyn(slot: number): Micros {
    const { sockets, machine } = this.#tcp;
    const { now } = machine.loop;
    const noted = this.#firstSyns.get(slot);
    // The first time that the timer fires, a note older than the timer is of an earlier socket.
    const isOwn = noted !== undefined && (sockets.retransmits(slot) > 0 || now - noted < TIMEOUT_INIT);
    const first = isOwn ? noted : sockets.due(slot) - TIMEOUT_INIT;
    this.#firstSyns.set(slot, first);
    return now - first;
  }

  /**
   * A SYN-ACK has gone unanswered.
   *
   * Source: net/ipv4/inet_connection_sock.c reqsk_timer_handler, v6.1. Not modelled: that old requests go sooner where they
   * are more than half of the backlog; up to 4.0 the listener's timer, which looks at its requests each 200 ms, so that a
   * SYN-ACK comes up to half a second late.
   */
  #requestTimeout(slot: number): void {
    const sockets = this.#tcp.sockets;
    const netns = this.#tcp.netnsOf(slot);
    if (sockets.retransmits(slot) >= netns.sysctls.number("net.ipv4.tcp_synack_retries")) {
      this.#tcp.destroy(slot);
      return;
    }
    sockets.setRetransmits(slot, sockets.retransmits(slot) + 1);
    sockets.setBackoff(slot, sockets.backoff(slot) + 1);
    netns.counters.TcpRetransSegs += 1;
    this.armRetransmit(slot);
    this.#tell(slot, "no ACK of the SYN-ACK has come", "inet_connection_sock.c reqsk_timer_handler");
    sendSynAck(this.#tcp, slot);
  }

  /** Payload or a FIN has gone unacknowledged: all of it is sent again as one segment. Source: net/ipv4/tcp_timer.c tcp_retransmit_timer, v6.1. */
  #retransmissionTimeout(slot: number): void {
    const sockets = this.#tcp.sockets;
    const netns = this.#tcp.netnsOf(slot);
    const isOrphan = sockets.has(slot, SocketFlag.ORPHAN);
    netns.counters.TcpExtTCPTimeouts += 1;
    if (sockets.retransmits(slot) >= (isOrphan ? ORPHAN_RETRIES : RETRIES2)) {
      this.#tcp.fail(slot, Errno.ETIMEDOUT);
      return;
    }
    sockets.setRetransmits(slot, sockets.retransmits(slot) + 1);
    sockets.setBackoff(slot, sockets.backoff(slot) + 1);
    netns.counters.TcpRetransSegs += 1;
    this.armRetransmit(slot);
    this.#tell(slot, "what was sent is not acknowledged: it goes out again", "tcp_timer.c tcp_retransmit_timer");
    const fin = sockets.has(slot, SocketFlag.FIN_SENT) ? 1 : 0;
    const first = sockets.sndUna(slot);
    const bytes = ((sockets.sndNxt(slot) - first) | 0) - fin;
    const flags = TcpFlag.ACK | (bytes > 0 ? TcpFlag.PSH : 0) | (fin === 1 ? TcpFlag.FIN : 0);
    this.#tcp.transmit(slot, flags, first, bytes);
  }

  /** Tells of a retransmission where somebody listens. */
  #tell(slot: number, what: string, place: string): void {
    if (this.#tcp.machine.decisions === undefined) return;
    tellTimeout(this.#tcp, slot, { what, source: `net/ipv4/${place}, v6.1` });
  }

  #delayedAckDue(slot: number): void {
    if (this.#tcp.sockets.has(slot, SocketFlag.ACK_PENDING)) this.#tcp.sendAck(slot);
  }
}

/**
 * How long so many retries take that begin after a second and double up to 120 s. Source: net/ipv4/tcp_timer.c
 * tcp_model_timeout, v6.12.
 */
function timeOfRetries(retries: number): Micros {
  let time = 0;
  for (let retry = 0; retry <= retries; retry += 1) time += Math.min(TIMEOUT_INIT * (1 << Math.min(retry, 7)), RTO_MAX);
  return time;
}
