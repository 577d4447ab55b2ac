import type { EventLoop } from "../sim/event_loop.ts";
import { TimerColumn, type TimerColumnOwner } from "../sim/timer_column.ts";
import type { Micros } from "../units.ts";
import type { Jiffies } from "./jiffies.ts";

/**
 * Kernel timers of one fixed delay: armed in any order of rows, they fire on the ticks that the timer wheel gives.
 * Timers armed within one tick are due at one moment, so the wheel is asked once a tick.
 *
 * Source: kernel/time/timer.c enqueue_timer, expire_timers, v6.1. Not modelled: the order of timers that fire on one
 * tick, which is coarse granules first and in a bucket the newest first, a timer that is armed again within its bucket
 * keeping its place; here the oldest comes first. It decides races that the recordings name.
 */
export class KernelTimer {
  readonly #loop: EventLoop;
  readonly #jiffies: Jiffies;
  readonly #delay: Micros;
  readonly #column: TimerColumn;
  #due: Micros = 0;
  #isDueUntil: Micros = -1;

  constructor(jiffies: Jiffies, loop: EventLoop, delay: Micros, owner: TimerColumnOwner) {
    this.#loop = loop;
    this.#jiffies = jiffies;
    this.#delay = delay;
    this.#column = new TimerColumn(loop, `kernel-timer/${delay}us`, owner);
  }

  /** Arms a timer. @returns the moment it is set to, which tools count down to; it fires up to a granule later. */
  arm(slot: number, generation: number): Micros {
    const now = this.#loop.now;
    if (now >= this.#isDueUntil) {
      this.#due = this.#jiffies.expiry(now, this.#delay);
      this.#isDueUntil = this.#jiffies.nextTick(now);
    }
    this.#column.arm(this.#due, slot, generation);
    return now + this.#delay;
  }
}
