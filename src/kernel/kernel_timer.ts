import type { EventLoop } from "../sim/event_loop.ts";
import { TimerColumn, type TimerColumnOwner } from "../sim/timer_column.ts";
import type { Micros } from "../units.ts";
import type { Jiffies } from "./jiffies.ts";
import { TimerDelay } from "./timer_delay.ts";

/**
 * Kernel timers of one fixed delay: armed in any order of rows, they fire on the ticks that the timer wheel gives.
 *
 * Source: kernel/time/timer.c enqueue_timer, expire_timers, v6.1. Not modelled: the order of timers that fire on one
 * tick, which is coarse granules first and in a bucket the newest first, a timer that is armed again within its bucket
 * keeping its place; here the oldest comes first. It decides races that the recordings name.
 */
export class KernelTimer {
  /** What a timer is set to when it is armed, and what tools count down; it fires up to a granule later. */
  readonly delay: Micros;
  readonly #column: TimerColumn;

  constructor(jiffies: Jiffies, loop: EventLoop, delay: Micros, owner: TimerColumnOwner) {
    this.delay = delay;
    const timer = new TimerDelay(jiffies, delay);
    this.#column = new TimerColumn(loop, `kernel-timer/${delay}us`, (armedAt) => timer.expiry(armedAt), owner);
    this.#column.letOverlap("goes on");
  }

  /** Arms a timer now. */
  arm(slot: number, generation: number): void {
    this.#column.arm(slot, generation);
  }
}
