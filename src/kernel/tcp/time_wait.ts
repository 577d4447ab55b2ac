import { type Ipv4, type Micros, type Port, SECOND } from "../../units.ts";
import type { Netns } from "../netns.ts";
import { TimerDelay } from "../timer_delay.ts";
import type { Tcp } from "./tcp.ts";

/** TCP_TIMEWAIT_LEN: a constant, no sysctl changes it. Source: include/net/tcp.h, v6.1. */
export const TIMEWAIT_LEN: Micros = 60 * SECOND;

/** INET_TWDR_TWKILL_SLOTS: up to 4.0 the entries of a machine end in so many lots. Source: include/net/inet_timewait_sock.h, v3.13. */
const TWKILL_SLOTS = 8;

/** No entry lasts less. */
const LEAST: Micros = TIMEWAIT_LEN - TIMEWAIT_LEN / TWKILL_SLOTS;

/**
 * The TIME_WAIT entries of a machine in the order in which they end. Nothing happens when one ends but that its port
 * and tuple are free, so an entry is removed when somebody next looks: no event is needed.
 *
 * Source: net/ipv4/inet_timewait_sock.c inet_twsk_schedule, v6.1: its timer is a kernel timer, so an entry lasts up to
 * one granule of the wheel longer (2 s at HZ=250).
 * Source: net/ipv4/inet_timewait_sock.c inet_twsk_schedule, inet_twdr_hangman, v3.13: up to 4.0 one timer ends a lot each
 * 7.5 s, so that an entry lasts 52.5 to 60 s.
 * Not modelled: that this timer begins anew with the first entry after a time without any; here it beats from boot on.
 */
export class TimeWaitQueue {
  readonly #tcp: Tcp;
  readonly #timer: TimerDelay;
  /** Whether each entry has a timer of its own. */
  readonly #hasOwnTimers: boolean;
  readonly #counts: number[] = [];
  readonly #most: number[] = [];
  /** When entries that have begun their time anew since they were made got the timestamp that their age counts from. */
  readonly #timestamps = new Map<number, Micros>();
  #oldest = -1;
  #newest = -1;
  /** When the oldest entry ends; that of the others is not asked before. */
  #oldestDue: Micros = Infinity;
  /** The same of those that have no row (see `DeferredConnections`), or a moment before that. */
  deferredDue: Micros = Infinity;

  constructor(tcp: Tcp) {
    this.#tcp = tcp;
    this.#hasOwnTimers = tcp.machine.era.timeWaitTimer === "own";
    this.#timer = new TimerDelay(tcp.machine.jiffies, TIMEWAIT_LEN);
  }

  /** Entries of a namespace; ask `expire` first. */
  countOf(netns: Netns): number {
    return this.#counts[netns.id] ?? 0;
  }

  /** The local ports of a namespace's entries whose time is over and that nobody has removed yet. Changes nothing. */
  lapsedPorts(netns: Netns): Port[] {
    const { sockets, machine, deferred } = this.#tcp;
    deferred?.recallAll();
    const ports: Port[] = [];
    for (let slot = this.#oldest; slot >= 0; slot = sockets.nextTimeWait(slot)) {
      if (this.#endOfSlot(slot) > machine.loop.now) break;
      if (sockets.scope(slot) === netns.id) ports.push(sockets.localPort(slot));
    }
    return ports;
  }

  /** The slots of all entries in the order in which they end. */
  *slots(): Generator<number> {
    this.#tcp.deferred?.recallAll();
    for (let slot = this.#oldest; slot >= 0; slot = this.#tcp.sockets.nextTimeWait(slot)) yield slot;
  }

  /** The most entries that a namespace has had at once. */
  mostOf(netns: Netns): number {
    return this.#most[netns.id] ?? 0;
  }

  /**
   * Turns a socket into a TIME_WAIT entry that keeps its tuple and its port, or just frees it at `tcp_max_tw_buckets`.
   * Source: net/ipv4/tcp_minisocks.c tcp_time_wait, v6.1. Not modelled: that orphans in FIN_WAIT2 count towards that limit.
   */
  enter(slot: number): void {
    const netns = this.#tcp.netnsOf(slot);
    this.expire();
    if (this.countOf(netns) >= netns.maxTimeWaits) {
      netns.counters.TcpExtTCPTimeWaitOverflow += 1;
      this.#tcp.destroy(slot);
      return;
    }
    netns.counters.TcpExtTW += 1;
    this.begin(slot, this.#tcp.machine.loop.now);
  }

  /** A socket is a TIME_WAIT entry from `time` on, which is not before that of any other. */
  begin(slot: number, time: Micros): void {
    const { sockets } = this.#tcp;
    this.#tcp.timers.cancel(slot);
    sockets.becomeTimeWait(slot);
    sockets.setDue(slot, time + TIMEWAIT_LEN);
    this.#changeCount(this.#tcp.netnsOf(slot), 1);
    this.#append(slot);
  }

  /** A socket is a TIME_WAIT entry since `time`, which others that stand here may have begun after. */
  beginLate(slot: number, time: Micros): void {
    const { sockets } = this.#tcp;
    const due = time + TIMEWAIT_LEN;
    sockets.becomeTimeWait(slot);
    sockets.setDue(slot, due);
    this.#changeCount(this.#tcp.netnsOf(slot), 1);
    let previous = this.#newest;
    while (previous >= 0 && sockets.due(previous) > due) previous = sockets.previousTimeWait(previous);
    this.#insertBehind(previous, slot);
  }

  /** Counts an entry that has no row (1), or that has one from now on or is over (-1). */
  countDeferred(netns: Netns, change: 1 | -1): void {
    this.#changeCount(netns, change);
  }

  /** An entry that has no row begins at `time`. */
  noteDeferred(time: Micros): void {
    this.deferredDue = Math.min(this.deferredDue, time + LEAST);
  }

  /** Lets an entry last its full time from now. */
  restart(slot: number): void {
    const { sockets, machine } = this.#tcp;
    this.#timestamps.set(slot, this.lastTimestamp(slot));
    this.#unlink(slot);
    sockets.setDue(slot, machine.loop.now + TIMEWAIT_LEN);
    this.#append(slot);
  }

  /**
   * A segment in sequence has brought an entry a timestamp: its age counts from now, but not where the age is that of the
   * entry (6.14+). Source: net/ipv4/tcp_minisocks.c tcp_timewait_state_process, v6.12.
   */
  noteTimestamp(slot: number): void {
    const { loop, era } = this.#tcp.machine;
    if (era.timeWaitReuse !== "reuse-delay-ms") this.#timestamps.set(slot, loop.now);
  }

  /** What an entry's age counts from: its last segment with a timestamp, or its begin (6.14+). */
  lastTimestamp(slot: number): Micros {
    return this.#timestamps.get(slot) ?? this.#tcp.sockets.due(slot) - TIMEWAIT_LEN;
  }

  /** Removes the entries whose time is over, now or at `time`. */
  expire(time: Micros = this.#tcp.machine.loop.now): void {
    while (this.#oldestDue <= time) this.kill(this.#oldest);
    if (this.deferredDue <= time) this.#tcp.deferred!.expireWaits(time);
  }

  /** Ends one entry now. */
  kill(slot: number): void {
    this.#unlink(slot);
    if (this.#timestamps.size > 0) this.#timestamps.delete(slot);
    this.#changeCount(this.#tcp.netnsOf(slot), -1);
    this.#tcp.destroy(slot);
  }

  /** When an entry ends that has begun at `time`. */
  endOf(time: Micros): Micros {
    if (this.#hasOwnTimers) return this.#timer.expiry(time);
    return this.#tcp.machine.jiffies.beat(time, TIMEWAIT_LEN / TWKILL_SLOTS, TWKILL_SLOTS);
  }

  #endOfSlot(slot: number): Micros {
    return this.endOf(this.#tcp.sockets.due(slot) - TIMEWAIT_LEN);
  }

  #append(slot: number): void {
    this.#insertBehind(this.#newest, slot);
  }

  #insertBehind(previous: number, slot: number): void {
    const { sockets } = this.#tcp;
    const next = previous < 0 ? this.#oldest : sockets.nextTimeWait(previous);
    sockets.setPreviousTimeWait(slot, previous);
    sockets.setNextTimeWait(slot, next);
    if (previous >= 0) sockets.setNextTimeWait(previous, slot);
    else this.#setOldest(slot);
    if (next >= 0) sockets.setPreviousTimeWait(next, slot);
    else this.#newest = slot;
  }

  #unlink(slot: number): void {
    const { sockets } = this.#tcp;
    const previous = sockets.previousTimeWait(slot);
    const next = sockets.nextTimeWait(slot);
    if (next >= 0) sockets.setPreviousTimeWait(next, previous);
    else this.#newest = previous;
    if (previous >= 0) sockets.setNextTimeWait(previous, next);
    else this.#setOldest(next);
  }

  #setOldest(slot: number): void {
    this.#oldest = slot;
    this.#oldestDue = slot < 0 ? Infinity : this.#endOfSlot(slot);
  }

  #changeCount(netns: Netns, change: number): void {
    while (this.#counts.length <= netns.id) {
      this.#counts.push(0);
      this.#most.push(0);
    }
    const count = this.#counts[netns.id]! + change;
    this.#counts[netns.id] = count;
    if (count > this.#most[netns.id]!) this.#most[netns.id] = count;
  }
}

/**
 * Whether a new connection may take over a TIME_WAIT entry's tuple: in the search only where `mayReuseBetween` its
 * addresses, and only when the last timestamp is old enough. A socket whose port was bound beforehand needs the
 * timestamp only.
 *
 * Source: net/ipv4/tcp_ipv4.c tcp_twsk_unique, v4.4, v4.19, v6.12 and v6.14. Not modelled: before 6.12 (6.1.113, 5.10.227)
 * an orphan in FIN_WAIT2 may be taken over likewise.
 */
export function mayReuseTimeWait(tcp: Tcp, slot: number, isBoundBefore: boolean): boolean {
  const sockets = tcp.sockets;
  const netns = tcp.netnsOf(slot);
  if (!netns.hasTimestamps) return false;
  if (isBoundBefore) return true;
  if (!mayReuseBetween(netns, sockets.local(slot), sockets.remote(slot))) return false;
  const now = tcp.machine.loop.now;
  const since = tcp.timeWaits.lastTimestamp(slot);
  switch (tcp.machine.era.timeWaitReuse) {
    case "seconds-above-1":
      return Math.floor(now / SECOND) - Math.floor(since / SECOND) > 1;
    case "next-second":
      return tcp.machine.monotonicSecond(now) > tcp.machine.monotonicSecond(since);
    case "reuse-delay-ms":
      return now > since + netns.timeWaitReuseDelayMs * 1000;
  }
}

/**
 * Whether a search may take over TIME_WAIT entries between two addresses that are old enough: never with `tcp_tw_reuse`
 * 0, and only for addresses of 127.0.0.0/8 with 2 where the kernel has that mode (any value but 0 means on before).
 *
 * Source: net/ipv4/tcp_ipv4.c tcp_twsk_unique, v4.4, v4.19 and v6.12.
 */
export function mayReuseBetween(netns: Netns, local: Ipv4, remote: Ipv4): boolean {
  if (!netns.hasTimestamps) return false;
  const mode = netns.timeWaitReuseMode;
  if (mode === 0) return false;
  if (mode === 2 && netns.machine.era.timeWaitReuseHasLoopbackMode) return isLoopback(local) || isLoopback(remote);
  return true;
}

function isLoopback(address: Ipv4): boolean {
  return address >>> 24 === 127;
}
