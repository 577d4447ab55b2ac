import type { Micros } from "../units.ts";
import type { Jiffies } from "./jiffies.ts";

/**
 * When kernel timers of one delay fire, as `Jiffies.expiry` has it. Those whose bucket of the wheel is the same fire
 * together, which for 60 s is all of some 2 s: the answer is kept as long as it holds.
 */
export class TimerDelay {
  readonly #jiffies: Jiffies;
  readonly #delay: Micros;
  /** The delay, rounded up to whole ticks. */
  readonly #ticks: Micros;
  /** A timer that is armed from `#from` on and before `#until` fires at `#fires`. */
  #from: Micros = Infinity;
  #until: Micros = -Infinity;
  #fires: Micros = Infinity;

  constructor(jiffies: Jiffies, delay: Micros) {
    const tick = 1_000_000 / jiffies.hz;
    this.#jiffies = jiffies;
    this.#delay = delay;
    this.#ticks = Math.ceil(delay / tick) * tick;
  }

  /** The moment at which a timer armed at `time` fires. */
  expiry(time: Micros): Micros {
    if (time < this.#from || time >= this.#until) {
      this.#fires = this.#jiffies.expiry(time, this.#delay);
      this.#from = time;
      // Nothing is rounded to less than a microsecond: at the bucket's end itself it is asked for again.
      this.#until = this.#fires - this.#ticks - 1;
    }
    return this.#fires;
  }
}
