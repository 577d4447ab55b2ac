import type { Micros } from "../units.ts";
import type { KernelEra } from "./kernel_era.ts";

/** Where each level of the wheel begins, in ticks of delay, and the granule of its buckets: 64 buckets a level, each level 8 times coarser. */
const LEVEL_STARTS = [0, 63, 504, 4032, 32_256, 258_048, 2_064_384, 16_515_072, 132_120_576];
const LEVEL_GRANULES = [1, 8, 64, 512, 4096, 32_768, 262_144, 2_097_152, 16_777_216];

/**
 * The kernel's tick counter and the moment at which a kernel timer really fires: on a tick, never early, and from 4.8
 * on rounded up to a granule that grows with the delay.
 *
 * Source: kernel/time/timer.c calc_wheel_index, v6.1.
 */
export class Jiffies {
  readonly hz: number;
  readonly #tick: Micros;
  readonly #bootedAt: Micros;
  readonly #hasGranules: boolean;

  /** @param uptime how long the machine has been up when the run starts. */
  constructor(era: KernelEra, uptime: Micros) {
    this.hz = era.hz;
    this.#tick = 1_000_000 / era.hz;
    this.#bootedAt = -uptime;
    this.#hasGranules = era.timerWheel === "granules";
  }

  /** Ticks since boot plus the start value 2^32 - 300 s (`INITIAL_JIFFIES`). */
  at(time: Micros): number {
    return 4294967296 - 300 * this.hz + this.#ticksSinceBoot(time);
  }

  /** The number of the 10-s epoch that salts the port hash: `jiffies / (10 * HZ)`. */
  epochAt(time: Micros): number {
    return Math.floor(this.at(time) / (10 * this.hz));
  }

  /** The moment at which a timer armed now with this delay fires. */
  expiry(now: Micros, delay: Micros): Micros {
    const ticks = Math.ceil(delay / this.#tick);
    const armed = this.#ticksSinceBoot(now);
    if (!this.#hasGranules) return Math.max(now, this.#timeOf(armed + ticks));
    const granule = granuleOf(ticks);
    const bucket = Math.floor((armed + ticks) / granule) + 1;
    return this.#timeOf(bucket * granule);
  }

  /** The moment of the `count`-th next tick that is a multiple of `period`, for timers that fire in a steady beat. */
  beat(now: Micros, period: Micros, count: number): Micros {
    const ticks = Math.floor(period / this.#tick);
    return this.#timeOf((Math.floor(this.#ticksSinceBoot(now) / ticks) + count) * ticks);
  }

  /** The moment of the first tick after `now`. */
  nextTick(now: Micros): Micros {
    return this.#timeOf(this.#ticksSinceBoot(now) + 1);
  }

  #ticksSinceBoot(time: Micros): number {
    return Math.floor((time - this.#bootedAt) / this.#tick);
  }

  #timeOf(ticks: number): Micros {
    return this.#bootedAt + Math.ceil(ticks * this.#tick);
  }
}

function granuleOf(ticks: number): number {
  let level = 0;
  while (level + 1 < LEVEL_STARTS.length && ticks >= LEVEL_STARTS[level + 1]!) level += 1;
  return LEVEL_GRANULES[level]!;
}
