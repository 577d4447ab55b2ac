import { type Micros, type Port, SECOND } from "../../units.ts";
import type { Netns } from "../netns.ts";
import type { SocketTable } from "./socket_table.ts";
import type { Tcp } from "./tcp.ts";
import { TcpState } from "./tcp_states.ts";

/** TCP_TIMEWAIT_LEN: a constant, no sysctl changes it. Source: include/net/tcp.h, v6.1. */
export const TIMEWAIT_LEN: Micros = 60 * SECOND;

/**
 * The TIME_WAIT entries of a machine in the order in which they end. Nothing happens when one ends but that its port
 * and tuple are free, so an entry is removed when somebody next looks: no event is needed.
 *
 * Source: net/ipv4/inet_timewait_sock.c inet_twsk_schedule, v6.1: its timer is a kernel timer, so an entry lasts up to
 * one granule of the wheel longer (2 s at HZ=250).
 */
export class TimeWaitQueue {
  readonly #tcp: Tcp;
  readonly #counts: number[] = [];
  readonly #most: number[] = [];
  #startedAt = new Float64Array(1024);
  #slots = new Int32Array(1024);
  #generations = new Int32Array(1024);
  #head = 0;
  #count = 0;
  /** When the oldest entry ends; that of the others is not asked before. */
  #headDue: Micros = Infinity;

  constructor(tcp: Tcp) {
    this.#tcp = tcp;
  }

  /** Entries of a namespace; ask `expire` first. */
  countOf(netns: Netns): number {
    return this.#counts[netns.id] ?? 0;
  }

  /** The local ports of a namespace's entries whose time is over and that nobody has removed yet. Changes nothing. */
  lapsedPorts(netns: Netns): Port[] {
    const { sockets, machine } = this.#tcp;
    const ports: Port[] = [];
    for (let index = 0; index < this.#count; index += 1) {
      const row = (this.#head + index) & (this.#slots.length - 1);
      if (machine.jiffies.expiry(this.#startedAt[row]!, TIMEWAIT_LEN) > machine.loop.now) break;
      const slot = this.#slots[row]!;
      const isLive = sockets.generation(slot) === this.#generations[row];
      if (isLive && sockets.scope(slot) === netns.id) ports.push(sockets.localPort(slot));
    }
    return ports;
  }

  /** The slots of all entries in the order in which they end; those that ended by other ways are left out. */
  *slots(): Generator<number> {
    for (let index = 0; index < this.#count; index += 1) {
      const row = (this.#head + index) & (this.#slots.length - 1);
      const slot = this.#slots[row]!;
      if (this.#tcp.sockets.generation(slot) === this.#generations[row]) yield slot;
    }
  }

  /** The most entries that a namespace has had at once. */
  mostOf(netns: Netns): number {
    return this.#most[netns.id] ?? 0;
  }

  /**
   * Turns a socket into a TIME_WAIT entry that keeps its tuple and its port, or just frees it at `tcp_max_tw_buckets`.
   * Source: net/ipv4/tcp_minisocks.c tcp_time_wait, v6.1.
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
    sockets.setState(slot, TcpState.TIME_WAIT);
    sockets.setOwner(slot, undefined);
    sockets.setLastTimestamp(slot, time);
    this.#changeCount(this.#tcp.netnsOf(slot), 1);
    this.restart(slot, time);
  }

  /** Lets an entry last its full time from now, or from `time` on. */
  restart(slot: number, time: Micros = this.#tcp.machine.loop.now): void {
    const { sockets } = this.#tcp;
    this.#tcp.timers.cancel(slot);
    sockets.setDue(slot, time + TIMEWAIT_LEN);
    if (this.#count === this.#slots.length) this.#grow();
    const row = (this.#head + this.#count) & (this.#slots.length - 1);
    this.#startedAt[row] = time;
    this.#slots[row] = slot;
    this.#generations[row] = sockets.generation(slot);
    this.#count += 1;
    if (this.#count === 1) this.#lookAtHead();
  }

  /** Removes the entries whose time is over, now or at `time`. */
  expire(time: Micros = this.#tcp.machine.loop.now): void {
    while (this.#headDue <= time) {
      const slot = this.#slots[this.#head]!;
      const isLive = this.#tcp.sockets.generation(slot) === this.#generations[this.#head];
      this.#head = (this.#head + 1) & (this.#slots.length - 1);
      this.#count -= 1;
      this.#lookAtHead();
      if (isLive) this.kill(slot);
    }
  }

  /** Ends one entry now. */
  kill(slot: number): void {
    this.#changeCount(this.#tcp.netnsOf(slot), -1);
    this.#tcp.destroy(slot);
  }

  #lookAtHead(): void {
    const { jiffies } = this.#tcp.machine;
    this.#headDue = this.#count === 0 ? Infinity : jiffies.expiry(this.#startedAt[this.#head]!, TIMEWAIT_LEN);
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

  #grow(): void {
    const capacity = this.#slots.length;
    const startedAt = new Float64Array(capacity * 2);
    const slots = new Int32Array(capacity * 2);
    const generations = new Int32Array(capacity * 2);
    for (let index = 0; index < this.#count; index += 1) {
      const row = (this.#head + index) & (capacity - 1);
      startedAt[index] = this.#startedAt[row]!;
      slots[index] = this.#slots[row]!;
      generations[index] = this.#generations[row]!;
    }
    this.#startedAt = startedAt;
    this.#slots = slots;
    this.#generations = generations;
    this.#head = 0;
  }
}

/**
 * Whether a new connection may take over a TIME_WAIT entry's tuple: never in the search with `tcp_tw_reuse` 0, only
 * for addresses of 127.0.0.0/8 with 2 where the kernel has that mode (any value but 0 means on before), and only when
 * the last timestamp is old enough. A socket whose port was bound beforehand needs the timestamp only.
 *
 * Source: net/ipv4/tcp_ipv4.c tcp_twsk_unique, v4.4, v4.19, v6.12 and v6.14.
 */
export function mayReuseTimeWait(tcp: Tcp, slot: number, isBoundBefore: boolean): boolean {
  const sockets = tcp.sockets;
  const netns = tcp.netnsOf(slot);
  const since = sockets.lastTimestamp(slot);
  if (since < 0 || !netns.hasTimestamps) return false;
  if (isBoundBefore) return true;
  const mode = netns.timeWaitReuseMode;
  if (mode === 0) return false;
  if (mode === 2 && tcp.machine.era.timeWaitReuseHasLoopbackMode && !isLoopback(sockets, slot)) return false;
  const now = tcp.machine.loop.now;
  switch (tcp.machine.era.timeWaitReuse) {
    case "seconds-above-1":
      return Math.floor(now / SECOND) - Math.floor(since / SECOND) > 1;
    case "next-second":
      return tcp.machine.monotonicSecond(now) > tcp.machine.monotonicSecond(since);
    case "reuse-delay-ms":
      return now > since + netns.timeWaitReuseDelayMs * 1000;
  }
}

function isLoopback(sockets: SocketTable, slot: number): boolean {
  return sockets.local(slot) >>> 24 === 127 || sockets.remote(slot) >>> 24 === 127;
}
